import { type BaseBlock, Constructed, Enumerated, GeneralizedTime } from 'asn1js';
import { BasicOCSPResponse, OCSPResponse, type SingleResponse } from 'pkijs';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type DerValue, decodeDer, isContext, isUniversal, readAs, tags } from './der.ts';
import { nonceExtension } from './ocsp-request.ts';
import { type CertificateSignature, readSignatureAlgorithm } from './signature-algorithm.ts';

/** What an OCSP response says of one certificate. */
export interface OcspAnswer {
  /** OBJECT IDENTIFIER of the hash that names the issuer. */
  readonly hash: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Content of the INTEGER. */
  readonly serial: Uint8Array;
  readonly status:
    | { readonly kind: 'good' | 'unknown' }
    | { readonly kind: 'revoked'; readonly date: number; readonly reason: number };
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

/** A basic OCSP response. @rfc 6960 4.2 */
export interface OcspResponse {
  /** The octets that are signed. */
  readonly tbs: Uint8Array;
  readonly answers: readonly OcspAnswer[];
  readonly nonce: Uint8Array | undefined;
  readonly signatureAlgorithm: CertificateSignature;
  readonly signature: Uint8Array;
  /** What the responder sent along to prove who it is; readable ones, a few. */
  readonly certificates: readonly Certificate[];
}

const basicType = '1.3.6.1.5.5.7.48.1.1';
const statusNames = [
  '',
  'malformed request',
  'internal error',
  'try later',
  '',
  'request must be signed',
  'unauthorized',
];

/** Reads an OCSP response in DER. The error is the end of a sentence: why there is no answer in it. */
export function parseOcspResponse(der: Uint8Array): Result<OcspResponse, string> {
  if (der.length > limits.ocspOctets)
    return err(`it has ${der.length} octets, more than ${limits.ocspOctets}`);
  const whole = decodeDer(der);
  const decoded = whole && readAs(OCSPResponse, whole);
  if (decoded === undefined) return err('it is not an OCSP response');
  const status = decoded.responseStatus.valueBlock.valueDec;
  if (status !== 0) return err(`the responder says: ${statusNames[status] || `status ${status}`}`);
  if (decoded.responseBytes?.responseType !== basicType) return err('it is of an unknown type');
  const basic = decodeDer(decoded.responseBytes.response.valueBlock.valueHexView);
  return basic === undefined ? err('it is not an OCSP response') : readBasic(basic);
}

function readBasic(basic: DerValue): Result<OcspResponse, string> {
  const decoded = readAs(BasicOCSPResponse, basic);
  const [tbs, algorithm, signature, certificates] = basic.parts;
  if (decoded === undefined || tbs === undefined || algorithm === undefined)
    return err('it is not an OCSP response');
  if (!isUniversal(signature, tags.bitString)) return err('it is not an OCSP response');
  const { responses, responseExtensions = [] } = decoded.tbsResponseData;
  const nonce = responseExtensions.find(({ extnID }) => extnID === nonceExtension);
  const critical = [
    ...responseExtensions,
    ...responses.flatMap(({ singleExtensions = [] }) => singleExtensions),
  ].find((extension) => extension.critical && extension !== nonce);
  if (critical !== undefined)
    return err(`it has the critical extension ${critical.extnID}, which is unknown here`);
  const answers = responses.map(readAnswer);
  const list = isContext(certificates, 0) ? (certificates.parts[0]?.parts ?? []) : [];
  return ok({
    tbs: tbs.octets,
    answers: answers.filter((answer) => answer !== undefined),
    nonce: nonce?.extnValue.valueBlock.valueHexView,
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    signature: signature.content.subarray(1),
    certificates: list.slice(0, limits.ocspSigners).flatMap(({ octets }) => {
      const certificate = parseCertificate(octets);
      return certificate.ok ? [certificate.value] : [];
    }),
  });
}

function readAnswer({ certID, certStatus, thisUpdate, nextUpdate }: SingleResponse): OcspAnswer | undefined {
  const status = readStatus(certStatus);
  if (status === undefined) return undefined;
  return {
    hash: certID.hashAlgorithm.algorithmId,
    issuerNameHash: certID.issuerNameHash.valueBlock.valueHexView,
    issuerKeyHash: certID.issuerKeyHash.valueBlock.valueHexView,
    serial: certID.serialNumber.valueBlock.valueHexView,
    status,
    thisUpdate: thisUpdate.getTime(),
    nextUpdate: nextUpdate?.getTime(),
  };
}

/** `good [0] NULL, revoked [1] RevokedInfo, unknown [2]`, all implicit. */
function readStatus(value: unknown): OcspAnswer['status'] | undefined {
  if (typeof value !== 'object' || value === null || !('idBlock' in value)) return undefined;
  const { tagNumber } = (value as BaseBlock).idBlock;
  if (tagNumber !== 1) return { kind: tagNumber === 0 ? 'good' : 'unknown' };
  if (!(value instanceof Constructed)) return undefined;
  const [date, reasonField] = value.valueBlock.value;
  const reason = reasonField instanceof Constructed ? reasonField.valueBlock.value[0] : undefined;
  return {
    kind: 'revoked',
    date: date instanceof GeneralizedTime ? date.toDate().getTime() : Number.NaN,
    reason: reason instanceof Enumerated ? reason.valueBlock.valueDec : 0,
  };
}
