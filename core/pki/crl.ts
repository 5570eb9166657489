import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readTime } from './certificate.ts';
import { decodeDer, smallInteger } from './der.ts';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.ts';
import { type CrlScope, readCrlScope } from './distribution-point.ts';
import { readRawExtensions } from './raw-extension.ts';
import { type CertificateSignature, readSignatureAlgorithm } from './signature-algorithm.ts';
import { readTlv, readTlvs, type Tlv } from './tlv.ts';

/*
 * CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signature BIT STRING }
 * TBSCertList ::= SEQUENCE { version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates?, [0] extensions? }
 *
 * A list may have a hundred thousand entries. pkijs makes objects of all of them, at 0.3 ms each; here the head is decoded, and the
 * entries are walked in place.
 */

/** A certificate revocation list. @rfc 5280 5.1 */
export interface Crl {
  /** The octets that are signed. */
  readonly tbs: Uint8Array;
  readonly issuer: DistinguishedName;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly signatureAlgorithm: CertificateSignature;
  readonly signature: Uint8Array;
  readonly scope: CrlScope | undefined;
  /** Changes to another list alone. @rfc 5280 5.2.4 */
  readonly delta: boolean;
  /** Critical extensions that nothing here understands: the list must not be used. */
  readonly unknownCritical: readonly string[];
  /** The entries, as they stand. */
  readonly entries: Uint8Array;
}

export interface CrlEntry {
  /** Milliseconds since 1970. */
  readonly date: number;
  /** As `revocationReasons` has it. */
  readonly reason: number;
}

const sequence = 0x30;
const context0 = 0xa0;
const reasonCode = '2.5.29.21';
const knownEntryExtensions = new Set([reasonCode, '2.5.29.24']);
const knownExtensions = new Set(['2.5.29.20', '2.5.29.27', '2.5.29.28', '2.5.29.35']);

/** Reads a CRL in DER. The error is the end of a sentence: why it can't be read. */
export function parseCrl(der: Uint8Array): Result<Crl, string> {
  if (der.length > limits.crlOctets) return err(`it has ${der.length} octets, more than ${limits.crlOctets}`);
  const octets = der.slice();
  const whole = readTlv(octets, 0, octets.length);
  const parts = whole?.tag === sequence && whole.end === octets.length ? readTlvs(octets, whole, 3) : [];
  const [tbs, algorithm, signature] = parts ?? [];
  const fields = tbs?.tag === sequence ? readTlvs(octets, tbs, 7) : undefined;
  if (!tbs || !algorithm || !signature || !fields || signature.tag !== 3 || octets[signature.start] !== 0)
    return err('it has not the structure of a CRL');
  return readFields(octets, tbs, algorithm, octets.subarray(signature.start + 1, signature.end), fields);
}

function readFields(
  octets: Uint8Array,
  tbs: Tlv,
  algorithm: Tlv,
  signature: Uint8Array,
  fields: readonly Tlv[],
): Result<Crl, string> {
  const rest = [...fields];
  const next = (...tags: number[]) => (tags.includes(rest[0]?.tag ?? -1) ? rest.shift() : undefined);
  const decode = (value: Tlv | undefined) => value && decodeDer(octets.subarray(value.at, value.end));
  next(2);
  const inner = decode(next(sequence));
  const issuer = decode(next(sequence));
  const thisUpdate = decode(next(0x17, 0x18));
  const nextUpdate = decode(next(0x17, 0x18));
  const entries = next(sequence);
  const extensions = readCrlExtensions(decode(next(context0)));
  const outer = decode(algorithm);
  const name = issuer && readDistinguishedName(issuer);
  const from = thisUpdate && readTime(thisUpdate);
  if (
    rest.length > 0 ||
    inner === undefined ||
    outer === undefined ||
    name === undefined ||
    from === undefined
  )
    return err('it has not the structure of a CRL');
  if (inner.octets.join() !== outer.octets.join()) return err('it names two different signature algorithms');
  if (!extensions.ok) return extensions;
  return ok({
    tbs: octets.subarray(tbs.at, tbs.end),
    issuer: name,
    thisUpdate: from,
    nextUpdate: nextUpdate && readTime(nextUpdate),
    signatureAlgorithm: readSignatureAlgorithm(outer),
    signature,
    ...extensions.value,
    entries: entries === undefined ? new Uint8Array() : octets.subarray(entries.start, entries.end),
  });
}

function readCrlExtensions(
  field: ReturnType<typeof decodeDer>,
): Result<Pick<Crl, 'scope' | 'delta' | 'unknownCritical'>, string> {
  const list = readRawExtensions(field);
  if (!list.ok) return list;
  const unknownCritical: string[] = [];
  let scope: CrlScope | undefined;
  for (const { oid, critical, value } of list.value) {
    if (critical && !knownExtensions.has(oid)) unknownCritical.push(oid);
    if (oid !== '2.5.29.28') continue;
    const inner = decodeDer(value);
    scope = inner && readCrlScope(inner);
    if (scope === undefined) unknownCritical.push(oid);
  }
  return ok({ scope, delta: list.value.some(({ oid }) => oid === '2.5.29.27'), unknownCritical });
}

/**
 * Looks for the certificate with this serial number (content of the INTEGER). The answer is `undefined` when it is not listed; the error is
 * the end of a sentence: why the list can't be used.
 */
export function findInCrl({ entries }: Crl, serial: Uint8Array): Result<CrlEntry | undefined, string> {
  let found: CrlEntry | undefined;
  for (let at = 0; at < entries.length; ) {
    const entry = readTlv(entries, at, entries.length);
    const number = entry && readTlv(entries, entry.start, entry.end);
    const date = number && readTlv(entries, number.end, entry.end);
    if (entry?.tag !== sequence || number?.tag !== 2 || date === undefined)
      return err('an entry of it is malformed');
    at = entry.end;
    const mayBeCritical = hasTrue(entries, date.end, entry.end);
    const listed = isSame(entries, number, serial);
    if (!mayBeCritical && !listed) continue;
    const extensions = readEntryExtensions(entries.subarray(date.end, entry.end));
    if (!extensions.ok) return extensions;
    if (!listed) continue;
    const when = decodeDer(entries.subarray(date.at, date.end));
    found = { date: (when && readTime(when)) ?? Number.NaN, reason: extensions.value };
  }
  return ok(found);
}

function isSame(octets: Uint8Array, { start, end }: Tlv, serial: Uint8Array): boolean {
  if (end - start !== serial.length) return false;
  for (let i = 0; i < serial.length; i++) if (octets[start + i] !== serial[i]) return false;
  return true;
}

/** Whether there may be BOOLEAN TRUE, without which nothing is critical. */
function hasTrue(octets: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at + 2 < end; at++)
    if (octets[at] === 1 && octets[at + 1] === 1 && octets[at + 2] !== 0) return true;
  return false;
}

/** The reason; 0 when none is given. */
function readEntryExtensions(octets: Uint8Array): Result<number, string> {
  if (octets.length === 0) return ok(0);
  const list = decodeDer(octets);
  // What stands here is what elsewhere stands inside of an explicit tag.
  const extensions = readRawExtensions(list && { ...list, parts: [list] });
  if (list === undefined || !extensions.ok) return err('an entry of it is malformed');
  const unknown = extensions.value.find(({ oid, critical }) => critical && !knownEntryExtensions.has(oid));
  if (unknown !== undefined)
    return err(`an entry of it has the critical extension ${unknown.oid}, which is unknown here`);
  const code = extensions.value.find(({ oid }) => oid === reasonCode)?.value;
  // ENUMERATED has the content of an INTEGER.
  const value = code && smallInteger(decodeDer(Uint8Array.of(2, ...code.subarray(1))));
  return ok(value ?? 0);
}
