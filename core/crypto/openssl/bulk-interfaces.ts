/**
 * Packets that are sealed, or opened, together: cheaper than one by one. They may overlap neither each other nor anything that
 * is written before `run`; associated data and IV are taken at `put` and may change from then on.
 */
export interface BulkBatch {
  /** So many may be put between two runs. */
  readonly capacity: number;
  /**
   * Arguments as for `seal` and `open`; associated data of at most 16 octets, data of at least one.
   * @throws RangeError when a place is outside the memory, or the batch is full (bugs).
   */
  put(associatedAt: number, associatedLength: number, ivAt: number, dataAt: number, length: number): void;
  /** Seals or opens all that was put, in that order. */
  run(): void;
  /** Whether the ICV of packet `i` of the last run was right, where packets are opened. */
  verified(i: number): boolean;
}

/**
 * Seals packets where they lie. Owned by one thread; nothing is allocated per packet.
 * All places are offsets into the memory given at opening; lengths in octets.
 */
export interface BulkSealer {
  /** Where this cipher, this processor and this system have it. */
  readonly batch?: BulkBatch | undefined;
  /**
   * Encrypts `length` octets of padded plaintext at `dataAt` in place and writes the ICV behind them. The IV
   * (`ivOctets` at `ivAt`, without the salt) must be there already; associated data lies at `associatedAt`.
   * For CBC the ICV covers associated data, IV and ciphertext, in this order, and then the 4 octets at `highAt`, the high
   * half of an extended sequence number, when it is given. An AEAD has that half in its associated data. @rfc 4303 2.2.1
   * @throws RangeError when a place is outside the memory or `length` isn't a multiple of the block (bugs).
   */
  seal(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt?: number,
  ): void;
  /** Frees the OpenSSL contexts, which wipes the keys. Idempotent. */
  close(): void;
}

/** The other direction of `BulkSealer`. */
export interface BulkOpener {
  readonly batch?: BulkBatch | undefined;
  /**
   * Verifies the ICV behind the `length` octets of ciphertext at `dataAt`, decrypts them in place, and says whether
   * the ICV was right. When it was not, the octets at `dataAt` are undefined: drop the packet. A `length` that no
   * honest peer sends (not a multiple of the block, or negative) is just not right.
   * @throws RangeError when a place is outside the memory (a bug: check the packet's length first).
   */
  open(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt?: number,
  ): boolean;
  close(): void;
}
