import * as z from 'zod';
import { pathText } from '../fields.ts';
import { joined } from './account.ts';

/** Where the user's own certificate and private key lie. Without it, whoever connects is asked for them. */
export const clientCertificateSchema = z
  .strictObject({
    certificateFile: pathText.optional().meta({
      description:
        'A PEM file with your certificate and, behind it, the CA certificates between it and the root. Relative to the profile.',
      examples: ['alice.pem'],
    }),
    keyFile: pathText.optional().meta({
      description:
        'A PEM file with the private key, mode 0600. Relative to the profile. Default: the key stands in `certificateFile`.',
      examples: ['alice.key'],
    }),
    pkcs12File: pathText.optional().meta({
      description: 'A PKCS#12 file (.p12, .pfx) with all of it, in place of the other two.',
      examples: ['alice.p12'],
    }),
  })
  .refine((value) => (value.certificateFile === undefined) !== (value.pkcs12File === undefined), {
    message: 'must have either `certificateFile` or `pkcs12File`',
  })
  .refine((value) => value.keyFile === undefined || value.pkcs12File === undefined, {
    message: 'must not have `keyFile` beside `pkcs12File`, which holds the key',
  })
  .optional()
  .meta({ description: 'Your certificate and its private key. Default: Godwit asks.' });

/** Paths are already joined to the profile's folder. */
export type ProfileClientCertificate =
  | { readonly kind: 'pem'; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: 'pkcs12'; readonly pkcs12File: string }
  /** Whoever connects hands them over. */
  | { readonly kind: 'ask' };

export function readClientCertificate(
  document: z.output<typeof clientCertificateSchema>,
  file: string,
): ProfileClientCertificate {
  const pkcs12File = joined(file, document?.pkcs12File);
  if (pkcs12File !== undefined) return { kind: 'pkcs12', pkcs12File };
  const certificateFile = joined(file, document?.certificateFile);
  if (certificateFile === undefined) return { kind: 'ask' };
  return { kind: 'pem', certificateFile, keyFile: joined(file, document?.keyFile) ?? certificateFile };
}
