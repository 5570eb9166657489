import * as z from 'zod';
import { decodeBase64 } from '../../base/base64.ts';
import { limits } from '../../base/limits.ts';
import { utf8 } from '../../base/utf8.ts';
import { rule } from '../field-problem.ts';
import { pathText, text } from '../fields.ts';
import { type Pkcs11Uri, parsePkcs11Uri } from '../pkcs11-uri.ts';
import { joined } from './account.ts';

const sources = ['certificateFile', 'pkcs12File', 'pkcs11', 'pem', 'pkcs12'] as const;

/** Where the user's own certificate and private key are. One schema for every method that needs them. */
const certificateObject = z
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
      description: 'A PKCS#12 file (.p12, .pfx) with all of it.',
      examples: ['alice.p12'],
    }),
    passwordFile: pathText.optional().meta({
      description:
        'A file with the password of the key in its first line, mode 0600. Relative to the profile. Default: Godwit asks, if the key is encrypted.',
      examples: ['alice.password'],
    }),
    pkcs11: text(limits.profilePathCharacters)
      .superRefine((value, context) => {
        const uri = parsePkcs11Uri(value);
        if (!uri.ok) context.addIssue({ code: 'custom', message: rule('pkcs11-uri', { why: uri.error }) });
      })
      .optional()
      .meta({
        description: 'A certificate on a smart card or token, as a URI of RFC 7512. Godwit asks for the PIN.',
        examples: ['pkcs11:token=Alice;object=VPN'],
      }),
    pkcs11Module: pathText.optional().meta({
      description:
        'The PKCS#11 module of the token: an absolute path. Default: `module-path` of the URI, else p11-kit with all modules of this system.',
      examples: ['/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so'],
    }),
    pem: z
      .string()
      .max(limits.keyFileOctets, rule('too-long'))
      .optional()
      .meta({ description: 'PEM text of certificate and key: what a client sends in place of files.' }),
    pkcs12: z
      .string()
      .max(limits.keyFileOctets * 2, rule('too-long'))
      .regex(/^[A-Za-z0-9+/]+={0,2}$/, rule('base64'))
      .optional()
      .meta({ description: 'The PKCS#12 file in base64: what a client sends in place of files.' }),
    name: text(limits.profilePathCharacters)
      .optional()
      .meta({ description: 'What `pem` or `pkcs12` is called when Godwit asks for its password.' }),
  })
  .refine((value) => sources.filter((source) => value[source] !== undefined).length === 1, {
    message: rule('certificate-source'),
  })
  .refine((value) => value.keyFile === undefined || value.certificateFile !== undefined, {
    message: rule('key-without-certificate'),
  })
  .refine(
    (value) =>
      value.pkcs11Module === undefined || (value.pkcs11 !== undefined && value.pkcs11Module.startsWith('/')),
    { message: rule('pkcs11-module') },
  )
  .refine((value) => value.passwordFile === undefined || value.pkcs11 === undefined, {
    message: rule('pkcs11-password'),
  });

export const clientCertificateSchema = certificateObject
  .optional()
  .meta({ description: 'Your certificate and its private key.' });

export const otherCertificatesSchema = z
  .array(certificateObject)
  .max(limits.otherCertificates, rule('too-many', { most: limits.otherCertificates }))
  .default([])
  .meta({
    description:
      'Further certificates of yours, each as `certificate`. The gateway gets the first one whose CA it asks for. Default: none.',
  });

/** Paths are already joined to the profile's folder. `bare`: it is a key alone, and a certificate beside it does not count. */
export type ProfileClientCertificate =
  | {
      readonly kind: 'file';
      /** One file, or certificate and key, in this order. */
      readonly files: readonly string[];
      readonly passwordFile: string | undefined;
      readonly bare?: true;
    }
  /** `octets`: PEM text in UTF-8, or PKCS#12. */
  | {
      readonly kind: 'inline';
      readonly name: string;
      readonly octets: Uint8Array;
      readonly bare?: true;
    }
  | { readonly kind: 'pkcs11'; readonly uri: Pkcs11Uri; readonly module: string | undefined }
  | { readonly kind: 'none' };

/** `file` is that of the profile. */
export function readClientCertificate(
  document: z.output<typeof clientCertificateSchema>,
  file: string,
): ProfileClientCertificate {
  return document === undefined ? { kind: 'none' } : readCertificate(document, file);
}

/** `file` is that of the profile. */
export function readCertificate(
  document: z.output<typeof certificateObject>,
  file: string,
): Exclude<ProfileClientCertificate, { readonly kind: 'none' }> {
  const { pem, pkcs12, pkcs11, name = file, pkcs11Module } = document;
  if (pem !== undefined) return { kind: 'inline', name, octets: utf8.encode(pem) };
  if (pkcs12 !== undefined)
    return { kind: 'inline', name, octets: decodeBase64(pkcs12) ?? new Uint8Array(0) };
  if (pkcs11 !== undefined) {
    const uri = parsePkcs11Uri(pkcs11);
    if (uri.ok) return { kind: 'pkcs11', uri: uri.value, module: pkcs11Module ?? uri.value.modulePath };
  }
  const files = [document.pkcs12File ?? document.certificateFile, document.keyFile];
  return {
    kind: 'file',
    files: files.flatMap((path) => joined(file, path) ?? []),
    passwordFile: joined(file, document.passwordFile),
  };
}
