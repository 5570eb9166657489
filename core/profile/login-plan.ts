import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { joined } from './authentication/account.ts';
import {
  authenticationSchema,
  type ProfileAuthentication,
  readAuthentication,
} from './authentication/authentication.ts';
import { type FieldProblemCode, rule } from './field-problem.ts';
import { pathText, text } from './fields.ts';

/*
 * What a login is made of beside the user's first proof: further proofs, what else to try, how the gateway proves itself, and
 * the keys that both sides share.
 */

const gatewayProofs = ['certificate', 'psk', 'eap'] as const;
export type ProfileGatewayProof = (typeof gatewayProofs)[number];

export const loginPlanFields = {
  secondAuthentication: authenticationSchema.optional().meta({
    description:
      'A second proof after the first, for gateways that want both (RFC 4739): a certificate and then a user, say.',
  }),
  otherwise: z
    .array(authenticationSchema)
    .max(limits.loginWays - 1, rule('too-many', { most: limits.loginWays - 1 }))
    .default([])
    .meta({
      description:
        'Other ways to log in, tried in this order when the gateway turns the first one away before any password. Default: none.',
    }),
  gatewayAuthentication: z.enum(gatewayProofs).optional().meta({
    description:
      'How the gateway proves itself: "certificate", "psk" (with EAP weaker: every user can pose as the gateway), or "eap": by TLS inside EAP alone (RFC 5998). Default: certificate, or psk where that is how you log in and `trust` is not there.',
  }),
  preSharedKeyFile: pathText.optional().meta({
    description:
      'A file with the pre-shared key in its first line, mode 0600. Relative to the profile. Default: Godwit asks.',
    examples: ['office.psk'],
  }),
  ppk: z
    .strictObject({
      id: text(limits.profileTextCharacters).meta({
        description: 'By which name the gateway knows the key.',
        examples: ['office-ppk'],
      }),
      required: z.boolean().default(true).meta({
        description: 'Whether a gateway without this key is refused. With false it is used where possible.',
      }),
      file: pathText.optional().meta({
        description:
          'A file with the key in its first line, mode 0600. Relative to the profile. Default: Godwit asks.',
      }),
    })
    .optional()
    .meta({
      description:
        'A post-quantum pre-shared key (RFC 8784), which protects what is recorded today from the computers of tomorrow.',
    }),
  unboundEap: z.boolean().default(false).meta({
    description:
      'Whether the proof after EAP leaves out the key that EAP made, as FortiGate wants it from FortiClient. Weaker: only the proof of the gateway ties the login to this connection.',
  }),
} as const;

const fields = z.strictObject(loginPlanFields);
type Document = z.output<typeof fields> & {
  readonly authentication: z.output<typeof authenticationSchema>;
  readonly trust?: unknown;
};

export interface ProfileLoginPlan {
  readonly secondAuthentication: ProfileAuthentication | undefined;
  readonly otherwise: readonly ProfileAuthentication[];
  readonly gatewayAuthentication: ProfileGatewayProof;
  /** Already joined to the profile's folder. */
  readonly preSharedKeyFile: string | undefined;
  readonly ppk:
    | { readonly id: string; readonly required: boolean; readonly file: string | undefined }
    | undefined;
  readonly unboundEap: boolean;
}

/** `file` is that of the profile. */
export function readLoginPlan(document: Document, file: string): ProfileLoginPlan {
  const { secondAuthentication: second, otherwise, ppk, preSharedKeyFile, unboundEap } = document;
  return {
    secondAuthentication: second === undefined ? undefined : readAuthentication(second, file),
    otherwise: otherwise.map((way) => readAuthentication(way, file)),
    gatewayAuthentication: gatewayProofOf(document),
    preSharedKeyFile: joined(file, preSharedKeyFile),
    ppk: ppk === undefined ? undefined : { ...ppk, file: joined(file, ppk.file) },
    unboundEap,
  };
}

function isFortiClientLogin(authentication: z.output<typeof authenticationSchema>): boolean {
  return authentication.method === 'eap-mschapv2' && authentication.compatibility !== undefined;
}

function gatewayProofOf({ gatewayAuthentication, authentication, trust }: Document): ProfileGatewayProof {
  const unsaid = authentication.method === 'psk' && trust === undefined ? 'psk' : 'certificate';
  return gatewayAuthentication ?? unsaid;
}

/** What is wrong with the parts together, each with the field that it is about. */
export function loginPlanProblems(
  document: Document & { readonly localIdentity?: string | undefined },
): readonly { readonly field: string; readonly problem: FieldProblemCode }[] {
  const { authentication, secondAuthentication: second, otherwise, ppk, trust } = document;
  const proof = gatewayProofOf(document);
  const all = [authentication, ...(second === undefined ? [] : [second]), ...otherwise];
  const isEap = ({ method }: { readonly method: string }) =>
    !['psk', 'certificate', 'public-key'].includes(method);
  const provesServer = ({ method }: { readonly method: string }) =>
    ['eap-tls', 'eap-ttls', 'peap'].includes(method);
  const tls = all.some(provesServer);
  const problems: { readonly field: string; readonly problem: FieldProblemCode }[] = [];
  const check = (field: string, wrong: boolean, problem: FieldProblemCode) => {
    if (wrong) problems.push({ field, problem });
  };
  check('trust', trust === undefined && (proof !== 'psk' || tls), 'required');
  check(
    'localIdentity',
    document.localIdentity === undefined && all.some(({ method }) => method === 'psk'),
    'required-psk',
  );
  check(
    'secondAuthentication',
    second !== undefined && !isEap(second) && !isEap(authentication),
    'second-not-eap',
  );
  check(
    'secondAuthentication',
    second !== undefined && [authentication, second].some(isFortiClientLogin),
    'second-with-compatibility',
  );
  check('ppk', ppk !== undefined && second !== undefined, 'ppk-with-second');
  check('gatewayAuthentication', proof === 'eap' && !provesServer(authentication), 'gateway-eap');
  return problems;
}
