import * as z from 'zod';
import { rule } from '../field-problem.ts';
import { type EapAccount, passwordFields, readEapAccount } from './account.ts';

/** EAP methods that need nothing but a user name and a password or code. */
const names = ['eap-mschapv2', 'eap-gtc', 'eap-md5'] as const;
type Name = (typeof names)[number];

export interface EapPasswordAuthentication extends EapAccount {
  readonly method: Name;
  /** Other methods that the gateway may choose, with the same user name and password, best first. */
  readonly alternatives: readonly Name[];
  /** Log in as FortiClient does, with a second factor in the same EAP run. */
  readonly fortiClient: boolean;
}

const alternatives = z
  .array(z.enum(names))
  .max(names.length, rule('too-many', { most: names.length }))
  .default([])
  .meta({
    description:
      'Other methods that the gateway may choose, with the same user name and password, best first. Default: none.',
    examples: [['eap-gtc']],
  });

const describe = <Method extends Name>(method: Method, description: string) =>
  z.strictObject({ method: z.literal(method).meta({ description }), ...passwordFields, alternatives });

export const eapMschapv2Schema = describe(
  'eap-mschapv2',
  'A user name and a password; both sides prove that they know it.',
).extend({
  compatibility: z.literal('forticlient').optional().meta({
    description:
      'Log in as FortiClient does, so that a FortiGate asks for a code after the password. Weaker: the last proof then leaves out the key that the password made.',
  }),
});

export const eapGtcSchema = describe(
  'eap-gtc',
  'A password or one-time code, which the gateway gets to see. Only the certificate of the gateway protects it.',
);

export const eapMd5Schema = describe(
  'eap-md5',
  'A user name and a password, weakly protected, and no key for the connection: for old gateways only.',
);

type Document = z.output<typeof eapMschapv2Schema | typeof eapGtcSchema | typeof eapMd5Schema>;

export function readEapPassword(document: Document, file: string): EapPasswordAuthentication {
  const { method, alternatives } = document;
  const fortiClient = 'compatibility' in document && document.compatibility === 'forticlient';
  const others = alternatives.filter((other, at) => other !== method && alternatives.indexOf(other) === at);
  return { method, ...readEapAccount(document, file), alternatives: others, fortiClient };
}
