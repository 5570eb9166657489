import * as z from 'zod';
import { rule } from '../field-problem.ts';
import { type EapAccount, passwordFields, readEapAccount } from './account.ts';
import {
  clientCertificateSchema,
  type ProfileClientCertificate,
  readClientCertificate,
} from './client-certificate.ts';
import { loginServerSchema, type ProfileLoginServer, readLoginServer } from './login-server.ts';

const inner = ['eap-mschapv2', 'eap-tls', 'eap-gtc', 'eap-md5'] as const;
export type PeapInnerMethod = (typeof inner)[number];

export const peapSchema = z.strictObject({
  method: z
    .literal('peap')
    .meta({ description: 'EAP inside TLS to the login server, as Windows servers (NPS) know it.' }),
  ...passwordFields,
  innerMethods: z
    .array(z.enum(inner))
    .min(1, rule('too-few'))
    .max(inner.length, rule('too-many', { most: inner.length }))
    .default(['eap-mschapv2'])
    .meta({
      description: 'EAP methods inside TLS, best first.',
      examples: [['eap-mschapv2']],
    }),
  certificate: clientCertificateSchema,
  server: loginServerSchema,
});

export interface PeapAuthentication extends EapAccount {
  readonly method: 'peap';
  readonly innerMethods: readonly PeapInnerMethod[];
  /** For EAP-TLS inside. */
  readonly certificate: ProfileClientCertificate;
  readonly server: ProfileLoginServer;
}

export function readPeap(document: z.output<typeof peapSchema>, file: string): PeapAuthentication {
  return {
    method: 'peap',
    ...readEapAccount(document, file),
    innerMethods: document.innerMethods,
    certificate: readClientCertificate(document.certificate, file),
    server: readLoginServer(document.server, file),
  };
}
