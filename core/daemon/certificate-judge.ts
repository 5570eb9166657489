import type { IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import type { Result } from '../base/result.ts';
import type { CryptoProvider, Random } from '../crypto/interfaces.ts';
import type { IkeAnswer, IkeAsk } from '../ike/io.ts';
import { fetchFor, judgeServer } from '../pki/judge-server.ts';
import type { RevocationCache } from '../pki/revocation-cache.ts';
import { fetchOverHttp } from '../platform/linux/http-fetch.ts';
import type { Profile } from '../profile/profile.ts';
import { tunnelMark } from '../tunnel/compute-network-plan.ts';
import type { LoginTerms } from './connection-config.ts';

export interface JudgeParts {
  readonly crypto: CryptoProvider;
  readonly random: Random;
  readonly cache: RevocationCache;
  readonly log: LogSink;
  /** Asks the name servers of the outer network. */
  readonly resolve: (host: string) => Promise<Result<readonly IpAddress[], Failure>>;
}

/**
 * Answers a `certificate-verdict` ask: chain, dates, usage, names and revocation by the profile's terms at `at` (milliseconds
 * since 1970). What must be fetched goes outside the tunnel. `gateway`: the one of the profile that must be there. It may claim another
 * identity that its certificate confirms too, unless the profile names one itself: Windows claims its subject.
 */
export async function judge(
  ask: Extract<IkeAsk, { kind: 'certificate-verdict' }>,
  profile: Profile,
  { trust, expected, revocation }: LoginTerms,
  parts: JudgeParts,
  at: number,
  gateway: string = profile.gateway.host,
): Promise<IkeAnswer> {
  const question = {
    ...ask,
    trust,
    expected: expected(gateway),
    revocation,
    claimMustMatch: profile.remoteIdentity.given,
    requireServerUsage: profile.requireServerAuth,
    fetchCertificates: profile.fetchCertificates,
    at,
  };
  const { log, resolve } = parts;
  const signal = AbortSignal.timeout(limits.fetchAllMs);
  const verdict = await fetchFor(judgeServer(question, parts), async (request) => {
    const answer = await fetchOverHttp(request, { mark: tunnelMark, resolve, signal });
    const result = answer.ok ? `${answer.value.length} octets` : answer.error;
    log({ level: 'info', event: 'certificate.fetched', fields: { url: request.url, result } });
    return answer;
  });
  if (!verdict.ok) return { kind: 'certificate-verdict', verdict };
  const { spki, unchecked, names } = verdict.value;
  if (revocation.fetch || revocation.ocspUrl !== undefined || revocation.crls.length > 0)
    for (const { subject, reason } of unchecked)
      log({ level: 'warn', event: 'certificate.not-checked', fields: { subject, reason } });
  return { kind: 'certificate-verdict', verdict: { ok: true, spki, names } };
}
