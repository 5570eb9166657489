import type { BulkBatch } from './bulk-interfaces.ts';
import { type CallRunner, callOctets, functionAddress } from './call-runner.ts';
import type { CipherContext } from './cipher-context.ts';
import { type Address, addressOf, controlAeadGetTag, controlAeadSetTag } from './evp.ts';
import { checkPlaces, type PacketMemory } from './packet-memory.ts';

/** What they hold stays in the processor's nearest memory between one pass over them and the next. */
const packets = 16;
const callsPerPacket = 5;
const wordsPerCall = callOctets / 4;
const resultWord = 14;
/** A nonce (12 octets), and what is authenticated with the packet: an ESP header, extended or not. */
const nonceOctets = 16;
const associatedMax = 16;
const scratchOctets = nonceOctets + associatedMax;
const keep = -1;

/** Calls by their place in the list of a packet; sealing and opening differ in when the tag is given. */
const sealing = { start: 0, associate: 1, crypt: 2, finish: 3, tag: 4 } as const;
const opening = { start: 0, tag: 1, associate: 2, crypt: 3, finish: 4 } as const;

interface AeadSizes {
  readonly ivOctets: number;
  readonly icvOctets: number;
}

/**
 * The foreign calls of several packets as a list that is run at once: a call from JavaScript costs more than the half of
 * what encrypting a packet does. What is the same for every packet is in the list from the start.
 */
export class AeadBatch implements BulkBatch {
  readonly capacity = packets;
  readonly #cipher: CipherContext;
  readonly #runner: CallRunner;
  readonly #memory: PacketMemory;
  readonly #sizes: AeadSizes;
  readonly #saltOctets: number;
  readonly #encrypt: boolean;
  readonly #order: typeof sealing | typeof opening;
  readonly #octets: Uint8Array;
  readonly #words: Int32Array;
  readonly #address: Address;
  readonly #scratchAt: number;
  readonly #verdicts = new Uint8Array(packets);
  #count = 0;

  /** The key is in `cipher`, which stays its owner's. */
  constructor(
    cipher: CipherContext,
    runner: CallRunner,
    memory: PacketMemory,
    salt: Uint8Array,
    sizes: AeadSizes,
    encrypt: boolean,
  ) {
    this.#cipher = cipher;
    this.#runner = runner;
    this.#memory = memory;
    this.#sizes = sizes;
    this.#saltOctets = salt.length;
    this.#encrypt = encrypt;
    this.#order = encrypt ? sealing : opening;
    this.#scratchAt = packets * callsPerPacket * callOctets;
    this.#octets = new Uint8Array(new ArrayBuffer(this.#scratchAt + packets * scratchOctets));
    this.#words = new Int32Array(this.#octets.buffer);
    this.#address = addressOf(this.#octets);
    for (let i = 0; i < packets; i++) {
      this.#octets.set(salt, this.#scratchAt + i * scratchOctets);
      this.#prepare(i);
    }
  }

  put(associatedAt: number, associatedLength: number, ivAt: number, dataAt: number, length: number): void {
    const { ivOctets, icvOctets } = this.#sizes;
    const { octets, address } = this.#memory;
    checkPlaces(this.#memory, associatedAt, associatedLength, ivAt, ivOctets, dataAt, length + icvOctets);
    if (this.#count === packets || associatedLength > associatedMax || length < 1)
      throw new RangeError('no place in the batch');
    if (this.#cipher.closed) throw new Error('a closed cipher');
    const i = this.#count++;
    const nonceAt = this.#scratchAt + i * scratchOctets;
    for (let k = 0, to = nonceAt + this.#saltOctets; k < ivOctets; k++, to++)
      this.#octets[to] = octets[ivAt + k] ?? 0;
    for (let k = 0, to = nonceAt + nonceOctets; k < associatedLength; k++, to++)
      this.#octets[to] = octets[associatedAt + k] ?? 0;
    const { associate, crypt, finish, tag } = this.#order;
    const data = address + dataAt;
    const first = i * callsPerPacket;
    this.#setArgument(first + associate, 4, associatedLength);
    this.#setArgument(first + crypt, 1, data);
    this.#setArgument(first + crypt, 3, data);
    this.#setArgument(first + crypt, 4, length);
    this.#setArgument(first + finish, 1, data);
    this.#setArgument(first + tag, 3, data + length);
  }

  run(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    if (this.#cipher.closed) throw new Error('a closed cipher');
    this.#runner.run(this.#address, count * callsPerPacket);
    const words = this.#words;
    const { finish } = this.#order;
    for (let i = 0; i < count; i++) {
      let good = 1;
      for (let call = 0; call < callsPerPacket; call++) {
        const result = words[(i * callsPerPacket + call) * wordsPerCall + resultWord] ?? 0;
        // The verdict on the tag is the only answer that a packet of a stranger can change.
        if (call !== finish || this.#encrypt) good &= result;
        else this.#verdicts[i] = result === 1 ? 1 : 0;
      }
      if (good !== 1) throw new Error('OpenSSL refused a packet');
    }
  }

  verified(i: number): boolean {
    return this.#verdicts[i] === 1;
  }

  /** Packets that were not run are given up. */
  close(): void {
    this.#count = 0;
    this.#octets.fill(0);
  }

  /** What is known of packet `i` before there is one. */
  #prepare(i: number): void {
    const { context, lengthAddress } = this.#cipher;
    const { start, associate, crypt, finish, tag } = this.#order;
    const scratch = this.#address + this.#scratchAt + i * scratchOctets;
    const set = (call: number, name: string, ...rest: readonly number[]): void => {
      const at = i * callsPerPacket + call;
      for (const [k, value] of [functionAddress(name), context, ...rest].entries())
        this.#setArgument(at, k - 1, value);
    };
    const control = this.#encrypt ? controlAeadGetTag : controlAeadSetTag;
    set(start, 'EVP_CipherInit_ex', 0, 0, 0, scratch, keep);
    set(associate, 'EVP_CipherUpdate', 0, lengthAddress, scratch + nonceOctets, 0);
    set(crypt, 'EVP_CipherUpdate', 0, lengthAddress, 0, 0);
    set(finish, 'EVP_CipherFinal_ex', 0, lengthAddress);
    set(tag, 'EVP_CIPHER_CTX_ctrl', control, this.#sizes.icvOctets, 0);
  }

  /** -1 is the function. */
  #setArgument(call: number, argument: number, value: number): void {
    const word = call * wordsPerCall + (argument + 1) * 2;
    this.#words[word] = value | 0;
    this.#words[word + 1] = Math.floor(value / 0x1_0000_0000);
  }
}
