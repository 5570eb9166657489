import * as z from 'zod';
import { rule } from '../field-problem.ts';
import { type EapAccount, passwordFields, readEapAccount } from './account.ts';
import { loginServerSchema, type ProfileLoginServer, readLoginServer } from './login-server.ts';

const tunnelled = ['pap', 'mschapv2', 'eap-mschapv2', 'eap-gtc', 'eap-md5'] as const;

/** `pap` and `mschapv2` are RADIUS attributes without EAP. @rfc 5281 11 */
export type TtlsInnerMethod = (typeof tunnelled)[number];

export const eapTtlsSchema = z.strictObject({
  method: z
    .literal('eap-ttls')
    .meta({ description: 'A user name and a password inside TLS to the login server (RFC 5281).' }),
  ...passwordFields,
  innerMethods: z
    .array(z.enum(tunnelled))
    .min(1, rule('too-few'))
    .max(tunnelled.length, rule('too-many', { most: tunnelled.length }))
    .refine((methods) => methods.length === 1 || methods.every((method) => method.startsWith('eap-')), {
      message: rule('stands-alone'),
    })
    .meta({
      description:
        'How the password is shown inside TLS: "pap" or "mschapv2" alone, or EAP methods, best first. With pap and eap-gtc the login server gets to see it.',
      examples: [['pap'], ['eap-mschapv2', 'eap-gtc']],
    }),
  server: loginServerSchema,
});

export interface EapTtlsAuthentication extends EapAccount {
  readonly method: 'eap-ttls';
  readonly innerMethods: readonly TtlsInnerMethod[];
  readonly server: ProfileLoginServer;
}

export function readEapTtls(document: z.output<typeof eapTtlsSchema>, file: string): EapTtlsAuthentication {
  return {
    method: 'eap-ttls',
    ...readEapAccount(document, file),
    innerMethods: document.innerMethods,
    server: readLoginServer(document.server, file),
  };
}
