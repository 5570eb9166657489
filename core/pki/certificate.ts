import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Extensions, readExtensions } from './certificate-extensions.ts';
import { type DerValue, decodeDer, isContext, isUniversal, smallInteger, tags } from './der.ts';
import {
  type DistinguishedName,
  formatDistinguishedName,
  readDistinguishedName,
} from './distinguished-name.ts';
import { type CertificateSignature, readSignatureAlgorithm } from './signature-algorithm.ts';

/** An X.509 certificate as far as a verdict needs it. @rfc 5280 4.1 */
export interface Certificate {
  readonly der: Uint8Array;
  /** The octets that are signed. */
  readonly tbs: Uint8Array;
  /** 1 to 3. */
  readonly version: number;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** One line each, for people. */
  readonly subjectText: string;
  readonly issuerText: string;
  /** Milliseconds since 1970, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER, as it stands in the certificate. */
  readonly spki: Uint8Array;
  /** Of an RSA key: bits of the modulus. */
  readonly rsaBits: number | undefined;
  readonly signatureAlgorithm: CertificateSignature;
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
}

/** Reads a certificate in DER. The error is the end of a sentence: why it can't be read. */
export function parseCertificate(der: Uint8Array): Result<Certificate, string> {
  if (der.length > limits.certificateOctets)
    return err(`it has ${der.length} octets, more than ${limits.certificateOctets}`);
  const whole = decodeDer(der);
  if (whole === undefined) return err('it is not valid ASN.1, or nested too deeply');
  const [tbs, algorithm, signature] = whole.parts;
  if (
    !isUniversal(whole, tags.sequence) ||
    whole.parts.length !== 3 ||
    !isUniversal(tbs, tags.sequence) ||
    !isUniversal(algorithm, tags.sequence) ||
    !isUniversal(signature, tags.bitString) ||
    signature.content[0] !== 0
  )
    return err('it has not the structure of a certificate');
  return readTbs(whole, tbs, algorithm, signature.content.subarray(1));
}

function readTbs(
  whole: DerValue,
  tbs: DerValue,
  algorithm: DerValue,
  signature: Uint8Array,
): Result<Certificate, string> {
  const versioned = isContext(tbs.parts[0], 0);
  const version = versioned ? (smallInteger(tbs.parts[0]?.parts[0]) ?? 9) + 1 : 1;
  const [serial, inner, issuer, validity, subject, spki, ...rest] = tbs.parts.slice(versioned ? 1 : 0);
  if (version > 3 || !isUniversal(serial, tags.integer)) return err('its version or serial number is wrong');
  if (inner === undefined || !equal(inner.octets, algorithm.octets))
    return err('it names two different signature algorithms');
  const names = [issuer, subject].map((name) => name && readDistinguishedName(name));
  const [issuerName, subjectName] = names;
  if (issuerName === undefined || subjectName === undefined)
    return err('its subject or issuer is not a name');
  const notBefore = timeOf(validity?.parts[0]);
  const notAfter = timeOf(validity?.parts[1]);
  if (notBefore === undefined || notAfter === undefined) return err('its dates are wrong');
  if (!isUniversal(spki, tags.sequence)) return err('it has no public key');
  const extensions = readExtensions(rest.find((field) => isContext(field, 3)));
  if (!extensions.ok) return extensions;
  return ok({
    der: whole.octets,
    tbs: tbs.octets,
    version,
    subject: subjectName,
    issuer: issuerName,
    subjectText: formatDistinguishedName(subjectName),
    issuerText: formatDistinguishedName(issuerName),
    notBefore,
    notAfter,
    spki: spki.octets,
    rsaBits: rsaBitsOf(spki),
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    signature,
    extensions: extensions.value,
  });
}

/** UTCTime or GeneralizedTime in the only forms that RFC 5280 4.1.2.5 allows. */
function timeOf(value: DerValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = String.fromCharCode(...value.content.subarray(0, 16));
  const short = isUniversal(value, tags.utcTime);
  if (!short && !isUniversal(value, tags.generalizedTime)) return undefined;
  const match = (
    short ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
  ).exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const fullYear = short ? year + (year < 50 ? 2000 : 1900) : year;
  return Date.UTC(fullYear, month - 1, day, hour, minute, second);
}

/** Bits of the modulus of an RSA key (SubjectPublicKeyInfo, DER); 0 for any other key. */
export function rsaBitsOfKey(spki: Uint8Array): number {
  const value = decodeDer(spki);
  return (value === undefined ? undefined : rsaBitsOf(value)) ?? 0;
}

function rsaBitsOf(spki: DerValue): number | undefined {
  const [algorithm, key] = spki.parts;
  const oid = algorithm?.parts[0]?.text;
  if (oid !== '1.2.840.113549.1.1.1' && oid !== '1.2.840.113549.1.1.10') return undefined;
  const modulus = isUniversal(key, tags.bitString)
    ? decodeDer(key.content.subarray(1))?.parts[0]?.content
    : undefined;
  if (modulus === undefined) return 0;
  const start = modulus.findIndex((octet) => octet !== 0);
  if (start < 0) return 0;
  return (modulus.length - start) * 8 - Math.clz32((modulus[start] ?? 0) << 24);
}
