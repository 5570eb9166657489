import { addressOf } from './libc.ts';

/**
 * Memory for C structs that are laid out by hand, as 32-bit words of a 64-bit little-endian machine. It never moves.
 */
export class NativeWords {
  readonly octets: Uint8Array;
  readonly words: Uint32Array;
  readonly address: number;

  /** `count` octets, zeroed. */
  constructor(count: number) {
    const buffer = new ArrayBuffer(Math.max(128, Math.ceil(count / 8) * 8));
    this.octets = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.address = addressOf(this.octets);
  }

  /** Writes a pointer or size_t at an offset in octets (a multiple of 8). */
  writeLong(at: number, value: number): void {
    this.words[at >> 2] = value >>> 0;
    this.words[(at >> 2) + 1] = Math.floor(value / 0x1_0000_0000);
  }

  writeInt(at: number, value: number): void {
    this.words[at >> 2] = value;
  }

  readInt(at: number): number {
    return this.words[at >> 2] ?? 0;
  }
}

/** Offsets in struct msghdr and struct mmsghdr. */
export const messageHeader = {
  name: 0,
  nameLength: 8,
  vector: 16,
  vectorCount: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  /** msg_len of struct mmsghdr. */
  received: 56,
  octets: 64,
} as const;
