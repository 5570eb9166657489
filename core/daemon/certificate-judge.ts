import type { IkeAnswer, IkeAsk } from '../ike/io.ts';
import { judgeServerCertificate, type VerdictCrypto } from '../pki/server-certificate.ts';
import type { Profile } from '../profile/profile.ts';
import type { LoginTerms } from './connection-config.ts';

/**
 * Answers a `certificate-verdict` ask: chain, dates, usage and names by the profile's terms at `at` (milliseconds since
 * 1970). `gateway`: the one of the profile that must be there. It may claim
 * another identity that its certificate confirms too, unless the profile names one itself: Windows claims its subject.
 */
export function judge(
  ask: Extract<IkeAsk, { kind: 'certificate-verdict' }>,
  profile: Profile,
  terms: LoginTerms,
  crypto: VerdictCrypto,
  at: number,
  gateway: string = profile.gateway.host,
): IkeAnswer {
  const verdict = judgeServerCertificate(
    {
      chain: ask.chain,
      trust: terms.trust,
      expected: terms.expected(gateway),
      claimed: ask.claimed,
      claimMustMatch: profile.remoteIdentity.given,
      requireServerUsage: profile.requireServerAuth,
      at,
    },
    crypto,
  );
  if (!verdict.ok) return { kind: 'certificate-verdict', verdict };
  return {
    kind: 'certificate-verdict',
    verdict: { ok: true, spki: verdict.value.spki, names: verdict.value.names },
  };
}
