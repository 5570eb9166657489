import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import type { Signatures } from '../crypto/interfaces.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import {
  allowsServer,
  certificateFailure,
  criticalFailure,
  findChain,
  validityFailure,
  weaknessOfKey,
} from './chain.ts';
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

export interface GatewayCertificateQuestion {
  /** DER, as the gateway sent them: its own certificate first, the others in any order. */
  readonly chain: readonly Uint8Array[];
  /** DER of the CA certificates that the profile trusts, or of the gateway's own certificate. Unreadable ones count for nothing. */
  readonly anchors: readonly Uint8Array[];
  /** Who the gateway must be. The certificate must confirm it. */
  readonly expected: IkeIdentity;
  /** IDr, when the gateway sent it. The certificate must confirm it. */
  readonly claimed?: IkeIdentity;
  /**
   * Whether `claimed` must be the same identity as `expected` (the default). When the user never wrote a remote
   * identity and `expected` is just the host name, `false` takes any name that the same certificate confirms:
   * Windows gateways claim their subject name.
   */
  readonly claimMustMatch?: boolean;
  /** Refuse a certificate without any extended key usage too, as Windows and macOS do. Default false. @rfc 4945 5.1.3.12 */
  readonly requireServerUsage?: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface GatewayCertificateVerdict {
  /** SubjectPublicKeyInfo in DER: the key that the gateway must sign with. */
  readonly spki: Uint8Array;
  /** The subject in one line. */
  readonly subject: string;
  /** Every name that the certificate has, for people. */
  readonly names: readonly string[];
  /** Subjects from the gateway's certificate up to the trust anchor. */
  readonly path: readonly string[];
}

const mostNamesShown = 10;

/**
 * Judges the certificate of a gateway: chain, dates, strength, usage, names. Names are matched against the
 * subjectAltName alone, never the common name; wildcards match nothing, because a gateway that holds a key for a whole
 * domain is not what the profile asked for. A distinguished name is matched against the subject.
 *
 * An extended key usage, when there is one, must hold serverAuth or anyExtendedKeyUsage. ipsecIKE alone isn't enough:
 * it does not tell gateways from clients of the same CA.
 */
export function judgeGatewayCertificate(
  question: GatewayCertificateQuestion,
  signatures: Signatures,
): Result<GatewayCertificateVerdict, Failure> {
  const [first, ...others] = question.chain;
  if (first === undefined) return err(failure('auth.no-certificate', { side: 'remote' }));
  if (question.chain.length > limits.certificatesPerMessage)
    return err(
      certificateFailure('certificate.chain', {
        reason: `the gateway sent ${question.chain.length} certificates`,
      }),
    );
  const leaf = parseCertificate(first);
  if (!leaf.ok) return err(certificateFailure('certificate.malformed', { reason: leaf.error }));
  const path = findChain(leaf.value, {
    signatures,
    intermediates: readable(others),
    anchors: readable(question.anchors.slice(0, limits.trustAnchors)),
    at: question.at,
  });
  if (!path.ok) return path;
  const problem = leafFailure(leaf.value, question, signatures) ?? nameFailure(leaf.value, question);
  if (problem !== undefined) return err(problem);
  return ok({
    spki: leaf.value.spki,
    subject: leaf.value.subjectText,
    names: namesOf(leaf.value),
    path: path.value.map(({ subjectText }) => subjectText),
  });
}

function readable(ders: readonly Uint8Array[]): Certificate[] {
  return ders.flatMap((der) => {
    const certificate = parseCertificate(der);
    return certificate.ok ? [certificate.value] : [];
  });
}

function leafFailure(
  leaf: Certificate,
  question: GatewayCertificateQuestion,
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
  question: GatewayCertificateQuestion,
): Failure | undefined {
  const lacks = (missing: string) => certificateFailure('certificate.usage', { missing, subject });
  if (extendedKeyUsage === undefined ? question.requireServerUsage : !allowsServer(extendedKeyUsage))
    return lacks('the extended key usage serverAuth');
  // @rfc 4945 5.1.3.2
  if (keyUsage !== undefined && !keyUsage.digitalSignature && !keyUsage.nonRepudiation)
    return lacks('the key usage digitalSignature');
  return undefined;
}

function nameFailure(leaf: Certificate, question: GatewayCertificateQuestion): Failure | undefined {
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
        some((name) => name.kind === 'dns' && normalHost(name.text) === normalHost(text))
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

function namesOf({ extensions, subject, subjectText }: Certificate): string[] {
  const names = extensions.subjectAltNames.filter(({ kind }) => kind !== 'other').map(formatGeneralName);
  return subject.rdns.length > 0 ? [...names, subjectText] : names;
}
