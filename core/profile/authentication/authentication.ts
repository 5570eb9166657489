import * as z from 'zod';
import type { EapAccount } from './account.ts';
import {
  type CertificateAuthentication,
  certificateSchema,
  readCertificateAuthentication,
} from './certificate.ts';
import type { ProfileClientCertificate } from './client-certificate.ts';
import {
  type EapPasswordAuthentication,
  eapGtcSchema,
  eapMd5Schema,
  eapMschapv2Schema,
  readEapPassword,
} from './eap-password.ts';
import { type EapTlsAuthentication, eapTlsSchema, readEapTls } from './eap-tls.ts';
import { type EapTtlsAuthentication, eapTtlsSchema, readEapTtls } from './eap-ttls.ts';
import type { ProfileLoginServer } from './login-server.ts';
import { type PeapAuthentication, peapSchema, readPeap } from './peap.ts';
import { type PskAuthentication, pskSchema } from './psk.ts';
import { type PublicKeyAuthentication, publicKeySchema, readPublicKeyAuthentication } from './public-key.ts';

/** How to log in: one file for each method beside this one. */
export const authenticationSchema = z
  .discriminatedUnion('method', [
    eapMschapv2Schema,
    eapTlsSchema,
    eapTtlsSchema,
    peapSchema,
    eapGtcSchema,
    eapMd5Schema,
    certificateSchema,
    publicKeySchema,
    pskSchema,
  ])
  .meta({ description: 'How you log in.' });

export type EapAuthentication =
  | EapPasswordAuthentication
  | EapTlsAuthentication
  | EapTtlsAuthentication
  | PeapAuthentication;

export type ProfileAuthentication =
  | EapAuthentication
  | CertificateAuthentication
  | PublicKeyAuthentication
  | PskAuthentication;

/** Whether the user logs in by EAP, with a user name. */
export function isEap(authentication: ProfileAuthentication): authentication is EapAuthentication {
  const { method } = authentication;
  return method !== 'psk' && method !== 'certificate' && method !== 'public-key';
}

export function readAuthentication(
  document: z.output<typeof authenticationSchema>,
  file: string,
): ProfileAuthentication {
  switch (document.method) {
    case 'eap-mschapv2':
    case 'eap-gtc':
    case 'eap-md5':
      return readEapPassword(document, file);
    case 'eap-tls':
      return readEapTls(document, file);
    case 'eap-ttls':
      return readEapTtls(document, file);
    case 'peap':
      return readPeap(document, file);
    case 'certificate':
      return readCertificateAuthentication(document, file);
    case 'public-key':
      return readPublicKeyAuthentication(document, file);
    case 'psk':
      return document;
  }
}

/** Where the password lies; `undefined` when the method has none or the user is asked. */
export function passwordFileOf(authentication: ProfileAuthentication): string | undefined {
  return 'passwordFile' in authentication ? authentication.passwordFile : undefined;
}

/** `undefined` for a method without TLS to a login server. */
export function loginServerOf(authentication: ProfileAuthentication): ProfileLoginServer | undefined {
  return 'server' in authentication ? authentication.server : undefined;
}

/** Whether a password is needed in any case, whatever the server asks. */
export function needsPassword(
  authentication: ProfileAuthentication,
): authentication is ProfileAuthentication & EapAccount {
  return 'passwordFile' in authentication;
}

/** Fields under `authentication` that name a file, each as a path in the document. */
export function filesOf(authentication: ProfileAuthentication): readonly (readonly (string | number)[])[] {
  const files: (readonly (string | number)[])[] = [];
  if (passwordFileOf(authentication) !== undefined) files.push(['passwordFile']);
  if ('server' in authentication && authentication.server.trust?.kind === 'file')
    files.push(['server', 'caFile']);
  for (const { path, certificate } of clientCertificatesOf(authentication))
    if (certificate.kind === 'file') files.push(path);
  return files;
}

/** The user's own certificates, or the key without one, best first, and where each stands under `authentication`. */
export function clientCertificatesOf(authentication: ProfileAuthentication): readonly PlacedCertificate[] {
  if (authentication.method === 'public-key') return [{ path: ['key'], certificate: authentication.key }];
  if (!('certificate' in authentication)) return [];
  const others = 'otherCertificates' in authentication ? authentication.otherCertificates : [];
  return [
    { path: ['certificate'], certificate: authentication.certificate },
    ...others.map((certificate, index) => ({ path: ['otherCertificates', index], certificate })),
  ].flatMap(({ path, certificate }) => (certificate.kind === 'none' ? [] : [{ path, certificate }]));
}

export interface PlacedCertificate {
  readonly path: readonly (string | number)[];
  readonly certificate: Exclude<ProfileClientCertificate, { readonly kind: 'none' }>;
}
