import type { IpAddress } from '../base/address.ts';
import { readU32 } from '../base/words.ts';
import type { TrafficSelector } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';
import type { InnerPacket } from './inner-packet.ts';

/** Words of a compiled IPv4 selector: protocol, first port, last port, start, end. */
const stride4 = 5;
/** The same for IPv6, whose addresses have four words. */
const stride6 = 11;

/**
 * Traffic selectors in a form that is quick to ask: flat arrays of 32-bit words, and a flag for the common
 * "everything of this family". @rfc 7296 3.13.1
 */
export class SelectorSet {
  readonly #v4: Uint32Array;
  readonly #v6: Uint32Array;
  readonly #all4: boolean;
  readonly #all6: boolean;

  constructor(selectors: readonly TrafficSelector[]) {
    // Ports 65535 to 0 mean OPAQUE: only packets whose ports can't be read.
    const v4 = selectors.filter((selector) => selector.start.family === 4 && selector.end.family === 4);
    const v6 = selectors.filter((selector) => selector.start.family === 6 && selector.end.family === 6);
    this.#v4 = compile(v4, stride4);
    this.#v6 = compile(v6, stride6);
    this.#all4 = v4.some(isEverything);
    this.#all6 = v6.some(isEverything);
  }

  /** Whether the packet's address at `addressAt` with `port` (-1: none to see) is inside. */
  matches(octets: Uint8Array, packet: InnerPacket, addressAt: number, port: number): boolean {
    return packet.version === 4
      ? this.#all4 || this.#matches4(octets, packet.protocol, addressAt, port)
      : this.#all6 || this.#matches6(octets, packet.protocol, addressAt, port);
  }

  #matches4(octets: Uint8Array, protocol: number, addressAt: number, port: number): boolean {
    const table = this.#v4;
    const address = readU32(octets, addressAt);
    for (let i = 0; i < table.length; i += stride4) {
      if (address < (table[i + 3] ?? 0) || address > (table[i + 4] ?? 0)) continue;
      if (matchesPort(table, i, protocol, port)) return true;
    }
    return false;
  }

  #matches6(octets: Uint8Array, protocol: number, addressAt: number, port: number): boolean {
    const table = this.#v6;
    for (let i = 0; i < table.length; i += stride6) {
      if (compare6(octets, addressAt, table, i + 3) < 0 || compare6(octets, addressAt, table, i + 7) > 0)
        continue;
      if (matchesPort(table, i, protocol, port)) return true;
    }
    return false;
  }
}

/**
 * The selectors of one child SA: whether a packet may leave by it, and whether one that came may be believed. Both
 * ends must match; for simplicity, each end on its own list, as all deployed peers do.
 */
export class ChildSelectors {
  readonly #local: SelectorSet;
  readonly #remote: SelectorSet;

  constructor(selectors: SelectorPair) {
    const breadth = (family: 4 | 6) =>
      breadthOf(selectors.remote, family) + breadthOf(selectors.local, family);
    this.breadth = { 4: breadth(4), 6: breadth(6) };
    this.#local = new SelectorSet(selectors.local);
    this.#remote = new SelectorSet(selectors.remote);
  }

  /** How much they take, for comparison: a packet leaves by the narrowest CHILD SA that takes it. @rfc 4301 4.4.1 */
  readonly breadth: { readonly 4: number; readonly 6: number };

  takesOutbound(octets: Uint8Array, packet: InnerPacket): boolean {
    return (
      this.#remote.matches(octets, packet, packet.destinationAt, packet.destinationPort) &&
      this.#local.matches(octets, packet, packet.sourceAt, packet.sourcePort)
    );
  }

  takesInbound(octets: Uint8Array, packet: InnerPacket): boolean {
    return (
      this.#local.matches(octets, packet, packet.destinationAt, packet.destinationPort) &&
      this.#remote.matches(octets, packet, packet.sourceAt, packet.sourcePort)
    );
  }
}

/** The widest of a family, in doublings: a prefix one bit shorter, or twice the ports, count the same. */
function breadthOf(selectors: readonly TrafficSelector[], family: 4 | 6): number {
  const own = selectors.filter(({ start }) => start.family === family);
  return own.reduce((most, selector) => Math.max(most, doublings(selector)), 0);
}

function doublings({ protocol, startPort, endPort, start, end }: TrafficSelector): number {
  const hosts = end.octets.reduce((sum, octet, i) => sum * 256 + octet - (start.octets[i] ?? 0), 0);
  const ports = Math.max(0, endPort - startPort);
  return Math.log2(hosts + 1) + Math.log2(ports + 1) + (protocol === 0 ? 8 : 0);
}

function compile(selectors: readonly TrafficSelector[], stride: number): Uint32Array {
  const table = new Uint32Array(selectors.length * stride);
  for (const [i, selector] of selectors.entries()) {
    const words = [...wordsOf(selector.start), ...wordsOf(selector.end)];
    table.set([selector.protocol, selector.startPort, selector.endPort, ...words], i * stride);
  }
  return table;
}

function wordsOf(address: IpAddress): number[] {
  const words: number[] = [];
  for (let i = 0; i < address.octets.length; i += 4) words.push(readU32(address.octets, i));
  return words;
}

function isEverything(selector: TrafficSelector): boolean {
  return (
    selector.protocol === 0 &&
    selector.startPort === 0 &&
    selector.endPort === 0xffff &&
    selector.start.octets.every((octet) => octet === 0) &&
    selector.end.octets.every((octet) => octet === 0xff)
  );
}

function matchesPort(table: Uint32Array, i: number, protocol: number, port: number): boolean {
  const wanted = table[i] ?? 0;
  if (wanted !== 0 && wanted !== protocol) return false;
  const first = table[i + 1] ?? 0;
  const last = table[i + 2] ?? 0;
  if (first === 0 && last === 0xffff) return true;
  // A packet without ports to see matches only ANY (above) and OPAQUE. @rfc 4301 4.4.1.1
  if (port < 0) return first === 0xffff && last === 0;
  return port >= first && port <= last;
}

function compare6(octets: Uint8Array, at: number, table: Uint32Array, from: number): number {
  for (let i = 0; i < 4; i++) {
    const difference = readU32(octets, at + 4 * i) - (table[from + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
