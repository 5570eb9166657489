import type { PacketCipherKey } from '../interfaces.ts';
import type { PacketCipherShape } from '../packet-ciphers.ts';
import type { BulkOpener, BulkSealer } from './bulk-interfaces.ts';
import { CipherContext, scratchMacAt } from './cipher-context.ts';
import { type Address, addressOf, type Evp, evp } from './evp.ts';
import { checkPlaces, type PacketMemory } from './packet-memory.ts';

const blockOctets = 16;
const macMax = 64;
/** The high half of an extended sequence number, and its place when there is none. */
const highOctets = 4;
const none = -1;

/** An EVP_MAC_CTX for HMAC that keeps its key from packet to packet. */
class HmacContext {
  readonly context: Address;
  readonly #evp: Evp;
  #closed = false;

  constructor(cipher: PacketCipherShape, key: Uint8Array) {
    this.#evp = evp();
    const method = this.#evp.macFetch('HMAC');
    if (method === 0) throw new Error('OpenSSL has no HMAC');
    this.context = this.#evp.macContextNew(method);
    this.#evp.macFree(method);
    const setup = new Uint8Array(new ArrayBuffer(256));
    const keyAt = digestParameter(setup, digestOf(cipher));
    setup.set(key, keyAt);
    const at = addressOf(setup);
    const done = this.#evp.macInit(this.context, at + keyAt, key.length, at);
    setup.fill(0);
    if (done !== 1) throw new Error(`OpenSSL refused a key for ${cipher.name}`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#evp.macContextFree(this.context);
  }
}

/** AES-CBC, then HMAC-SHA2 cut to half its length over all before it. @rfc 3602 @rfc 4868 2.3 */
class CbcHmac {
  readonly #cipher: CipherContext;
  readonly #hmac: HmacContext;
  readonly #memory: PacketMemory;
  readonly #icvOctets: number;

  constructor(cipher: PacketCipherShape, key: PacketCipherKey, memory: PacketMemory, encrypt: boolean) {
    if (cipher.ivOctets !== blockOctets) throw new Error(`no bulk cipher for ${cipher.name}`);
    this.#cipher = new CipherContext(cipher, key.encryption, encrypt);
    this.#cipher.evp.cipherSetPadding(this.#cipher.context, 0);
    this.#hmac = new HmacContext(cipher, key.integrity);
    this.#memory = memory;
    this.#icvOctets = cipher.icvOctets;
  }

  check(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt: number,
  ): void {
    checkPlaces(
      this.#memory,
      associatedAt,
      associatedLength,
      ivAt,
      blockOctets,
      dataAt,
      length + this.#icvOctets,
    );
    if (highAt !== none && !(highAt >= 0 && highAt + highOctets <= this.#memory.octets.length))
      throw new RangeError('a packet outside its memory');
    if (this.#cipher.closed) throw new Error('a closed cipher');
  }

  /** Encrypts or decrypts whole blocks. Without padding there is nothing left for a final call. */
  crypt(ivAt: number, dataAt: number, length: number): void {
    const { evp, context, lengthAddress } = this.#cipher;
    const { address } = this.#memory;
    const data = address + dataAt;
    const done =
      evp.cipherInit(context, 0, 0, address + ivAt, -1) &
      evp.cipherUpdate(context, data, lengthAddress, data, length);
    if (done !== 1) throw new Error('OpenSSL refused a packet');
  }

  /** Leaves the whole MAC in the scratch memory. In ESP all three parts are neighbours: one update. */
  mac(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt: number,
  ): void {
    const { evp, scratchAddress, lengthAddress } = this.#cipher;
    const { address } = this.#memory;
    const context = this.#hmac.context;
    let done = evp.macInit(context, 0, 0, 0);
    if (associatedAt + associatedLength === ivAt && ivAt + blockOctets === dataAt)
      done &= evp.macUpdate(context, address + associatedAt, associatedLength + blockOctets + length);
    else
      done &=
        evp.macUpdate(context, address + associatedAt, associatedLength) &
        evp.macUpdate(context, address + ivAt, blockOctets) &
        evp.macUpdate(context, address + dataAt, length);
    if (highAt !== none) done &= evp.macUpdate(context, address + highAt, highOctets);
    done &= evp.macFinal(context, scratchAddress + scratchMacAt, lengthAddress, macMax);
    if (done !== 1) throw new Error('OpenSSL refused a packet');
  }

  writeIcv(at: number): void {
    const { octets } = this.#memory;
    const { scratch } = this.#cipher;
    for (let i = 0; i < this.#icvOctets; i++) octets[at + i] = scratch[scratchMacAt + i] ?? 0;
  }

  /** In a time that doesn't depend on where the octets differ. */
  icvIsRight(at: number): boolean {
    const { octets } = this.#memory;
    const { scratch } = this.#cipher;
    let difference = 0;
    for (let i = 0; i < this.#icvOctets; i++)
      difference |= (octets[at + i] ?? 0) ^ (scratch[scratchMacAt + i] ?? 0);
    return difference === 0;
  }

  close(): void {
    this.#cipher.close();
    this.#hmac.close();
  }
}

export class CbcHmacSealer implements BulkSealer {
  readonly #both: CbcHmac;

  constructor(cipher: PacketCipherShape, key: PacketCipherKey, memory: PacketMemory) {
    this.#both = new CbcHmac(cipher, key, memory, true);
  }

  seal(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt = none,
  ): void {
    if (length % blockOctets !== 0) throw new RangeError('plaintext that is not padded to the block');
    this.#both.check(associatedAt, associatedLength, ivAt, dataAt, length, highAt);
    this.#both.crypt(ivAt, dataAt, length);
    this.#both.mac(associatedAt, associatedLength, ivAt, dataAt, length, highAt);
    this.#both.writeIcv(dataAt + length);
  }

  close(): void {
    this.#both.close();
  }
}

export class CbcHmacOpener implements BulkOpener {
  readonly #both: CbcHmac;

  constructor(cipher: PacketCipherShape, key: PacketCipherKey, memory: PacketMemory) {
    this.#both = new CbcHmac(cipher, key, memory, false);
  }

  open(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
    highAt = none,
  ): boolean {
    if (length < 0 || length % blockOctets !== 0) return false;
    this.#both.check(associatedAt, associatedLength, ivAt, dataAt, length, highAt);
    this.#both.mac(associatedAt, associatedLength, ivAt, dataAt, length, highAt);
    if (!this.#both.icvIsRight(dataAt + length)) return false;
    this.#both.crypt(ivAt, dataAt, length);
    return true;
  }

  close(): void {
    this.#both.close();
  }
}

/** Writes the OSSL_PARAM array { "digest": name }, END into `memory` and says where free space begins. */
function digestParameter(memory: Uint8Array, digest: string): number {
  const parameterOctets = 40;
  const keyAt = 2 * parameterOctets;
  const digestAt = keyAt + 8;
  const utf8StringType = 4;
  const view = new DataView(memory.buffer);
  const at = addressOf(memory);
  // struct ossl_param_st { key, data_type, data, data_size, return_size } on a 64-bit little-endian machine.
  view.setBigUint64(0, BigInt(at + keyAt), true);
  view.setUint32(8, utf8StringType, true);
  view.setBigUint64(16, BigInt(at + digestAt), true);
  view.setBigUint64(24, BigInt(digest.length), true);
  for (const [i, letter] of [...'digest'].entries()) memory[keyAt + i] = letter.charCodeAt(0);
  for (const [i, letter] of [...digest].entries()) memory[digestAt + i] = letter.charCodeAt(0);
  return digestAt + digest.length + 1;
}

function digestOf(cipher: PacketCipherShape): string {
  switch (cipher.integrityId) {
    case 12:
      return 'SHA256';
    case 13:
      return 'SHA384';
    case 14:
      return 'SHA512';
    default:
      throw new Error(`no bulk integrity for ${cipher.name}`);
  }
}
