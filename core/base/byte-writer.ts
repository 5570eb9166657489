/** Appends big-endian fields to a buffer that grows. Lengths that are known late are patched in afterwards. */
export class ByteWriter {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
    this.#view = new DataView(this.#buffer.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#grow(1);
    this.#view.setUint8(this.#length, value);
    this.#length += 1;
    return this;
  }

  u16(value: number): this {
    this.#grow(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
    return this;
  }

  u24(value: number): this {
    return this.u8((value >>> 16) & 0xff).u16(value & 0xffff);
  }

  u32(value: number): this {
    this.#grow(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
    return this;
  }

  u64(value: bigint): this {
    this.#grow(8);
    this.#view.setBigUint64(this.#length, value);
    this.#length += 8;
    return this;
  }

  bytes(octets: Uint8Array): this {
    this.#grow(octets.length);
    this.#buffer.set(octets, this.#length);
    this.#length += octets.length;
    return this;
  }

  zeros(count: number): this {
    this.#grow(count);
    this.#length += count;
    return this;
  }

  patchU16(at: number, value: number): void {
    this.#view.setUint16(at, value);
  }

  /** A copy of what was written so far, owned by the caller. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #grow(count: number): void {
    const need = this.#length + count;
    if (need <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(need, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}
