import { type MalformedError, malformed } from './errors.ts';
import { err, ok, type Result } from './result.ts';

/**
 * Reads big-endian fields from a view of octets. A read past the end does not throw: it returns zeroes and marks
 * the reader as failed, and `finish` (or `fail`) turns that into one error. So a decoder reads a whole fixed header,
 * then checks once. Every returned array is a view into the input, not a copy.
 */
export class ByteReader {
  readonly octets: Uint8Array;
  readonly #what: string;
  readonly #base: number;
  #at = 0;
  #failure: MalformedError | undefined;

  /** `what` names the structure for errors; `base` is where `octets` lies in the enclosing message. */
  constructor(octets: Uint8Array, what: string, base = 0) {
    this.octets = octets;
    this.#what = what;
    this.#base = base;
  }

  get remaining(): number {
    return this.octets.length - this.#at;
  }

  get offset(): number {
    return this.#base + this.#at;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  u8(): number {
    if (!this.#need(1)) return 0;
    return this.octets[this.#at++] ?? 0;
  }

  u16(): number {
    if (!this.#need(2)) return 0;
    return this.u8() * 0x100 + this.u8();
  }

  u24(): number {
    if (!this.#need(3)) return 0;
    return this.u8() * 0x10000 + this.u16();
  }

  u32(): number {
    if (!this.#need(4)) return 0;
    return this.u16() * 0x10000 + this.u16();
  }

  u64(): bigint {
    if (!this.#need(8)) return 0n;
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  take(length: number): Uint8Array {
    if (!this.#need(length)) return new Uint8Array(0);
    const view = this.octets.subarray(this.#at, this.#at + length);
    this.#at += length;
    return view;
  }

  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  /** A reader over the next `length` octets, whose offsets stay those of the enclosing message. */
  sub(length: number, what: string): ByteReader {
    const base = this.offset;
    return new ByteReader(this.take(length), what, base);
  }

  /** Marks the input as malformed at the present offset. The first mark wins. */
  fail(reason: string): void {
    this.#failure ??= malformed(this.#what, { offset: this.offset, reason });
  }

  /** Adopts a failure of a sub-reader. */
  adopt(failure: MalformedError): void {
    this.#failure ??= failure;
  }

  /** `value` when every read so far succeeded. */
  finish<T>(value: T): Result<T, MalformedError> {
    return this.#failure === undefined ? ok(value) : err(this.#failure);
  }

  /** As `finish`, and octets left over are an error too. */
  finishAll<T>(value: T): Result<T, MalformedError> {
    if (this.remaining > 0) this.fail(`${this.remaining} octets left over`);
    return this.finish(value);
  }

  #need(length: number): boolean {
    if (this.#failure !== undefined) return false;
    if (length >= 0 && length <= this.remaining) return true;
    this.#failure = malformed(this.#what, { offset: this.offset, need: length, got: this.remaining });
    return false;
  }
}
