import { equal } from '../base/octets.ts';
import type { CryptoProvider } from '../crypto/interfaces.ts';
import { parseCertificate } from '../pki/certificate.ts';
import { payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { certEncoding } from '../wire/registry/authentication.ts';
import type { KeyCredential } from './login-way.ts';

const authorityOctets = 20;

/** The CAs that a gateway names in CERTREQ: SHA-1 hashes of their SubjectPublicKeyInfo. @rfc 7296 3.7 */
export function requestedAuthorities(message: IkeMessage): readonly Uint8Array[] {
  return payloadsOf(message, 'CERTREQ')
    .filter(({ encoding }) => encoding === certEncoding.X509_SIGNATURE)
    .flatMap(({ authorities }) => {
      const count = Math.floor(authorities.length / authorityOctets);
      return Array.from({ length: count }, (_, i) =>
        authorities.slice(i * authorityOctets, (i + 1) * authorityOctets),
      );
    });
}

/**
 * The first credential whose chain leads to a CA that the gateway asks for; the very first when none does, because a request
 * is no more than a hint. `undefined` only for an empty list. @rfc 7296 3.7
 */
export function chooseCredential(
  crypto: CryptoProvider,
  credentials: readonly KeyCredential[],
  authorities: readonly Uint8Array[],
): KeyCredential | undefined {
  const wanted = credentials.find((credential) =>
    authoritiesOf(crypto, credential).some((hash) => authorities.some((asked) => equal(asked, hash))),
  );
  return wanted ?? credentials[0];
}

function authoritiesOf(crypto: CryptoProvider, { chain, root }: KeyCredential): readonly Uint8Array[] {
  const above = chain.slice(1).flatMap((der) => {
    const certificate = parseCertificate(der);
    return certificate.ok ? [certificate.value.spki] : [];
  });
  return [...above, ...(root === undefined ? [] : [root])].map((spki) => crypto.hash('sha1', spki));
}
