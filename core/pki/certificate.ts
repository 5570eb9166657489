import { type GeneralizedTime, ObjectIdentifier, type UTCTime } from 'asn1js';
import { Certificate as DecodedCertificate, RSAPublicKey } from 'pkijs';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Extensions, readExtensions } from './certificate-extensions.ts';
import { type DerValue, decodeDer, isContext, isUniversal, readAs, tags } from './der.ts';
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
  /** The subject as it stands in the certificate, DER. */
  readonly subjectDer: Uint8Array;
  readonly issuer: DistinguishedName;
  /** One line each, for people. */
  readonly subjectText: string;
  readonly issuerText: string;
  /** Milliseconds since 1970, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The content of the INTEGER, as it stands in the certificate. */
  readonly serial: Uint8Array;
  /** SubjectPublicKeyInfo in DER, as it stands in the certificate. */
  readonly spki: Uint8Array;
  /** The key inside of `spki`: what OCSP takes a hash of. */
  readonly publicKey: Uint8Array;
  /** Of an RSA key: bits of the modulus. */
  readonly rsaBits: number | undefined;
  readonly signatureAlgorithm: CertificateSignature;
  readonly signature: Uint8Array;
  readonly extensions: Extensions;
}

/** Those read before, by their octets, the latest last: with each login the same ones come again, of a whole system's trust too. */
const known = new Map<string, Certificate>();

/**
 * Reads a certificate in DER. The error is the end of a sentence: why it can't be read. The same octets give the same
 * certificate for a while: nobody writes into one.
 */
export function parseCertificate(der: Uint8Array): Result<Certificate, string> {
  if (der.length > limits.certificateOctets)
    return err(`it has ${der.length} octets, more than ${limits.certificateOctets}`);
  if (der.length > limits.knownCertificateOctets) return readCertificate(der);
  const key = String.fromCharCode(...der);
  const before = known.get(key);
  const read = before === undefined ? readCertificate(der) : ok(before);
  if (read.ok) remember(key, read.value);
  return read;
}

function remember(key: string, certificate: Certificate): void {
  known.delete(key);
  known.set(key, certificate);
  const [oldest] = known.keys();
  if (known.size > limits.knownCertificates && oldest !== undefined) known.delete(oldest);
}

function readCertificate(der: Uint8Array): Result<Certificate, string> {
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
  const decoded = readAs(DecodedCertificate, whole);
  if (decoded === undefined) return err('it has not the structure of a certificate');
  // Names and key stay the octets that they were: pkijs forgets which attributes of a name stand together.
  const [serial, inner, issuer, validity, subject, spki] = tbs.parts.slice(
    isContext(tbs.parts[0], 0) ? 1 : 0,
  );
  const key = spki?.parts[1];
  if (decoded.version > 2 || !isUniversal(serial, tags.integer))
    return err('its version or serial number is wrong');
  if (inner === undefined || !equal(inner.octets, algorithm.octets))
    return err('it names two different signature algorithms');
  const names = [issuer, subject].map((name) => name && readDistinguishedName(name));
  const [issuerName, subjectName] = names;
  if (issuerName === undefined || subjectName === undefined)
    return err('its subject or issuer is not a name');
  const [notBefore, notAfter] = (validity?.parts ?? []).map(readTime);
  if (notBefore === undefined || notAfter === undefined) return err('its dates are wrong');
  if (!isUniversal(spki, tags.sequence) || !isUniversal(key, tags.bitString))
    return err('it has no public key');
  const publicKey = key.content.subarray(1);
  const rsa = readRsaKey(spki, publicKey);
  if (!rsa.ok) return rsa;
  const extensions = readExtensions(tbs.parts.find((field) => isContext(field, 3)));
  if (!extensions.ok) return extensions;
  return ok({
    der: whole.octets,
    tbs: tbs.octets,
    version: decoded.version + 1,
    subject: subjectName,
    subjectDer: subject?.octets ?? new Uint8Array(0),
    issuer: issuerName,
    subjectText: formatDistinguishedName(subjectName),
    issuerText: formatDistinguishedName(issuerName),
    notBefore,
    notAfter,
    serial: serial.content,
    spki: spki.octets,
    publicKey,
    rsaBits: rsa.value,
    signatureAlgorithm: readSignatureAlgorithm(algorithm),
    signature,
    extensions: extensions.value,
  });
}

/**
 * Milliseconds since 1970. asn1js takes a time without Z for the time zone of this computer, and a 13th month for the next January: only
 * the forms of RFC 5280 4.1.2.5 get that far.
 */
export function readTime(value: DerValue): number | undefined {
  const text = String.fromCharCode(...value.content.subarray(0, 16));
  const short = isUniversal(value, tags.utcTime);
  if (!short && !isUniversal(value, tags.generalizedTime)) return undefined;
  const form = short ? /^\d{2}(\d{8})(\d{2})Z$/ : /^\d{4}(\d{8})(\d{2})Z$/;
  const [, fields, seconds] = form.exec(text) ?? [];
  const sane = /^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d$/;
  if (fields === undefined || !sane.test(fields) || Number(seconds) > 59) return undefined;
  return dateOf(value.block)?.getTime();
}

/** Bits of the modulus of an RSA key (SubjectPublicKeyInfo, DER); 0 for any other key. */
export function rsaBitsOfKey(spki: Uint8Array): number {
  const value = decodeDer(spki);
  const bits = value?.parts[1];
  if (value === undefined || !isUniversal(bits, tags.bitString)) return 0;
  const key = readRsaKey(value, bits.content.subarray(1));
  return (key.ok ? key.value : undefined) ?? 0;
}

function dateOf(block: DerValue['block']): Date | undefined {
  return 'toDate' in block ? (block as UTCTime | GeneralizedTime).toDate() : undefined;
}

const rsaKeys = new Set(['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10']);

/** The bits of the modulus; `undefined` for another kind of key. A key that makes verifying costly is refused. */
function readRsaKey(spki: DerValue, publicKey: Uint8Array): Result<number | undefined, string> {
  const oid = spki.parts[0]?.parts[0]?.block;
  if (!(oid instanceof ObjectIdentifier) || !rsaKeys.has(oid.getValue())) return ok(undefined);
  const value = decodeDer(publicKey);
  const key = value && readAs(RSAPublicKey, value);
  if (key === undefined) return err('its RSA key is malformed');
  const bits = bitsOf(key.modulus.valueBlock.valueHexView);
  const exponent = key.publicExponent.valueBlock.valueHexView;
  if (bits > limits.rsaBits) return err(`its RSA key has ${bits} bits, more than ${limits.rsaBits}`);
  if (bitsOf(exponent) > limits.rsaExponentBits || bitsOf(exponent) < 2 || ((exponent.at(-1) ?? 0) & 1) === 0)
    return err('its RSA key has a public exponent that no sound key has');
  return ok(bits);
}

function bitsOf(integer: Uint8Array): number {
  const start = integer.findIndex((octet) => octet !== 0);
  return start < 0 ? 0 : (integer.length - start) * 8 - Math.clz32((integer[start] ?? 0) << 24);
}
