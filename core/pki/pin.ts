import type { ParseError } from '../base/address.ts';
import { decodeBase64 } from '../base/base64.ts';
import { equal, fromHex, toHex } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CryptoProvider } from '../crypto/interfaces.ts';
import type { Certificate } from './certificate.ts';

/** A certificate or a public key that a user trusts by itself, by its SHA-256 (32 octets). */
export interface Pin {
  readonly kind: 'certificate' | 'key';
  readonly sha256: Uint8Array;
}

/**
 * Reads `certificate-sha256:` or `key-sha256:` and then 64 hexadecimal digits, with or without colons (as
 * `openssl x509 -fingerprint -sha256` prints them), or base64 (as curl's `--pinnedpubkey` has it). The key's hash is that of the
 * whole SubjectPublicKeyInfo. @rfc 7469 2.4
 */
export function parsePin(text: string): Result<Pin, ParseError> {
  const [, kind, digits = ''] = /^(certificate|key)-sha256:(.+)$/.exec(text.trim()) ?? [];
  if (kind === undefined)
    return err({ text, reason: 'must begin with "certificate-sha256:" or "key-sha256:"' });
  const hex = digits.replaceAll(':', '');
  const sha256 = /^[0-9a-fA-F]{64}$/.test(hex) ? fromHex(hex) : decodeBase64(digits);
  if (sha256?.length !== 32)
    return err({ text, reason: 'must hold a SHA-256: 64 hexadecimal digits, or base64' });
  return ok({ kind: kind === 'key' ? 'key' : 'certificate', sha256 });
}

/** Whether one of `certificates` is pinned. */
export function isPinned(
  certificates: readonly Certificate[],
  pins: readonly Pin[],
  hash: CryptoProvider['hash'],
): boolean {
  return certificates.some((certificate) =>
    pins.some(({ kind, sha256 }) => equal(sha256, pinHash(certificate, kind, hash))),
  );
}

/** The hash in the form in which a profile pins it. */
export function formatPin(certificate: Certificate, kind: Pin['kind'], hash: CryptoProvider['hash']): string {
  return `${kind}-sha256:${toHex(pinHash(certificate, kind, hash))}`;
}

function pinHash({ der, spki }: Certificate, kind: Pin['kind'], hash: CryptoProvider['hash']): Uint8Array {
  return hash('sha256', kind === 'key' ? spki : der);
}
