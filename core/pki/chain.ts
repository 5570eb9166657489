import { type Failure, type FailureDetail, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Signatures } from '../crypto/interfaces.ts';
import type { Certificate } from './certificate.ts';
import { problemWithConstraints } from './name-constraints.ts';
import { problemWithPolicies } from './policies.ts';

export interface ChainContext {
  readonly signatures: Signatures;
  /** Certificates that the gateway sent beside its own, in any order, trusted in nothing. */
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly Certificate[];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether a CA with these extended key usages may issue the leaf. Default: any may. */
  readonly allows?: (extendedKeyUsage: readonly string[]) => boolean;
}

type CertificateFailure = Extract<Failure['code'], `certificate.${string}`>;

/**
 * Looks for a way from `leaf` up to a trust anchor on which every certificate was signed by the next, and every
 * issuer was allowed to issue. Yields the way, the leaf first and the anchor last; an anchor that is the leaf itself
 * is a way of one. When there is none, the error is that of the most promising try. The leaf's own dates, usage
 * and names are for the caller. Bounded by `limits.chainLength` and `limits.chainSignatures`. @rfc 5280 6.1
 */
export function findChain(leaf: Certificate, context: ChainContext): Result<readonly Certificate[], Failure> {
  const search = { context, signaturesLeft: limits.chainSignatures as number };
  const found = extend([leaf], search);
  return found.ok ? found : err(found.error.failure);
}

/** A failure, and whether a candidate really had signed: only then it says more than "unknown CA". */
interface Miss {
  readonly failure: Failure;
  readonly signed: boolean;
}

interface Search {
  readonly context: ChainContext;
  signaturesLeft: number;
}

function extend(path: readonly Certificate[], search: Search): Result<readonly Certificate[], Miss> {
  const top = path[path.length - 1];
  if (top === undefined) throw new RangeError('a path without certificates');
  const { anchors, intermediates } = search.context;
  if (anchors.some((anchor) => equal(anchor.der, top.der))) return atAnchor(path);
  if (path.length >= limits.chainLength)
    return miss(
      'certificate.chain',
      { reason: `it is longer than ${limits.chainLength} certificates` },
      true,
    );
  let best: Miss = {
    failure: certificateFailure('certificate.unknown-ca', { issuer: top.issuerText }),
    signed: false,
  };
  for (const candidate of [...anchors, ...intermediates]) {
    if (!mayHaveIssued(candidate, top) || path.some(({ der }) => equal(der, candidate.der))) continue;
    const tried = tryIssuer(path, top, candidate, search);
    if (tried.ok) return tried;
    if (tried.error.signed && !best.signed) best = tried.error;
  }
  return err(best);
}

function atAnchor(path: readonly Certificate[]): Result<readonly Certificate[], Miss> {
  const reason = problemWithPolicies(path);
  return reason === undefined ? ok(path) : miss('certificate.chain', { reason }, true);
}

function tryIssuer(
  path: readonly Certificate[],
  top: Certificate,
  issuer: Certificate,
  search: Search,
): Result<readonly Certificate[], Miss> {
  if (search.signaturesLeft-- <= 0)
    return miss('certificate.chain', { reason: 'it has too many certificates of the same name' }, true);
  const { signatures, at, anchors } = search.context;
  const weakness = weaknessOfSignature(top) ?? weaknessOfKey(issuer);
  if (weakness !== undefined) return miss('certificate.weak', weakness, true);
  const algorithm = top.signatureAlgorithm;
  if (algorithm.kind !== 'scheme') return miss('certificate.chain', { reason: unknownAlgorithm(top) }, true);
  if (!signatures.verify(algorithm.scheme, issuer.spki, top.tbs, top.signature)) {
    // A CA that was made anew under its old name looks like this, so it counts as another CA unless the key ID says
    // that this very key should have signed.
    const meant = sameKeyId(issuer, top) === true;
    const reason = `the signature of ${issuer.subjectText} on the certificate of ${top.subjectText} is wrong`;
    return miss('certificate.chain', { reason }, meant);
  }
  const isAnchor = anchors.includes(issuer);
  const problem =
    validityFailure(issuer, at) ??
    authorityFailure(path, issuer, isAnchor, search.context) ??
    criticalFailure(issuer);
  if (problem !== undefined) return err({ failure: problem, signed: true });
  return extend([...path, issuer], search);
}

/** Dates, or `undefined` when they hold. */
export function validityFailure(certificate: Certificate, at: number): Failure | undefined {
  const { notBefore, notAfter, subjectText: subject } = certificate;
  if (at > notAfter)
    return certificateFailure('certificate.expired', { subject, notAfter: dateOf(notAfter) });
  if (at < notBefore)
    return certificateFailure('certificate.not-yet-valid', { subject, notBefore: dateOf(notBefore) });
  return undefined;
}

export function criticalFailure(certificate: Certificate): Failure | undefined {
  const [oid] = certificate.extensions.unknownCritical;
  if (oid === undefined) return undefined;
  const reason = `the certificate of ${certificate.subjectText} has the critical extension ${oid}, which is unknown here`;
  return certificateFailure('certificate.chain', { reason });
}

/** Keys and hashes that nobody should trust any more. */
export function weaknessOfKey({ rsaBits, subjectText }: Certificate): FailureDetail | undefined {
  if (rsaBits === undefined || rsaBits >= 2048) return undefined;
  return { subject: subjectText, weakness: `an RSA key of ${rsaBits} bits` };
}

export function certificateFailure(code: CertificateFailure, detail: FailureDetail): Failure {
  return failure(code, { side: 'remote', holder: 'gateway', ...detail });
}

/** RFC 5280 4.2.1.9, 4.2.1.3, 4.2.1.10, and, as every TLS library has it, 4.2.1.12 for intermediates too. */
function authorityFailure(
  path: readonly Certificate[],
  issuer: Certificate,
  isAnchor: boolean,
  { allows = () => true }: ChainContext,
): Failure | undefined {
  const broken = (reason: string) => certificateFailure('certificate.chain', { reason });
  const { basicConstraints, keyUsage, extendedKeyUsage } = issuer.extensions;
  // A root of version 1 has no extensions; the profile says that it is a CA.
  const oldRoot = isAnchor && issuer.version < 3;
  if (basicConstraints?.ca !== true && !oldRoot) return broken(`${issuer.subjectText} is not a CA`);
  if (keyUsage !== undefined && !keyUsage.keyCertSign)
    return broken(`${issuer.subjectText} may not sign certificates`);
  const below = path.slice(1).filter(({ subject, issuer: by }) => subject.key !== by.key).length;
  const most = basicConstraints?.pathLength;
  if (most !== undefined && below > most)
    return broken(`${issuer.subjectText} allows ${most} CAs below it, and there are ${below}`);
  if (!isAnchor && extendedKeyUsage !== undefined && !allows(extendedKeyUsage))
    return broken(`${issuer.subjectText} may not issue certificates for servers`);
  const problem = problemWithConstraints(path, issuer);
  return problem === undefined ? undefined : broken(problem);
}

function mayHaveIssued(candidate: Certificate, below: Certificate): boolean {
  return candidate.subject.key === below.issuer.key && sameKeyId(candidate, below) !== false;
}

/** `undefined` when one of the two does not say. */
function sameKeyId(issuer: Certificate, below: Certificate): boolean | undefined {
  const { subjectKeyId } = issuer.extensions;
  const { authorityKeyId } = below.extensions;
  return subjectKeyId && authorityKeyId && equal(subjectKeyId, authorityKeyId);
}

function weaknessOfSignature({ signatureAlgorithm, subjectText }: Certificate): FailureDetail | undefined {
  if (signatureAlgorithm.kind !== 'weak') return undefined;
  return { subject: subjectText, weakness: `it is signed with ${signatureAlgorithm.name}` };
}

function unknownAlgorithm({ signatureAlgorithm, subjectText }: Certificate): string {
  const oid = signatureAlgorithm.kind === 'unknown' ? signatureAlgorithm.oid : '';
  return `the certificate of ${subjectText} is signed with the unknown algorithm ${oid}`;
}

function miss(code: CertificateFailure, detail: FailureDetail, signed: boolean): Result<never, Miss> {
  return err({ failure: certificateFailure(code, detail), signed });
}

/** A moment for people. */
export function dateOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime())
    ? 'an unknown date'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
