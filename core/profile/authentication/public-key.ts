import * as z from 'zod';
import { limits } from '../../base/limits.ts';
import { utf8 } from '../../base/utf8.ts';
import { rule } from '../field-problem.ts';
import { pathText, text } from '../fields.ts';
import { joined } from './account.ts';
import type { ProfileClientCertificate } from './client-certificate.ts';

/** A signature by a key without a certificate, of which the gateway has the public half. @rfc 7670 */
export const publicKeySchema = z.strictObject({
  method: z.literal('public-key').meta({
    description: 'A key of your own without a certificate: the gateway has its public half.',
  }),
  key: z
    .strictObject({
      keyFile: pathText.optional().meta({
        description: 'A PEM file with your private key, mode 0600. Relative to the profile.',
        examples: ['alice.key'],
      }),
      passwordFile: pathText.optional().meta({
        description:
          'A file with the password of the key in its first line, mode 0600. Relative to the profile. Default: Godwit asks, if the key is encrypted.',
        examples: ['alice.password'],
      }),
      pem: z
        .string()
        .max(limits.keyFileOctets, rule('too-long'))
        .optional()
        .meta({ description: 'PEM text of the key: what a client sends in place of the file.' }),
      name: text(limits.profilePathCharacters)
        .optional()
        .meta({ description: 'What `pem` is called when Godwit asks for its password.' }),
    })
    .refine(({ keyFile, pem }) => (keyFile === undefined) !== (pem === undefined), {
      message: rule('no-key-file'),
    })
    .meta({ description: 'Your private key.' }),
  rsaPss: z.boolean().default(false).meta({
    description:
      'Whether an RSA key signs with PSS in place of PKCS#1. IKEv2 has no way to ask the gateway which of the two it takes.',
  }),
});

export interface PublicKeyAuthentication {
  readonly method: 'public-key';
  readonly key: Exclude<ProfileClientCertificate, { readonly kind: 'none' | 'pkcs11' }>;
  readonly rsaPss: boolean;
}

/** `file` is that of the profile. */
export function readPublicKeyAuthentication(
  { method, key, rsaPss }: z.output<typeof publicKeySchema>,
  file: string,
): PublicKeyAuthentication {
  const { keyFile, passwordFile, pem = '', name = file } = key;
  const path = joined(file, keyFile);
  const bare = true;
  return {
    method,
    rsaPss,
    key:
      path === undefined
        ? { kind: 'inline', name, octets: utf8.encode(pem), bare }
        : { kind: 'file', files: [path], passwordFile: joined(file, passwordFile), bare },
  };
}
