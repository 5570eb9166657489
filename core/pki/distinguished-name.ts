import { toHex } from '../base/octets.ts';
import { type DerValue, decodeDer, isUniversal, tags } from './der.ts';

/** One `type=value` of a name. */
interface Attribute {
  readonly oid: string;
  /** `undefined` when the value is not of a string type. */
  readonly text: string | undefined;
  readonly octets: Uint8Array;
}

/** An X.501 name: relative distinguished names in encoded order, each with one attribute or more. */
export interface DistinguishedName {
  readonly rdns: readonly (readonly Attribute[])[];
  /** Equal for names that RFC 5280 takes for the same. @rfc 5280 7.1 */
  readonly key: string;
  /** The encoding. */
  readonly der: Uint8Array;
}

const mostCharacters = 300;

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'E',
};

/** The attribute types that can be written in text, by lower-case keyword. */
export const attributeTypes: ReadonlyMap<string, string> = new Map([
  ...Object.entries(shortNames).map(([oid, name]) => [name.toLowerCase(), oid] as const),
  ['emailaddress', '1.2.840.113549.1.9.1'],
  ['email', '1.2.840.113549.1.9.1'],
  ['s', '2.5.4.8'],
]);

export const emailAddressOid = '1.2.840.113549.1.9.1';

/** `undefined` when `octets` are not a DER Name. */
export function parseDistinguishedName(octets: Uint8Array): DistinguishedName | undefined {
  const value = decodeDer(octets);
  return value === undefined ? undefined : readDistinguishedName(value);
}

export function readDistinguishedName(value: DerValue): DistinguishedName | undefined {
  if (!isUniversal(value, tags.sequence)) return undefined;
  const rdns: Attribute[][] = [];
  for (const set of value.parts) {
    if (!isUniversal(set, tags.set) || set.parts.length === 0) return undefined;
    const attributes: Attribute[] = [];
    for (const pair of set.parts) {
      const [type, content] = pair.parts;
      if (!isUniversal(pair, tags.sequence) || pair.parts.length !== 2) return undefined;
      if (!isUniversal(type, tags.oid) || type.text === undefined || content === undefined) return undefined;
      attributes.push({ oid: type.text, text: content.text, octets: content.octets });
    }
    rdns.push(attributes);
  }
  return { rdns, key: JSON.stringify(rdns.map((rdn) => rdn.map(attributeKey).sort())), der: value.octets };
}

/** One line in encoded order, such as `C=CH, O=Example, CN=vpn.example.com`; safe to print, and bounded. */
export function formatDistinguishedName(name: DistinguishedName): string {
  if (name.rdns.length === 0) return '(empty name)';
  const line = name.rdns
    .map((rdn) => rdn.map((attribute) => `${typeName(attribute.oid)}=${valueText(attribute)}`).join('+'))
    .join(', ');
  return line.length <= mostCharacters ? line : `${line.slice(0, mostCharacters)}…`;
}

/** Is `name` equal to `base` or below it, as a directoryName constraint means it? */
export function isWithinName(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.rdns.every(
    (rdn, at) =>
      JSON.stringify(rdn.map(attributeKey).sort()) ===
      JSON.stringify(name.rdns[at]?.map(attributeKey).sort()),
  );
}

/** Printable text from anything: control and invisible characters become escapes, so no log or terminal is fooled. */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

function attributeKey({ oid, text, octets }: Attribute): string {
  const value =
    text === undefined
      ? `#${toHex(octets)}`
      : `=${text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')}`;
  return oid + value;
}

function typeName(oid: string): string {
  return shortNames[oid] ?? oid;
}

function valueText({ text, octets }: Attribute): string {
  if (text === undefined) return `#${toHex(octets.subarray(0, 64))}`;
  return printable(text.replace(/[,+\\]/g, '\\$&'));
}
