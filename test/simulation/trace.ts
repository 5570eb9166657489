import { decodeInner, decodeMessage, type SealedMessage } from '../../core/wire/ike/message.ts';
import { notateDecoded, notateMessage } from '../../core/wire/ike/notation.ts';
import type { IkeMessage } from '../../core/wire/ike/payload.ts';
import type { SealMemory } from './sim-crypto.ts';

/** What happened in one run, a line an event; kept only when somebody will read it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #on: boolean;

  constructor(on: boolean) {
    this.#on = on;
  }

  note(now: number, what: () => string | undefined): void {
    const words = this.#on ? what() : undefined;
    if (words !== undefined) this.lines.push(`${(now / 1000).toFixed(3).padStart(9)} ${words}`);
  }
}

/** The message in a datagram that one of the two sides made; undefined for a fragment and for damaged octets. */
export function readMessage(octets: Uint8Array, memory: SealMemory): IkeMessage | undefined {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) return undefined;
  return decoded.value.encrypted === undefined ? decoded.value : openWith(decoded.value, memory);
}

function openWith({ header, encrypted }: SealedMessage, memory: SealMemory): IkeMessage | undefined {
  const padded = memory.find(encrypted.sealed);
  if (padded === undefined || encrypted.fragment !== undefined) return undefined;
  const inner = padded.subarray(0, padded.length - 1 - (padded.at(-1) ?? 0));
  const message = decodeInner(header, encrypted.firstInner, inner, 0);
  return message.ok ? message.value : undefined;
}

export function notate(octets: Uint8Array, memory: SealMemory): string {
  const decoded = decodeMessage(octets);
  if (!decoded.ok) return `${octets.length} octets that are no message`;
  const { header } = decoded.value;
  const spis = `${shortSpi(header.initiatorSpi)}/${shortSpi(header.responderSpi)}`;
  const message = readMessage(octets, memory);
  return `${spis} ${message === undefined ? notateDecoded(decoded.value) : notateMessage(message)}`;
}

function shortSpi(spi: bigint): string {
  return spi.toString(16).padStart(16, '0').slice(0, 6);
}
