import * as z from 'zod';
import {
  clientCertificateSchema,
  otherCertificatesSchema,
  type ProfileClientCertificate,
  readCertificate,
  readClientCertificate,
} from './client-certificate.ts';

/** A signature with the key of the user's own certificate, in IKE itself. @rfc 7427 */
export const certificateSchema = z.strictObject({
  method: z
    .literal('certificate')
    .meta({ description: 'A certificate of your own, shown to the gateway itself, without EAP.' }),
  certificate: clientCertificateSchema,
  otherCertificates: otherCertificatesSchema,
  rsaPss: z.boolean().default(false).meta({
    description:
      'Whether an RSA key signs with PSS in place of PKCS#1. IKEv2 has no way to ask the gateway which of the two it takes.',
  }),
});

export interface CertificateAuthentication {
  readonly method: 'certificate';
  readonly certificate: ProfileClientCertificate;
  /** The gateway's CERTREQ may prefer one of these. */
  readonly otherCertificates: readonly ProfileClientCertificate[];
  readonly rsaPss: boolean;
}

export function readCertificateAuthentication(
  document: z.output<typeof certificateSchema>,
  file: string,
): CertificateAuthentication {
  const { method, certificate, otherCertificates, rsaPss } = document;
  return {
    method,
    certificate: readClientCertificate(certificate, file),
    otherCertificates: otherCertificates.map((each) => readCertificate(each, file)),
    rsaPss,
  };
}
