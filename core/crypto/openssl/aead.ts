import type { PacketCipherKey } from '../interfaces.ts';
import type { PacketCipherShape } from '../packet-ciphers.ts';
import { AeadBatch } from './aead-batch.ts';
import type { BulkOpener, BulkSealer } from './bulk-interfaces.ts';
import type { CallRunner } from './call-runner.ts';
import { CipherContext } from './cipher-context.ts';
import { controlAeadGetTag, controlAeadSetTag } from './evp.ts';
import { checkPlaces, type PacketMemory } from './packet-memory.ts';

const saltMax = 4;

/** AES-GCM with a 16-octet ICV and ChaCha20-Poly1305: nonce = salt || IV. @rfc 4106 4 @rfc 7634 2 */
class Aead {
  readonly batch: AeadBatch | undefined;
  readonly #cipher: CipherContext;
  readonly #memory: PacketMemory;
  readonly #ivOctets: number;
  readonly #saltOctets: number;
  readonly #icvOctets: number;

  constructor(
    cipher: PacketCipherShape,
    key: PacketCipherKey,
    memory: PacketMemory,
    runner: CallRunner | undefined,
    encrypt: boolean,
  ) {
    if (cipher.saltOctets > saltMax || cipher.icvOctets !== 16)
      throw new Error(`no bulk AEAD ${cipher.name}`);
    this.#cipher = new CipherContext(cipher, key.encryption, encrypt);
    this.#cipher.scratch.set(key.salt, 0);
    this.#memory = memory;
    this.#ivOctets = cipher.ivOctets;
    this.#saltOctets = cipher.saltOctets;
    this.#icvOctets = cipher.icvOctets;
    if (runner !== undefined)
      this.batch = new AeadBatch(this.#cipher, runner, memory, key.salt, cipher, encrypt);
  }

  /** Five foreign calls: IV, associated data, data, tag, final (the tag comes last when sealing). */
  run(
    encrypt: boolean,
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
  ): boolean {
    const memory = this.#memory;
    const icv = this.#icvOctets;
    checkPlaces(memory, associatedAt, associatedLength, ivAt, this.#ivOctets, dataAt, length + icv);
    const { evp, context, scratch, scratchAddress, lengthAddress, closed } = this.#cipher;
    if (closed) throw new Error('a closed cipher');
    const { octets, address } = memory;
    for (let i = 0, to = this.#saltOctets; i < this.#ivOctets; i++, to++) scratch[to] = octets[ivAt + i] ?? 0;
    const data = address + dataAt;
    let done = evp.cipherInit(context, 0, 0, scratchAddress, -1);
    if (!encrypt) done &= evp.cipherControl(context, controlAeadSetTag, icv, data + length);
    done &= evp.cipherUpdate(context, 0, lengthAddress, address + associatedAt, associatedLength);
    if (length > 0) done &= evp.cipherUpdate(context, data, lengthAddress, data, length);
    if (done !== 1) throw new Error('OpenSSL refused a packet');
    // Final writes nothing for these stream-like ciphers; its result when opening is the verdict on the tag.
    if (evp.cipherFinal(context, data, lengthAddress) !== 1) return false;
    return !encrypt || evp.cipherControl(context, controlAeadGetTag, icv, data + length) === 1;
  }

  close(): void {
    this.batch?.close();
    this.#cipher.close();
  }
}

export class AeadSealer implements BulkSealer {
  readonly #aead: Aead;

  constructor(cipher: PacketCipherShape, key: PacketCipherKey, memory: PacketMemory, runner?: CallRunner) {
    this.#aead = new Aead(cipher, key, memory, runner, true);
  }

  get batch(): AeadBatch | undefined {
    return this.#aead.batch;
  }

  seal(associatedAt: number, associatedLength: number, ivAt: number, dataAt: number, length: number): void {
    if (!this.#aead.run(true, associatedAt, associatedLength, ivAt, dataAt, length))
      throw new Error('OpenSSL did not seal a packet');
  }

  close(): void {
    this.#aead.close();
  }
}

export class AeadOpener implements BulkOpener {
  readonly #aead: Aead;

  constructor(cipher: PacketCipherShape, key: PacketCipherKey, memory: PacketMemory, runner?: CallRunner) {
    this.#aead = new Aead(cipher, key, memory, runner, false);
  }

  get batch(): AeadBatch | undefined {
    return this.#aead.batch;
  }

  open(
    associatedAt: number,
    associatedLength: number,
    ivAt: number,
    dataAt: number,
    length: number,
  ): boolean {
    if (length < 0) return false;
    return this.#aead.run(false, associatedAt, associatedLength, ivAt, dataAt, length);
  }

  close(): void {
    this.#aead.close();
  }
}
