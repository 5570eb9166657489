import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import type { CryptoProvider, HashName } from '../crypto/interfaces.ts';
import type { Certificate } from './certificate.ts';
import { criticalFailure, validityFailure, weaknessOfKey } from './chain.ts';
import { type OcspAnswer, type OcspResponse, parseOcspResponse } from './ocsp-response.ts';
import { clockSkew, type RevocationStatus, unknownStatus } from './revocation-status.ts';

export interface OcspContext extends Pick<CryptoProvider, 'signatures' | 'hash'> {
  /** Certificates whose word counts whoever issued them: the profile names them. */
  readonly signers: readonly Certificate[];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The extension's value that the request had. A response without any is taken, as many responders have none; another one is not. */
  readonly nonce?: Uint8Array;
}

const hashes: Readonly<Record<string, HashName>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

const ocspSigning = '1.3.6.1.5.5.7.3.9';

/**
 * What an OCSP response (DER) says of `certificate`, which `issuer` has issued. The response must be signed by the issuer, by a
 * certificate with id-kp-OCSPSigning that the issuer itself has issued, or by one of `signers`. @rfc 6960 3.2 4.2.2.2
 */
export function ocspStatus(
  certificate: Certificate,
  issuer: Certificate,
  der: Uint8Array,
  context: OcspContext,
): RevocationStatus {
  const parsed = parseOcspResponse(der);
  if (!parsed.ok) return unknownStatus(`the OCSP response is of no use: ${parsed.error}`);
  const response = parsed.value;
  const answer = response.answers.find((each) => isAbout(each, certificate, issuer, context.hash));
  if (answer === undefined) return unknownStatus('the OCSP response is about other certificates');
  if (context.nonce !== undefined && response.nonce !== undefined && !equal(context.nonce, response.nonce))
    return unknownStatus('the OCSP response answers another question');
  const { at } = context;
  const until = answer.nextUpdate ?? answer.thisUpdate + limits.ocspAgeMs;
  if (!(answer.thisUpdate <= at + clockSkew)) return unknownStatus('the OCSP response is from the future');
  if (!(until >= at)) return unknownStatus('the OCSP response is out of date');
  const problem = signerProblem(response, issuer, context);
  if (problem !== undefined) return unknownStatus(problem);
  if (answer.status.kind === 'revoked') return answer.status;
  if (answer.status.kind === 'unknown') return unknownStatus('the OCSP responder does not know it');
  return { kind: 'good', until: answer.nextUpdate ?? at };
}

function isAbout(
  answer: OcspAnswer,
  certificate: Certificate,
  issuer: Certificate,
  hash: CryptoProvider['hash'],
): boolean {
  const name = hashes[answer.hash];
  return (
    name !== undefined &&
    equal(answer.serial, certificate.serial) &&
    equal(answer.issuerNameHash, hash(name, certificate.issuer.der)) &&
    equal(answer.issuerKeyHash, hash(name, issuer.publicKey))
  );
}

/** `undefined` when the response is signed by someone who may. */
function signerProblem(
  { tbs, signature, signatureAlgorithm: algorithm, certificates }: OcspResponse,
  issuer: Certificate,
  { signatures, signers, at }: OcspContext,
): string | undefined {
  if (algorithm.kind !== 'scheme')
    return 'the OCSP response is signed with an algorithm that is too weak or unknown';
  const signer = [issuer, ...signers, ...certificates].find(({ spki }) =>
    signatures.verify(algorithm.scheme, spki, tbs, signature),
  );
  if (signer === undefined) return 'the signature of the OCSP response is wrong';
  if (signer === issuer) return undefined;
  const unfit = validityFailure(signer, at) ?? criticalFailure(signer) ?? weaknessOfKey(signer);
  if (unfit !== undefined) return 'the certificate of the OCSP responder is not valid';
  if (signers.includes(signer)) return undefined;
  const above = signer.signatureAlgorithm;
  const issued =
    signer.issuer.key === issuer.subject.key &&
    above.kind === 'scheme' &&
    signatures.verify(above.scheme, issuer.spki, signer.tbs, signer.signature);
  if (!issued) return 'the OCSP responder is not the CA, nor was it named by the CA';
  return signer.extensions.extendedKeyUsage?.includes(ocspSigning) === true
    ? undefined
    : 'the certificate of the OCSP responder may not sign OCSP responses';
}
