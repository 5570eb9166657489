import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { IkeIdentity } from '../pki/identity.ts';
import { judgeServerCertificate, type VerdictCrypto } from '../pki/server-certificate.ts';
import type { Trust } from '../pki/trust.ts';

/** Whom EAP-TLS, TTLS and PEAP may talk to inside TLS. */
export interface LoginServerTerms {
  readonly trust: Trust;
  readonly expected: IkeIdentity;
}

/**
 * The verdict on the certificate of the login server, which is not the gateway's: name, CA and usage are checked as for the gateway.
 * `at`: milliseconds since 1970.
 */
export function judgeLoginServer(
  chain: readonly Uint8Array[],
  { trust, expected }: LoginServerTerms,
  crypto: VerdictCrypto,
  at: number,
): Result<undefined, Failure> {
  const holder = 'login server';
  const verdict = judgeServerCertificate(
    { chain, trust, expected, requireServerUsage: true, at, holder },
    crypto,
  );
  return verdict.ok ? ok() : err(withAdvice(verdict.error));
}

/** What to do about a wrong name or CA is something else than at the gateway. */
function withAdvice({ code, family, detail }: Failure): Failure {
  if (code === 'certificate.name') return failure('certificate.login-server-name', detail);
  if (code === 'certificate.unknown-ca') return failure('certificate.login-server-ca', detail);
  return { code, family, detail };
}
