import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { Certificate } from './certificate.ts';
import { type ChainContext, certificateFailure, dateOf } from './chain.ts';
import { type Crl, parseCrl } from './crl.ts';
import { crlStatus } from './crl-status.ts';
import type { FetchAnswer, Fetching } from './fetch-request.ts';
import { encodeOcspRequest } from './ocsp-request.ts';
import { ocspStatus } from './ocsp-status.ts';
import type { RevocationCache } from './revocation-cache.ts';
import { formatRevocationReason, type RevocationStatus } from './revocation-status.ts';
import type { VerdictCrypto } from './server-certificate.ts';

/** How a profile wants revocation treated. */
export interface RevocationTerms {
  /** `soft`: a revoked certificate is refused, one of which nothing is known is taken. `strict`: only a good one is taken. */
  readonly mode: 'off' | 'soft' | 'strict';
  /** Ask the addresses that certificates name. */
  readonly fetch: boolean;
  /** Asked first, for every certificate; whether `fetch` is set or not. */
  readonly ocspUrl: string | undefined;
  /** CRLs that are already here. */
  readonly crls: readonly Crl[];
  /** Whose OCSP responses count whoever issued the certificate. */
  readonly ocspSigners: readonly Certificate[];
}

export interface RevocationContext {
  readonly crypto: VerdictCrypto;
  readonly random: Random;
  readonly cache: RevocationCache;
  /** For the search of a CA's other keys that sign CRLs. */
  readonly chain: ChainContext;
  /** OCSP responses (DER) that came with the certificates. @rfc 4806 */
  readonly responses: readonly Uint8Array[];
}

/** Certificates of which nothing is known, for the log: subject, and the reasons as ends of a sentence. */
export type Unchecked = readonly { readonly subject: string; readonly reason: string }[];

/**
 * Asks for each certificate of `path`, but the anchor, whether it was revoked: by what came along, by the CRLs that are here,
 * by OCSP and then by CRLs that are fetched. The first evidence that says good or revoked decides.
 */
export function* checkRevocation(
  path: readonly Certificate[],
  terms: RevocationTerms,
  context: RevocationContext,
): Fetching<Result<Unchecked, Failure>> {
  const unchecked: { subject: string; reason: string }[] = [];
  if (terms.mode === 'off') return ok(unchecked);
  for (const [at, certificate] of path.entries()) {
    const issuer = path[at + 1];
    if (issuer === undefined) break;
    const status = yield* statusOf(certificate, issuer, terms, context);
    const { subjectText: subject } = certificate;
    if (status.kind === 'revoked') {
      const { date, reason } = status;
      const detail = { subject, date: dateOf(date), reason: formatRevocationReason(reason) };
      return err(certificateFailure('certificate.revoked', detail));
    }
    if (status.kind === 'good') continue;
    const { reason } = status;
    if (terms.mode === 'strict')
      return err(certificateFailure('certificate.revocation-unknown', { subject, reason }));
    unchecked.push({ subject, reason });
  }
  return ok(unchecked);
}

function* statusOf(
  certificate: Certificate,
  issuer: Certificate,
  terms: RevocationTerms,
  context: RevocationContext,
): Fetching<RevocationStatus> {
  const { at } = context.chain;
  const reasons = new Set<string>();
  for (const status of statusesHere(certificate, issuer, terms, context)) {
    if (status.kind !== 'unknown') return status;
    reasons.add(status.reason);
  }
  if (context.cache.isGood(certificate, at)) return { kind: 'good', until: at };
  for (const step of [askResponders, askCrls]) {
    for (const status of yield* step(certificate, issuer, terms, context)) {
      if (status.kind === 'good') context.cache.keepGood(certificate, status.until);
      if (status.kind !== 'unknown') return status;
      reasons.add(status.reason);
    }
  }
  if (reasons.size === 0) reasons.add('there is nothing that could be asked');
  return { kind: 'unknown', reason: [...reasons].join('; ') };
}

function* statusesHere(
  certificate: Certificate,
  issuer: Certificate,
  terms: RevocationTerms,
  { crypto, responses, chain }: RevocationContext,
): Generator<RevocationStatus> {
  const ocsp = { ...crypto, signers: terms.ocspSigners, at: chain.at };
  for (const response of responses.slice(0, limits.ocspResponses))
    yield ocspStatus(certificate, issuer, response, ocsp);
  for (const crl of terms.crls) yield crlStatus(certificate, issuer, crl, chain);
}

/** Asks one OCSP responder after the other until one knows. Answers the last word and what was said before it. */
function* askResponders(
  certificate: Certificate,
  issuer: Certificate,
  { fetch, ocspUrl, ocspSigners: signers }: RevocationTerms,
  { crypto, random, chain }: RevocationContext,
): Fetching<readonly RevocationStatus[]> {
  const said: RevocationStatus[] = [];
  const named = fetch ? certificate.extensions.ocspUrls : [];
  const urls = ocspUrl === undefined ? named : [ocspUrl, ...named.filter((url) => url !== ocspUrl)];
  for (const url of urls) {
    const octets = random.octets(limits.ocspNonceOctets);
    const body = encodeOcspRequest(certificate, issuer, octets, crypto.hash);
    const answer: FetchAnswer = yield {
      url,
      most: limits.ocspOctets,
      trusted: url === ocspUrl,
      post: { type: 'application/ocsp-request', body },
    };
    if (!answer.ok) {
      said.push({ kind: 'unknown', reason: `${url}: ${answer.error}` });
      continue;
    }
    // The extension holds the octets as an OCTET STRING.
    const nonce = Uint8Array.of(4, octets.length, ...octets);
    const status = ocspStatus(certificate, issuer, answer.value, { ...crypto, signers, at: chain.at, nonce });
    said.push(status);
    if (status.kind !== 'unknown') break;
  }
  return said;
}

function* askCrls(
  certificate: Certificate,
  issuer: Certificate,
  { fetch }: RevocationTerms,
  { cache, chain }: RevocationContext,
): Fetching<readonly RevocationStatus[]> {
  const said: RevocationStatus[] = [];
  const points = certificate.extensions.crlPoints.filter(({ special }) => !special);
  const urls = fetch ? points.flatMap((point) => point.urls).slice(0, limits.crlPoints) : [];
  for (const url of urls) {
    const kept = cache.crl(url, chain.at);
    const crl =
      kept === undefined ? readCrl(yield { url, most: limits.crlOctets, trusted: false }) : ok(kept);
    if (!crl.ok) {
      said.push({ kind: 'unknown', reason: `${url}: ${crl.error}` });
      continue;
    }
    const status = crlStatus(certificate, issuer, crl.value, chain);
    said.push(status);
    if (status.kind === 'unknown') continue;
    cache.keepCrl(url, crl.value);
    break;
  }
  return said;
}

function readCrl(answer: FetchAnswer): Result<Crl, string> {
  return answer.ok ? parseCrl(answer.value) : answer;
}
