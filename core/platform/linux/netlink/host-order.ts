/**
 * Netlink speaks the byte order of the machine. Fields of one structure are written and read one after the other;
 * a read past the end gives 0 and sets `failed`.
 */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export class HostReader {
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #failed = false;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  get failed(): boolean {
    return this.#failed;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#octets.length - this.#at;
  }

  u8(): number {
    return this.#need(1) ? this.#view.getUint8(this.#at++) : 0;
  }

  u16(): number {
    if (!this.#need(2)) return 0;
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2, littleEndian);
  }

  u32(): number {
    if (!this.#need(4)) return 0;
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, littleEndian);
  }

  s32(): number {
    return this.u32() | 0;
  }

  /** A view of the next octets. */
  take(length: number): Uint8Array {
    if (!this.#need(length)) return new Uint8Array(0);
    this.#at += length;
    return this.#octets.subarray(this.#at - length, this.#at);
  }

  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  #need(length: number): boolean {
    if (!this.#failed && length <= this.remaining) return true;
    this.#failed = true;
    return false;
  }
}

export class HostWriter {
  readonly #octets: number[] = [];

  u8(value: number): this {
    this.#octets.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return littleEndian ? this.u8(value).u8(value >>> 8) : this.u8(value >>> 8).u8(value);
  }

  u32(value: number): this {
    return littleEndian
      ? this.u16(value & 0xffff).u16(value >>> 16)
      : this.u16(value >>> 16).u16(value & 0xffff);
  }

  bytes(octets: Uint8Array): this {
    for (const octet of octets) this.#octets.push(octet);
    return this;
  }

  /** Zeros up to the next multiple of 4, which is where netlink aligns everything. */
  align(): this {
    while (this.#octets.length % 4 !== 0) this.#octets.push(0);
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#octets);
  }
}

export function u32Octets(value: number): Uint8Array {
  return new HostWriter().u32(value >>> 0).finish();
}
