import * as z from 'zod';
import { type EapName, eapNameFields, readEapName } from './account.ts';
import {
  clientCertificateSchema,
  type ProfileClientCertificate,
  readClientCertificate,
} from './client-certificate.ts';
import { loginServerSchema, type ProfileLoginServer, readLoginServer } from './login-server.ts';

export const eapTlsSchema = z.strictObject({
  method: z.literal('eap-tls').meta({ description: 'A certificate of your own, shown to the login server.' }),
  ...eapNameFields,
  certificate: clientCertificateSchema,
  server: loginServerSchema,
});

export interface EapTlsAuthentication extends EapName {
  readonly method: 'eap-tls';
  readonly certificate: ProfileClientCertificate;
  readonly server: ProfileLoginServer;
}

export function readEapTls(document: z.output<typeof eapTlsSchema>, file: string): EapTlsAuthentication {
  return {
    method: 'eap-tls',
    ...readEapName(document),
    certificate: readClientCertificate(document.certificate, file),
    server: readLoginServer(document.server, file),
  };
}
