import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Random } from '../crypto/interfaces.ts';
import { checkRevocation, type RevocationTerms, type Unchecked } from './check-revocation.ts';
import type { FetchAnswer, Fetching, FetchRequest } from './fetch-request.ts';
import type { RevocationCache } from './revocation-cache.ts';
import {
  judgeServerCertificate,
  type ServerCertificateQuestion,
  type ServerCertificateVerdict,
  type VerdictCrypto,
} from './server-certificate.ts';
import { readCertificates } from './trust.ts';

/** A certificate that the server named by its address alone. @rfc 7296 3.6 */
export interface CertificateLookup {
  /** Its place among all certificates that the server sent, from 0. */
  readonly position: number;
  /** Of the certificate in DER. */
  readonly sha1: Uint8Array;
  readonly url: string;
}

export interface ServerQuestion extends ServerCertificateQuestion {
  /** Certificates that are to be fetched; those of `chain` keep their order around them. */
  readonly lookups?: readonly CertificateLookup[];
  /** OCSP responses (DER) that came with the certificates. @rfc 4806 */
  readonly ocspResponses?: readonly Uint8Array[];
  /** Fetch `lookups`, and the certificates of issuers that are missing. */
  readonly fetchCertificates: boolean;
  readonly revocation: RevocationTerms;
}

export interface JudgeContext {
  readonly crypto: VerdictCrypto;
  readonly random: Random;
  readonly cache: RevocationCache;
}

export interface ServerVerdict extends ServerCertificateVerdict {
  readonly unchecked: Unchecked;
}

/**
 * The whole verdict on a server: its certificate as `judgeServerCertificate` has it, and revocation. What must be fetched is yielded.
 *
 * ```ts
 * const verdict = await fetchFor(judgeServer(question, context), obtain);
 * ```
 */
export function* judgeServer(
  question: ServerQuestion,
  context: JudgeContext,
): Fetching<Result<ServerVerdict, Failure>> {
  const chain = yield* fetchLookups(question, context);
  if (!chain.ok) return chain;
  const completed = yield* judgeWithIssuers({ ...question, chain: chain.value }, context);
  if (!completed.ok) return completed;
  const { verdict, others } = completed.value;
  const { crypto } = context;
  const unchecked = yield* checkRevocation(verdict.path, question.revocation, {
    ...context,
    responses: question.ocspResponses ?? [],
    chain: {
      signatures: crypto.signatures,
      intermediates: readCertificates(others),
      anchors: question.trust.anchors,
      at: question.at,
    },
  });
  if (unchecked.ok) return ok({ ...verdict, unchecked: unchecked.value });
  if (question.holder === undefined) return unchecked;
  const { code, detail } = unchecked.error;
  return err(failure(code, { ...detail, holder: question.holder }));
}

/** The certificates in the order in which they were sent, with those that had to be fetched. */
function* fetchLookups(
  { chain, lookups = [], fetchCertificates }: ServerQuestion,
  { crypto }: JudgeContext,
): Fetching<Result<readonly Uint8Array[], Failure>> {
  const whole = [...chain];
  if (!fetchCertificates) return ok(whole);
  for (const { position, sha1, url } of lookups.slice(0, limits.issuersFetched)) {
    const answer: FetchAnswer = /^http:\/\//i.test(url)
      ? yield { url, most: limits.certificateOctets, trusted: false }
      : err('it is not an http address');
    if (!answer.ok) return lookupFailed(url, answer.error);
    if (!equal(crypto.hash('sha1', answer.value), sha1))
      return lookupFailed(url, 'what is there is not the certificate that the gateway has');
    whole.splice(Math.min(position, whole.length), 0, answer.value);
  }
  return ok(whole);
}

function lookupFailed(url: string, reason: string): Result<never, Failure> {
  return err(failure('certificate.not-fetched', { side: 'remote', holder: 'gateway', url, reason }));
}

/** Fetches the issuers that certificates name until the chain is whole. @rfc 5280 4.2.2.1 */
function* judgeWithIssuers(
  question: ServerQuestion,
  { crypto }: JudgeContext,
): Fetching<
  Result<{ readonly verdict: ServerCertificateVerdict; readonly others: readonly Uint8Array[] }, Failure>
> {
  const chain = [...question.chain];
  const asked = new Set<string>();
  for (;;) {
    const verdict = judgeServerCertificate({ ...question, chain }, crypto);
    if (verdict.ok) return ok({ verdict: verdict.value, others: chain.slice(1) });
    const [url] = readCertificates(chain)
      .flatMap(({ extensions }) => extensions.issuerUrls)
      .filter((each) => !asked.has(each));
    const hopeless =
      verdict.error.code !== 'certificate.unknown-ca' ||
      !question.fetchCertificates ||
      url === undefined ||
      asked.size >= limits.issuersFetched ||
      chain.length >= limits.certificatesPerMessage;
    if (hopeless) return verdict;
    asked.add(url);
    const answer: FetchAnswer = yield { url, most: limits.certificateOctets, trusted: false };
    if (answer.ok && !chain.some((each) => equal(each, answer.value))) chain.push(answer.value);
  }
}

/** Runs a verdict, with `obtain` for what it wants from the network. */
export async function fetchFor<T>(
  verdict: Fetching<T>,
  obtain: (request: FetchRequest) => Promise<FetchAnswer>,
): Promise<T> {
  let step = verdict.next();
  while (!step.done) step = verdict.next(await obtain(step.value));
  return step.value;
}
