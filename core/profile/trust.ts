import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { type Pin, parsePin } from '../pki/pin.ts';
import { rule } from './field-problem.ts';
import { caText, pathText } from './fields.ts';
import { joinToFolderOf } from './file-path.ts';

/** Whom a profile trusts to vouch for the gateway, and how closely that is looked at. */

const pin = z.string().superRefine((value, context) => {
  const parsed = parsePin(value);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: rule('pin', { why: parsed.error.reason }) });
});

const revocation = z
  .strictObject({
    mode: z.enum(['off', 'soft', 'strict']).default('soft').meta({
      description:
        'soft: a certificate that is known to be revoked is refused. strict: one of which nothing is known is refused too. off: nothing is asked.',
    }),
    fetch: z.boolean().default(false).meta({
      description:
        'Whether to ask the OCSP responders and to fetch the CRLs that certificates name, outside the tunnel and over plain HTTP: whoever runs them learns when you connect.',
    }),
    ocspUrl: z
      .string()
      .max(limits.profileTextCharacters, rule('too-long'))
      .regex(/^http:\/\/[\x21-\x7e]+$/, rule('url'))
      .optional()
      .meta({
        description: 'An OCSP responder to ask first, for every certificate.',
        examples: ['http://ocsp.example.org/'],
      }),
    crlFile: pathText.optional().meta({
      description: 'A file with CRLs, in PEM or DER. Relative to the profile.',
      examples: ['office.crl'],
    }),
    crl: z
      .string()
      .max(limits.profileCrlCharacters, rule('too-long'))
      .regex(/-----BEGIN X509 CRL-----/, rule('crl-pem'))
      .optional()
      .meta({ description: 'The same CRLs as PEM text, in place of `crlFile`.' }),
    ocspSignerFile: pathText.optional().meta({
      description:
        'A PEM file with certificates whose OCSP responses are believed, whoever issued them. Relative to the profile.',
      examples: ['ocsp-signer.pem'],
    }),
    ocspSigner: caText
      .optional()
      .meta({ description: 'The same certificates as PEM text, in place of `ocspSignerFile`.' }),
  })
  .refine((value) => value.crlFile === undefined || value.crl === undefined, {
    message: rule('only-one', { one: 'crlFile', other: 'crl' }),
  })
  .refine((value) => value.ocspSignerFile === undefined || value.ocspSigner === undefined, {
    message: rule('only-one', { one: 'ocspSignerFile', other: 'ocspSigner' }),
  })
  .prefault({})
  .meta({ description: 'Whether certificates were revoked.' });

export const trustSchema = z
  .strictObject({
    caFile: pathText.optional().meta({
      description:
        'A PEM file with the CA certificates that may vouch for the gateway. Relative to the profile.',
      examples: ['office-ca.pem'],
    }),
    ca: caText
      .optional()
      .meta({ description: 'The same CA certificates as PEM text, in place of `caFile`.' }),
    system: z.literal(true).optional().meta({
      description: 'The CAs that this computer trusts may vouch for the gateway, in place of `caFile`.',
    }),
    publicKeyFile: pathText.optional().meta({
      description:
        'A PEM file with the public keys that the gateway may have, for one without a certificate (RFC 7670). Relative to the profile.',
      examples: ['gateway.pub'],
    }),
    publicKey: z
      .string()
      .max(limits.profileCaCharacters, rule('too-long'))
      .regex(/-----BEGIN PUBLIC KEY-----/, rule('public-key-pem'))
      .optional()
      .meta({ description: 'The same public keys as PEM text, in place of `publicKeyFile`.' }),
    pins: z
      .array(pin)
      .min(1, rule('too-few'))
      .max(limits.profilePins, rule('too-many', { most: limits.profilePins }))
      .optional()
      .meta({
        description:
          'SHA-256 of a certificate or of a public key that the gateway must have. Alone: no CA is asked. Beside CAs: both must hold, and the pin may be that of any certificate of the chain.',
        examples: [['key-sha256:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9']],
      }),
    requireServerAuth: z.boolean().default(true).meta({
      description:
        'Whether the certificate of the gateway must have the extended key usage serverAuth. With false, one without any extended key usage will do, or one with ipsecIKE; one with others never does.',
    }),
    allowSha1Signatures: z.boolean().default(false).meta({
      description:
        'Whether the gateway may sign its login with RSA and SHA-1, as gateways without RFC 7427 do. SHA-1 is weak: someone with great means could pose as the gateway.',
    }),
    fetchCertificates: z.boolean().default(false).meta({
      description:
        'Whether to fetch certificates that the gateway names but does not send (hash and URL), and those of issuers that are missing, outside the tunnel and over plain HTTP.',
    }),
    revocation,
  })
  .refine(
    ({ caFile, ca, system, pins, publicKey, publicKeyFile }) => {
      const authorities = [caFile, ca, system].filter((value) => value !== undefined).length;
      const other = pins !== undefined || publicKey !== undefined || publicKeyFile !== undefined;
      return authorities === 1 || (authorities === 0 && other);
    },
    { message: rule('trust') },
  )
  .refine(({ publicKey, publicKeyFile }) => publicKey === undefined || publicKeyFile === undefined, {
    message: rule('only-one', { one: 'publicKeyFile', other: 'publicKey' }),
  })
  .meta({ minProperties: 1 });

export type ProfileTrust =
  /** No certificate is asked of the gateway. */
  | { readonly kind: 'none' }
  /** Path of a PEM file, already joined to the profile's folder. */
  | { readonly kind: 'file'; readonly caFile: string }
  /** PEM text of one certificate or more. Its contents are not checked here. */
  | { readonly kind: 'inline'; readonly ca: string }
  | { readonly kind: 'system' }
  /** No CA: the pins alone. */
  | { readonly kind: 'pins' };

/** A file, its path already joined to the profile's folder, or what stands in it. */
export type FileOrText =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string };

export interface ProfileRevocation {
  readonly mode: 'off' | 'soft' | 'strict';
  readonly fetch: boolean;
  readonly ocspUrl: string | undefined;
  readonly crl: FileOrText | undefined;
  readonly ocspSigner: FileOrText | undefined;
}

type TrustDocument = z.output<typeof trustSchema> | undefined;

export function readTrustOf(document: TrustDocument, file: string): ProfileTrust {
  if (document === undefined) return { kind: 'none' };
  const { ca, caFile, system } = document;
  if (ca !== undefined) return { kind: 'inline', ca };
  if (caFile !== undefined) return { kind: 'file', caFile: joinToFolderOf(file, caFile) };
  if (system === true) return { kind: 'system' };
  return { kind: document.pins === undefined ? 'none' : 'pins' };
}

export function readPublicKeys(document: TrustDocument, file: string): FileOrText | undefined {
  return fileOrText(document?.publicKey, document?.publicKeyFile, file);
}

export function readPins(document: TrustDocument): readonly Pin[] {
  return (document?.pins ?? []).flatMap((text) => {
    const parsed = parsePin(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

export function readRevocation(document: TrustDocument, file: string): ProfileRevocation {
  if (document === undefined)
    return { mode: 'off', fetch: false, ocspUrl: undefined, crl: undefined, ocspSigner: undefined };
  const { mode, fetch, ocspUrl, crl, crlFile, ocspSigner, ocspSignerFile } = document.revocation;
  return {
    mode,
    fetch,
    ocspUrl,
    crl: fileOrText(crl, crlFile, file),
    ocspSigner: fileOrText(ocspSigner, ocspSignerFile, file),
  };
}

function fileOrText(
  text: string | undefined,
  path: string | undefined,
  file: string,
): FileOrText | undefined {
  if (text !== undefined) return { kind: 'text', text };
  return path === undefined ? undefined : { kind: 'file', path: joinToFolderOf(file, path) };
}
