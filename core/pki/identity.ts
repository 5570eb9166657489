import { formatIpAddress, ipAddress, type ParseError, parseIpAddress } from '../base/address.ts';
import { concat, equal, fromHex, toHex } from '../base/octets.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import {
  attributeTypes,
  emailAddressOid,
  formatDistinguishedName,
  parseDistinguishedName,
  printable,
} from './distinguished-name.ts';

/** What an ID payload carries. @rfc 7296 3.5 */
export interface IkeIdentity {
  readonly type: number;
  readonly data: Uint8Array;
}

export const identityTypes = {
  ipv4: 1,
  fqdn: 2,
  rfc822: 3,
  ipv6: 5,
  distinguishedName: 9,
  keyId: 11,
} as const;

const mostCharacters = 1024;

/**
 * Reads an identity as a user writes it:
 * - `192.0.2.1`, `2001:db8::1`: an address
 * - `C=CH, O=Example, CN=gateway`: a distinguished name
 * - `alice@example.com`: a mail address; `@name`: a host name whatever it looks like; `@#0a1b`: a key ID in hex
 * - `vpn.example.com`, `alice`: a host name (FQDN); any other text: a key ID, octet for octet
 * - with a prefix what it is, whatever it looks like: `ipv4:`, `ipv6:`, `fqdn:`, `email:`, `keyid:`, `asn1dn:`, as strongSwan has them;
 *   after `keyid:` and `asn1dn:` a `#` begins octets in hex
 */
export function parseIdentity(text: string): Result<IkeIdentity, ParseError> {
  const refuse = (reason: string) => err({ text, reason });
  const trimmed = text.trim();
  if (trimmed === '') return refuse('an identity is missing');
  if (trimmed.length > mostCharacters) return refuse(`longer than ${mostCharacters} characters`);
  if (trimmed.startsWith('@#')) return parseKeyId(trimmed);
  if (trimmed.startsWith('@')) return ok({ type: identityTypes.fqdn, data: utf8.encode(trimmed.slice(1)) });
  const prefixed = parsePrefixed(trimmed);
  if (prefixed !== undefined) return prefixed;
  const address = parseIpAddress(trimmed);
  if (address.ok) {
    const { family, octets } = address.value;
    return ok({ type: family === 4 ? identityTypes.ipv4 : identityTypes.ipv6, data: octets });
  }
  if (trimmed.includes('=')) return parseNameText(trimmed);
  if (/^[^\s@]+@[^\s@]+$/.test(trimmed))
    return ok({ type: identityTypes.rfc822, data: utf8.encode(trimmed) });
  const host = trimmed.replace(/\.$/, '');
  if (/^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_-]+)*$/.test(host))
    return ok({ type: identityTypes.fqdn, data: utf8.encode(host) });
  if (/[^\x20-\x7e]/.test(trimmed) && trimmed.includes('.'))
    return refuse('a host name with other letters than a to z is written in its xn-- form');
  return ok({ type: identityTypes.keyId, data: utf8.encode(trimmed) });
}

/** Text for people; safe to print. */
export function formatIdentity({ type, data }: IkeIdentity): string {
  const shown = data.subarray(0, mostCharacters);
  if (type === identityTypes.ipv4 && data.length === 4) return formatIpAddress(ipAddress(data));
  if (type === identityTypes.ipv6 && data.length === 16) return formatIpAddress(ipAddress(data));
  if (type === identityTypes.fqdn || type === identityTypes.rfc822) return printable(utf8.decode(shown));
  if (type === identityTypes.distinguishedName) {
    const name = parseDistinguishedName(data);
    return name === undefined ? `(a name that can't be read)` : formatDistinguishedName(name);
  }
  const text = utf8.decodeStrict(shown);
  if (type === identityTypes.keyId && text !== undefined && /^[\x20-\x7e]+$/.test(text)) return text;
  return type === identityTypes.keyId ? `@#${toHex(shown)}` : `identity type ${type}, ${toHex(shown)}`;
}

/** The same identity: host names and mail domains without regard to case, names by RFC 5280's rules, else octets. */
export function sameIdentity(a: IkeIdentity, b: IkeIdentity): boolean {
  if (a.type !== b.type) return false;
  switch (a.type) {
    case identityTypes.fqdn:
      return normalHost(utf8.decode(a.data)) === normalHost(utf8.decode(b.data));
    case identityTypes.rfc822:
      return normalMail(utf8.decode(a.data)) === normalMail(utf8.decode(b.data));
    case identityTypes.distinguishedName: {
      const key = parseDistinguishedName(a.data)?.key;
      return key === undefined ? equal(a.data, b.data) : key === parseDistinguishedName(b.data)?.key;
    }
    default:
      return equal(a.data, b.data);
  }
}

/** Lower case without a final dot: only A to Z are folded, as DNS does. */
export function normalHost(name: string): string {
  return name.replace(/\.$/, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The domain is folded, the mailbox is not. @rfc 5280 7.5 */
export function normalMail(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at + 1) + normalHost(address.slice(at + 1));
}

const prefixes: Readonly<Record<string, keyof typeof identityTypes>> = {
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  fqdn: 'fqdn',
  email: 'rfc822',
  rfc822: 'rfc822',
  keyid: 'keyId',
  asn1dn: 'distinguishedName',
};

/** `undefined` without a prefix that is known. */
function parsePrefixed(text: string): Result<IkeIdentity, ParseError> | undefined {
  const [, prefix = '', value = ''] = /^([a-z0-9]+):(.*)$/.exec(text) ?? [];
  const kind = Object.hasOwn(prefixes, prefix) ? prefixes[prefix] : undefined;
  if (kind === undefined) return undefined;
  if (value.trim() === '') return err({ text, reason: `after ${prefix}: an identity is missing` });
  const type = identityTypes[kind];
  if (kind === 'ipv4' || kind === 'ipv6') {
    const address = parseIpAddress(value);
    const fits = address.ok && address.value.family === (kind === 'ipv4' ? 4 : 6);
    return fits
      ? ok({ type, data: address.value.octets })
      : err({ text, reason: `after ${prefix}: comes an address` });
  }
  const hex = /^#((?:[0-9a-fA-F]{2})+)$/.exec(value)?.[1];
  if (hex !== undefined && (kind === 'keyId' || kind === 'distinguishedName'))
    return ok({ type, data: fromHex(hex) });
  return kind === 'distinguishedName' ? parseNameText(value) : ok({ type, data: utf8.encode(value) });
}

function parseKeyId(text: string): Result<IkeIdentity, ParseError> {
  const digits = text.slice(2);
  if (!/^([0-9a-fA-F]{2})+$/.test(digits))
    return err({ text, reason: 'after @# come hexadecimal digits in pairs' });
  return ok({ type: identityTypes.keyId, data: fromHex(digits) });
}

/** `type=value` pairs between commas (or slashes, when the text starts with one); `\,` stands for a comma. */
function parseNameText(text: string): Result<IkeIdentity, ParseError> {
  const parts = text.startsWith('/') ? text.slice(1).split('/') : text.split(/(?<!\\),/);
  const rdns: Uint8Array[] = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    const type = part.slice(0, equals).trim().toLowerCase();
    const value = part
      .slice(equals + 1)
      .trim()
      .replace(/\\(.)/g, '$1');
    const oid = attributeTypes.get(type);
    if (equals < 0 || value === '')
      return err({ text, reason: `${printable(part.trim())} is not a type=value pair` });
    if (oid === undefined) return err({ text, reason: `${printable(type)} is not a part of a name` });
    rdns.push(encodeRdn(oid, value));
  }
  return ok({ type: identityTypes.distinguishedName, data: encode(0x30, concat(...rdns)) });
}

function encodeRdn(oid: string, value: string): Uint8Array {
  const ia5 = oid === emailAddressOid || oid.endsWith('.100.1.25');
  const tag = ia5 ? 0x16 : /^[A-Za-z0-9 '()+,./:=?-]*$/.test(value) ? 0x13 : 0x0c;
  return encode(0x31, encode(0x30, concat(encode(0x06, encodeOid(oid)), encode(tag, utf8.encode(value)))));
}

function encodeOid(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return Uint8Array.from(octets);
}

function encode(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...size), content);
}
