import { encodeBase64 } from '../../base/base64.ts';
import { limits } from '../../base/limits.ts';
import { isPrintable } from '../text-rules.ts';
import type { ImportedKeyFile, ImportedProfile, ImportNote } from './importer.ts';

/** What was found in a key file, as far as a profile is made from it. */
export interface OpenedKeyFile {
  readonly certificate: CertificateOfFile;
  readonly others: readonly CertificateOfFile[];
  /** False: it opens without a password. */
  readonly protected: boolean;
  readonly weakEncryption?: string | undefined;
}

export interface CertificateOfFile {
  readonly subject: string;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly commonName?: string | undefined;
  readonly email?: string | undefined;
  /** It is the certificate of a CA. */
  readonly authority: boolean;
  readonly pem: string;
}

/**
 * A draft for the owner of a key file, whose gateway only the user knows. The file goes into the profile as it is, still behind
 * its password. The CAs in the file are taken for those of the gateway. `now` is in milliseconds since 1970.
 */
export function profileFromKeyFile(
  { name, octets }: ImportedKeyFile,
  opened: OpenedKeyFile,
  now: number,
): ImportedProfile {
  const { certificate } = opened;
  const authorities = authoritiesOf(opened);
  const ca = authorities.map(({ pem }) => pem).join('');
  const label = isPrintable(name) && name !== '' ? { name: name.slice(0, limits.profilePathCharacters) } : {};
  const profile = {
    name: titleOf(certificate),
    gateway: '',
    authentication: {
      method: 'certificate',
      certificate: { pkcs12: encodeBase64(octets), ...label },
    },
    ...(ca === '' ? {} : { trust: { ca } }),
  };
  return { kind: 'profile', text: `${JSON.stringify(profile, null, 2)}\n`, notes: notesOf(opened, now) };
}

/** The CAs that a gateway of the same house may come from: the roots of the file, or all CAs where there is no root. */
export function authoritiesOf({ others }: OpenedKeyFile): readonly CertificateOfFile[] {
  const authorities = others.filter(({ authority }) => authority);
  const roots = authorities.filter(({ subject, issuer }) => subject === issuer);
  return roots.length > 0 ? roots : authorities;
}

function titleOf({ commonName, email, subject }: CertificateOfFile): string {
  const title = [commonName, email, subject].find((text) => text !== undefined && text !== '') ?? '';
  return [...title].filter(isPrintable).join('').slice(0, limits.profileNameCharacters);
}

function notesOf(opened: OpenedKeyFile, now: number): readonly ImportNote[] {
  const { certificate, others, weakEncryption } = opened;
  const notes: ImportNote[] = [];
  if (certificate.notAfter < now) notes.push({ code: 'expired', detail: String(certificate.notAfter) });
  if (certificate.notBefore > now) notes.push({ code: 'not-yet', detail: String(certificate.notBefore) });
  const [authority] = authoritiesOf(opened);
  notes.push(
    authority === undefined
      ? { code: 'no-authority', detail: certificate.issuer }
      : { code: 'authority-taken', detail: authority.subject },
  );
  const strangers = others.filter((each) => !each.authority);
  if (strangers.length > 0)
    notes.push({ code: 'other-certificates', detail: strangers.map(({ subject }) => subject).join('; ') });
  if (weakEncryption !== undefined) notes.push({ code: 'weak-encryption', detail: weakEncryption });
  if (!opened.protected) notes.push({ code: 'no-password', detail: '' });
  return notes;
}
