import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import type { CryptoProvider, Signatures } from '../crypto/interfaces.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { certificateFailure, criticalFailure, findChain, validityFailure, weaknessOfKey } from './chain.ts';
import { parseDistinguishedName } from './distinguished-name.ts';
import { formatGeneralName, type GeneralName } from './general-name.ts';
import {
  formatIdentity,
  type IkeIdentity,
  identityTypes,
  normalHost,
  normalMail,
  sameIdentity,
} from './identity.ts';
import { formatPin, isPinned } from './pin.ts';
import { readCertificates, type Trust } from './trust.ts';

/** What is asked about a server that shows a certificate: the gateway, or a login server behind it. */
export interface ServerCertificateQuestion {
  /** DER, as the server sent them: its own certificate first, the others in any order. */
  readonly chain: readonly Uint8Array[];
  readonly trust: Trust;
  /** Who the server must be. The certificate must confirm it. */
  readonly expected: IkeIdentity;
  /** IDr, when the gateway sent it. The certificate must confirm it. */
  readonly claimed?: IkeIdentity;
  /**
   * Whether `claimed` must be the same identity as `expected` (the default). When the user never wrote a remote
   * identity and `expected` is just the host name, `false` takes any name that the same certificate confirms:
   * Windows gateways claim their subject name.
   */
  readonly claimMustMatch?: boolean;
  /**
   * Refuse a certificate without any extended key usage too, and one with ipsecIKE alone, as Windows and macOS do. Default false.
   * @rfc 4945 5.1.3.12
   */
  readonly requireServerUsage?: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What failures call the server. Default: `gateway`. */
  readonly holder?: string;
}

export interface ServerCertificateVerdict {
  /** SubjectPublicKeyInfo in DER: the key that the server must sign with. */
  readonly spki: Uint8Array;
  /** The subject in one line. */
  readonly subject: string;
  /** Every name that the certificate has, for people. */
  readonly names: readonly string[];
  /** From the server's certificate up to the trust anchor; one certificate when it is pinned. */
  readonly path: readonly Certificate[];
}

/** What a verdict needs of the cryptography. */
export type VerdictCrypto = Pick<CryptoProvider, 'signatures' | 'hash'>;

const mostNamesShown = 10;

/**
 * Judges the certificate of a server: chain or pin, dates, strength, usage, names. Revocation is for `RevocationCheck`. Names are
 * matched against the subjectAltName alone, never the common name; a distinguished name is matched against the subject. `*` as the
 * whole first label of a DNS name stands for one label. @rfc 9525 6.3
 *
 * An extended key usage, when there is one, must hold serverAuth or anyExtendedKeyUsage; without `requireServerUsage` ipsecIKE
 * will do, which does not tell gateways from clients of the same CA.
 */
export function judgeServerCertificate(
  question: ServerCertificateQuestion,
  crypto: VerdictCrypto,
): Result<ServerCertificateVerdict, Failure> {
  const verdict = judge(question, crypto);
  if (verdict.ok || question.holder === undefined) return verdict;
  const { code, detail } = verdict.error;
  return err(failure(code, { ...detail, holder: question.holder }));
}

function judge(
  question: ServerCertificateQuestion,
  crypto: VerdictCrypto,
): Result<ServerCertificateVerdict, Failure> {
  const [first, ...others] = question.chain;
  if (first === undefined) return err(failure('auth.no-certificate', { side: 'remote' }));
  if (question.chain.length > limits.certificatesPerMessage)
    return err(
      certificateFailure('certificate.chain', {
        reason: `the server sent ${question.chain.length} certificates`,
      }),
    );
  const leaf = parseCertificate(first);
  if (!leaf.ok) return err(certificateFailure('certificate.malformed', { reason: leaf.error }));
  const path = pathOf(leaf.value, others, question, crypto);
  if (!path.ok) return path;
  const problem = leafFailure(leaf.value, question, crypto.signatures) ?? nameFailure(leaf.value, question);
  if (problem !== undefined) return err(problem);
  return ok({
    spki: leaf.value.spki,
    subject: leaf.value.subjectText,
    names: namesOf(leaf.value),
    path: path.value,
  });
}

/** The way to an anchor, with a pinned certificate on it where certificates are pinned. */
function pathOf(
  leaf: Certificate,
  others: readonly Uint8Array[],
  question: ServerCertificateQuestion,
  crypto: VerdictCrypto,
): Result<readonly Certificate[], Failure> {
  const { anchors, pins } = question.trust;
  const pinnedAlone = anchors.length === 0 && pins.length > 0;
  const path = pinnedAlone
    ? ok([leaf])
    : findChain(leaf, {
        signatures: crypto.signatures,
        intermediates: readCertificates(others),
        anchors,
        at: question.at,
        allows: (usages) => allowsServer(usages, question),
      });
  if (!path.ok || pins.length === 0 || isPinned(path.value, pins, crypto.hash)) return path;
  return err(
    certificateFailure('certificate.pin', {
      fingerprint: formatPin(leaf, 'certificate', crypto.hash),
      key: formatPin(leaf, 'key', crypto.hash),
    }),
  );
}

function leafFailure(
  leaf: Certificate,
  question: ServerCertificateQuestion,
  signatures: Signatures,
): Failure | undefined {
  const weakness = weaknessOfKey(leaf);
  if (weakness !== undefined) return certificateFailure('certificate.weak', weakness);
  if (signatures.kindOf(leaf.spki) === 'other')
    return certificateFailure('certificate.malformed', {
      reason: 'its public key is of a kind that is unknown here',
    });
  return validityFailure(leaf, question.at) ?? criticalFailure(leaf) ?? usageFailure(leaf, question);
}

function usageFailure(
  { extensions: { keyUsage, extendedKeyUsage }, subjectText: subject }: Certificate,
  question: ServerCertificateQuestion,
): Failure | undefined {
  const lacks = (missing: string) => certificateFailure('certificate.usage', { missing, subject });
  if (
    extendedKeyUsage === undefined ? question.requireServerUsage : !allowsServer(extendedKeyUsage, question)
  )
    return lacks('the extended key usage serverAuth');
  // @rfc 4945 5.1.3.2
  if (keyUsage !== undefined && !keyUsage.digitalSignature && !keyUsage.nonRepudiation)
    return lacks('the key usage digitalSignature');
  return undefined;
}

const serverUsages = new Set(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']);
/** ipsecIKE, and what macOS had before it. */
const ikeUsages = new Set(['1.3.6.1.5.5.7.3.17', '1.3.6.1.5.5.8.2.2']);

function allowsServer(usages: readonly string[], { requireServerUsage }: ServerCertificateQuestion): boolean {
  return usages.some((oid) => serverUsages.has(oid) || (requireServerUsage !== true && ikeUsages.has(oid)));
}

function nameFailure(leaf: Certificate, question: ServerCertificateQuestion): Failure | undefined {
  const { expected, claimed, claimMustMatch = true } = question;
  if (!confirms(leaf, expected)) return wrongName(leaf, expected);
  if (claimed === undefined) return undefined;
  if (claimMustMatch && !sameIdentity(expected, claimed))
    return certificateFailure('certificate.identity', {
      expected: formatIdentity(expected),
      claimed: formatIdentity(claimed),
    });
  return confirms(leaf, claimed) ? undefined : wrongName(leaf, claimed);
}

function wrongName(leaf: Certificate, expected: IkeIdentity): Failure {
  const names = namesOf(leaf);
  const shown = names.slice(0, mostNamesShown).join(', ');
  const more = names.length > mostNamesShown ? `, and ${names.length - mostNamesShown} more` : '';
  return certificateFailure('certificate.name', {
    expected: formatIdentity(expected),
    names: shown === '' ? 'nothing' : shown + more,
  });
}

/** Does the certificate say that its holder has this identity? */
function confirms({ subject, extensions: { subjectAltNames } }: Certificate, identity: IkeIdentity): boolean {
  const { type, data } = identity;
  const text = utf8.decodeStrict(data);
  const some = (matches: (name: GeneralName) => boolean) => subjectAltNames.some(matches);
  switch (type) {
    case identityTypes.fqdn:
      return (
        text !== undefined &&
        !text.includes('*') &&
        some((name) => name.kind === 'dns' && matchesHost(normalHost(name.text), normalHost(text)))
      );
    case identityTypes.rfc822:
      return (
        text !== undefined &&
        some((name) => name.kind === 'mail' && normalMail(name.text) === normalMail(text))
      );
    case identityTypes.ipv4:
    case identityTypes.ipv6: {
      const octets = type === identityTypes.ipv4 ? 4 : 16;
      return data.length === octets && some((name) => name.kind === 'ip' && equal(name.octets, data));
    }
    case identityTypes.distinguishedName: {
      const key = parseDistinguishedName(data)?.key;
      if (key === undefined) return false;
      return key === subject.key || some((name) => name.kind === 'directory' && name.name.key === key);
    }
    default:
      return false;
  }
}

/** A `*` that is the whole first label stands for one label, below a domain of two labels at the least. @rfc 9525 6.3 */
function matchesHost(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const domain = pattern.slice(1);
  const label = host.slice(0, -domain.length);
  return (
    domain.indexOf('.', 1) > 0 &&
    !domain.includes('*') &&
    host.endsWith(domain) &&
    label !== '' &&
    !label.includes('.')
  );
}

function namesOf({ extensions, subject, subjectText }: Certificate): string[] {
  const names = extensions.subjectAltNames
    .filter(({ kind }) => kind !== 'other' && kind !== 'uri')
    .map(formatGeneralName);
  return subject.rdns.length > 0 ? [...names, subjectText] : names;
}
