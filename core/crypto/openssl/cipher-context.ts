import type { PacketCipherShape } from '../packet-ciphers.ts';
import { type Address, addressOf, type Evp, evp } from './evp.ts';

/** Scratch layout: nonce at 0, OpenSSL's length answers at 16, a MAC at 32 (up to 64 octets), a key at 96. */
const scratchLengthAt = 16;
export const scratchMacAt = 32;
const scratchKeyAt = 96;

/** An EVP_CIPHER_CTX with its key, and a scratch memory with a fixed address. */
export class CipherContext {
  readonly evp: Evp;
  readonly context: Address;
  readonly scratch: Uint8Array;
  readonly scratchAddress: Address;
  readonly lengthAddress: Address;
  #closed = false;

  constructor(cipher: PacketCipherShape, key: Uint8Array, encrypt: boolean) {
    this.evp = evp();
    this.scratch = new Uint8Array(new ArrayBuffer(256));
    this.scratchAddress = addressOf(this.scratch);
    this.lengthAddress = this.scratchAddress + scratchLengthAt;
    const method = this.evp.cipherFetch(nameOf(cipher));
    if (method === 0) throw new Error(`OpenSSL has no ${cipher.name}`);
    this.context = this.evp.cipherContextNew();
    this.scratch.set(key, scratchKeyAt);
    const keyAddress = this.scratchAddress + scratchKeyAt;
    const done = this.evp.cipherInit(this.context, method, keyAddress, 0, encrypt ? 1 : 0);
    this.scratch.fill(0);
    this.evp.cipherFree(method);
    if (done !== 1) throw new Error(`OpenSSL refused a key for ${cipher.name}`);
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.evp.cipherContextFree(this.context);
    this.scratch.fill(0);
  }
}

function nameOf(cipher: PacketCipherShape): string {
  switch (cipher.encryptionId) {
    case 20:
      return `AES-${cipher.keyBits}-GCM`;
    case 28:
      return 'ChaCha20-Poly1305';
    case 12:
      return `AES-${cipher.keyBits}-CBC`;
    default:
      throw new Error(`no bulk cipher for ${cipher.name}`);
  }
}
