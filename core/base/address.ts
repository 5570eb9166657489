import { err, ok, type Result } from './result.ts';
import { readU16 } from './words.ts';

/** IPv4 (4 octets) or IPv6 (16 octets), in network order. Treat as immutable. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly octets: Uint8Array;
}

export interface IpPrefix {
  readonly address: IpAddress;
  /** 0 to 32 or 0 to 128. Host bits of `address` may be set (an interface address has them). */
  readonly length: number;
}

export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** Text that is not what it should be, e.g. a user's typing: the sentence is for that user. */
export interface ParseError {
  readonly text: string;
  readonly reason: string;
}

/** @throws RangeError when there are neither 4 nor 16 octets. Takes a copy. */
export function ipAddress(octets: Uint8Array): IpAddress {
  if (octets.length !== 4 && octets.length !== 16) throw new RangeError('an IP address has 4 or 16 octets');
  return { family: octets.length === 4 ? 4 : 6, octets: new Uint8Array(octets) };
}

export function parseIpAddress(text: string): Result<IpAddress, ParseError> {
  const octets = text.includes(':') ? parseV6(text) : parseV4(text);
  return octets === undefined
    ? err({ text, reason: 'not an IP address' })
    : ok({ family: octets.length === 4 ? 4 : 6, octets });
}

/** RFC 5952 text for IPv6, dotted decimal for IPv4. */
export function formatIpAddress(address: IpAddress): string {
  if (address.family === 4) return address.octets.join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(readU16(address.octets, i));
  const run = longestZeroRun(groups);
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (run.length < 2) return text(0, 8);
  return `${text(0, run.start)}::${text(run.start + run.length, 8)}`;
}

export function parseIpPrefix(text: string): Result<IpPrefix, ParseError> {
  const slash = text.indexOf('/');
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (!address.ok) return err({ text, reason: 'not an address or prefix such as 10.0.0.0/8' });
  const bits = address.value.octets.length * 8;
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const length = /^\d{1,3}$/.test(lengthText) ? Number(lengthText) : -1;
  if (length < 0 || length > bits) return err({ text, reason: `prefix length must be 0 to ${bits}` });
  return ok({ address: address.value, length });
}

export function formatIpPrefix(prefix: IpPrefix): string {
  return `${formatIpAddress(prefix.address)}/${prefix.length}`;
}

export function formatEndpoint(endpoint: Endpoint): string {
  const host = formatIpAddress(endpoint.address);
  return endpoint.address.family === 6 ? `[${host}]:${endpoint.port}` : `${host}:${endpoint.port}`;
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return compareAddresses(a, b) === 0;
}

/** Each address once, where it stands first. */
export function distinctAddresses(addresses: readonly IpAddress[]): readonly IpAddress[] {
  return [...new Map(addresses.map((address) => [formatIpAddress(address), address])).values()];
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameAddress(a.address, b.address);
}

/** Negative, zero or positive; all IPv4 addresses sort before IPv6. */
export function compareAddresses(a: IpAddress, b: IpAddress): number {
  if (a.family !== b.family) return a.family - b.family;
  for (let i = 0; i < a.octets.length; i++) {
    const difference = (a.octets[i] ?? 0) - (b.octets[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The prefix with its host bits cleared. */
export function networkOf(prefix: IpPrefix): IpPrefix {
  const octets = prefix.address.octets.slice();
  for (let bit = prefix.length; bit < octets.length * 8; bit++) {
    const at = bit >> 3;
    octets[at] = (octets[at] ?? 0) & ~(0x80 >> (bit & 7));
  }
  return { address: { family: prefix.address.family, octets }, length: prefix.length };
}

export function prefixContains(prefix: IpPrefix, address: IpAddress): boolean {
  if (prefix.address.family !== address.family) return false;
  return sameAddress(networkOf(prefix).address, networkOf({ address, length: prefix.length }).address);
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    // A leading zero is refused: some parsers take it for octal.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    octets[i] = Number(part);
  }
  return octets;
}

function parseV6(text: string): Uint8Array | undefined {
  const lastColon = text.lastIndexOf(':');
  let head = text;
  let tail: Uint8Array | undefined;
  if (text.includes('.')) {
    tail = parseV4(text.slice(lastColon + 1));
    if (tail === undefined) return undefined;
    head = `${text.slice(0, lastColon + 1)}${toGroup(tail, 0)}:${toGroup(tail, 2)}`;
  }
  const halves = head.split('::');
  if (halves.length > 2) return undefined;
  const left = parseGroups(halves[0] ?? '');
  const right = halves.length === 2 ? parseGroups(halves[1] ?? '') : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  const octets = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    octets[2 * i] = group >> 8;
    octets[2 * i + 1] = group & 0xff;
  }
  return octets;
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

function toGroup(octets: Uint8Array, at: number): string {
  return readU16(octets, at).toString(16);
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = -1;
  for (const [i, group] of groups.entries()) {
    if (group !== 0) start = -1;
    else if (start < 0) start = i;
    if (start >= 0 && i - start + 1 > best.length) best = { start, length: i - start + 1 };
  }
  return best;
}
