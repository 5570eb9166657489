import { socketAddressOctets } from '../../platform/linux/socket-address.ts';

/** How long a lane that nobody empties may hold up the worker that fills it. */
const patienceMs = 100;

/** Words in front of the records. The positions count octets since the start, modulo 2^32; each has one writer. */
const wordTail = 0;
/** All records up to here are done with: their packets have left. */
const wordHead = 1;
/** The reader sleeps, and wants to be woken by the next record. */
const wordAsleep = 2;
/** The writer waits for `head` to move. */
const wordBlocked = 3;
const headOctets = 64;

/** One record lies in one piece. Where it would not fit before the end, this length says: go on at the start. */
const skip = 0xffff_ffff;

/** Length, size, class and flags of a record, then the sender's sockaddr. */
const nameAt = 16;
const recordHeadOctets = nameAt + socketAddressOctets;

/**
 * Memory for what one thread hands over to another, in order: a ring of records. `capacity` is a power of two; the longest
 * record is a quarter of it at most.
 */
export function createLaneMemory(capacity: number): SharedArrayBuffer {
  if (capacity < 1_024 || (capacity & (capacity - 1)) !== 0) throw new RangeError('a power of two');
  return new SharedArrayBuffer(headOctets + capacity);
}

class Ring {
  readonly words: Int32Array;
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, headOctets / 4);
    this.octets = new Uint8Array(memory, headOctets);
    this.view = new DataView(memory, headOctets);
    this.mask = this.octets.length - 1;
  }
}

/** The sending end of a lane. One thread has it. */
export class LaneWriter {
  readonly #ring: Ring;
  readonly #wake: () => void;
  #tail: number;
  /** Octets handed over since the start, for comparison with `done`. */
  #pushed = 0;

  /** `wake` gets the reader out of its wait. */
  constructor(memory: SharedArrayBuffer, wake: () => void) {
    this.#ring = new Ring(memory);
    this.#wake = wake;
    this.#tail = Atomics.load(this.#ring.words, wordTail);
  }

  get pushed(): number {
    return this.#pushed;
  }

  /** How much of `pushed` the reader is done with. */
  get done(): number {
    return this.#pushed - this.#used();
  }

  get drained(): boolean {
    return this.#used() === 0;
  }

  /** Whether a record of `length` octets has room now. */
  fits(length: number): boolean {
    const { octets, mask } = this.#ring;
    const whole = recordOctets(length);
    const used = this.#used();
    const toEnd = octets.length - (this.#tail & mask);
    return used === 0 || octets.length - used >= (whole <= toEnd ? whole : toEnd + whole);
  }

  /** Waits until a record of `length` octets has room. False: the reader has made none for too long. */
  makeRoom(length: number): boolean {
    while (!this.fits(length)) if (!this.awaitProgress()) return false;
    return true;
  }

  /**
   * Waits for some time until the reader is done with a good part. False when nothing moved: the reader has lost the processor, or
   * its life.
   */
  awaitProgress(): boolean {
    const { words } = this.#ring;
    const head = Atomics.load(words, wordHead);
    if (head === this.#tail) return true;
    Atomics.store(words, wordBlocked, 1);
    this.wakeReader();
    const moved = Atomics.load(words, wordHead) !== head;
    const outcome = moved ? 'not-equal' : Atomics.wait(words, wordHead, head, patienceMs);
    Atomics.store(words, wordBlocked, 0);
    return outcome !== 'timed-out';
  }

  /**
   * Hands over `length` octets at `at`, which must fit. `size` and `outerClass` go along for the reader, and a sockaddr if there
   * is one. The reader does not wake up before `wakeReader`.
   */
  push(
    octets: Uint8Array,
    at: number,
    length: number,
    size: number,
    outerClass: number,
    name?: Uint8Array,
    from = 0,
  ): void {
    const ring = this.#ring;
    const whole = recordOctets(length);
    let place = this.#tail & ring.mask;
    const toEnd = ring.octets.length - place;
    if (whole > toEnd) {
      ring.view.setUint32(place, skip, true);
      this.#advance(toEnd);
      place = 0;
    }
    ring.view.setUint32(place, length, true);
    ring.view.setUint32(place + 4, size, true);
    ring.view.setUint32(place + 8, outerClass, true);
    if (name !== undefined)
      for (let i = 0; i < socketAddressOctets; i++) ring.octets[place + nameAt + i] = name[from + i] ?? 0;
    ring.octets.set(octets.subarray(at, at + length), place + recordHeadOctets);
    this.#advance(whole);
    Atomics.store(ring.words, wordTail, this.#tail);
  }

  /** Gets the reader to work, if it sleeps. Cheap when it doesn't. */
  wakeReader(): void {
    const { words } = this.#ring;
    if (Atomics.load(words, wordAsleep) === 0) return;
    if (Atomics.exchange(words, wordAsleep, 0) === 1) this.#wake();
  }

  #advance(count: number): void {
    this.#tail = (this.#tail + count) | 0;
    this.#pushed += count;
  }

  #used(): number {
    return (this.#tail - Atomics.load(this.#ring.words, wordHead)) >>> 0;
  }
}

/** The receiving end of a lane. One thread has it. */
export class LaneReader {
  readonly #ring: Ring;
  /** Up to here records were taken, and up to `head` they are done with. */
  #at: number;
  #place = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new Ring(memory);
    this.#at = Atomics.load(this.#ring.words, wordHead);
  }

  /** Moves on to the next record: its length in octets, or -1 when there is none. It stays in place until `settle`. */
  next(): number {
    const { words, view, mask, octets } = this.#ring;
    for (;;) {
      if (Atomics.load(words, wordTail) === this.#at) return -1;
      const place = this.#at & mask;
      const length = view.getUint32(place, true);
      if (length !== skip) {
        this.#place = place;
        this.#at = (this.#at + recordOctets(length)) | 0;
        return length;
      }
      this.#at = (this.#at + octets.length - place) | 0;
    }
  }

  /** Of the record at hand. */
  get size(): number {
    return this.#ring.view.getUint32(this.#place + 4, true);
  }

  get outerClass(): number {
    return this.#ring.view.getUint32(this.#place + 8, true);
  }

  /** The sender's sockaddr, in `octets`. */
  get nameAt(): number {
    return this.#place + nameAt;
  }

  get octets(): Uint8Array {
    return this.#ring.octets;
  }

  copyTo(into: Uint8Array, at: number, length: number): void {
    const from = this.#place + recordHeadOctets;
    into.set(this.#ring.octets.subarray(from, from + length), at);
  }

  /** What was taken so far is done with: its room is free, and what comes behind it may go another way. */
  settle(): void {
    const { words, octets } = this.#ring;
    if (Atomics.load(words, wordHead) === this.#at) return;
    Atomics.store(words, wordHead, this.#at);
    if (Atomics.load(words, wordBlocked) === 0) return;
    // Not for each record: the writer then has some work before it waits again.
    const waiting = (Atomics.load(words, wordTail) - this.#at) >>> 0;
    if (waiting <= octets.length >> 1) Atomics.notify(words, wordHead);
  }

  /** Says that the reader is about to sleep. False when there is something to do after all. */
  fallAsleep(): boolean {
    const { words } = this.#ring;
    Atomics.store(words, wordAsleep, 1);
    if (Atomics.load(words, wordTail) === this.#at) return true;
    Atomics.store(words, wordAsleep, 0);
    return false;
  }
}

/** Records begin on multiples of 16, so that a head always fits before the end. */
function recordOctets(length: number): number {
  return (recordHeadOctets + length + 15) & ~15;
}
