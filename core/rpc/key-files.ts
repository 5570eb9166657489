import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { epochMs, text } from './primitives.ts';

/** What a file with a certificate and its key says, without the key. All of it is a stranger's text. */

export const certificateFacts = z.strictObject({
  subject: text,
  issuer: text,
  notBefore: epochMs,
  notAfter: epochMs,
  names: text.meta({ description: 'Subject alternative names; may be empty.' }),
  commonName: text.optional(),
  email: text.optional().meta({ description: 'The first e-mail address among the names.' }),
  authority: z.boolean().meta({ description: 'It says that it is the certificate of a CA.' }),
  pem: z.string().max(limits.keyFileOctets * 2),
});
export type CertificateFacts = z.output<typeof certificateFacts>;

export const keyFileLook = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('locked') }).meta({ description: 'It has a password; none was given.' }),
  z.strictObject({
    state: z.literal('open'),
    certificate: certificateFacts.meta({ description: 'The one that the private key belongs to.' }),
    others: z.array(certificateFacts).max(limits.keyFileCertificates),
    protected: z.boolean().meta({ description: 'False: it opens without a password.' }),
    weakEncryption: text.optional().meta({
      description: 'An old cipher by which it is encrypted: it is as safe then as the place where it lies.',
    }),
  }),
]);
export type KeyFileLook = z.output<typeof keyFileLook>;
