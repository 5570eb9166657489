import koffi from 'koffi';

/**
 * The few functions of OpenSSL's EVP interface that bulk ESP needs, called in the OpenSSL that is inside the running
 * node binary (`koffi.load(null)`; loading the system's libcrypto beside it crashes, because the symbols interpose).
 *
 * Every pointer is a plain number: with koffi `uintptr_t` and numbers cost about 65 ns a call, `void *` with bigints 72
 * to 95, with Buffers 115. User-space addresses fit into 47 bits (57 at most, which OpenSSL's allocations never ask for).
 */
export interface Evp {
  cipherFetch(name: string): Address;
  cipherFree(cipher: Address): void;
  cipherContextNew(): Address;
  cipherContextFree(context: Address): void;
  /** `encrypt`: 1, 0, or -1 to leave it as it is. A zero for cipher, key or IV keeps what was set before. */
  cipherInit(context: Address, cipher: Address, key: Address, iv: Address, encrypt: number): number;
  cipherSetPadding(context: Address, padding: number): number;
  cipherControl(context: Address, type: number, count: number, pointer: Address): number;
  cipherUpdate(context: Address, out: Address, outLength: Address, input: Address, length: number): number;
  cipherFinal(context: Address, out: Address, outLength: Address): number;
  macFetch(name: string): Address;
  macFree(mac: Address): void;
  macContextNew(mac: Address): Address;
  macContextFree(context: Address): void;
  /** A zero key starts over with the key that was set before. */
  macInit(context: Address, key: Address, keyLength: number, parameters: Address): number;
  macUpdate(context: Address, input: Address, length: number): number;
  macFinal(context: Address, out: Address, outLength: Address, outSize: number): number;
}

/** An address in this process; 0 is the null pointer. */
export type Address = number;

export const controlAeadGetTag = 0x10;
export const controlAeadSetTag = 0x11;

let loaded: Evp | undefined;

/** The functions, declared once a thread. @throws Error when this runtime has no OpenSSL with these names. */
export function evp(): Evp {
  loaded ??= load();
  return loaded;
}

/**
 * Where `octets` begin. Stable only for memory outside V8's heap, so the view must cover an ArrayBuffer that was made
 * explicitly (a small `new Uint8Array(n)` may live on the heap and move).
 */
export function addressOf(octets: Uint8Array): Address {
  const address = Number(koffi.address(octets));
  if (!Number.isSafeInteger(address) || address === 0) throw new Error('memory without a usable address');
  return address;
}

function load(): Evp {
  const library = koffi.load(null);
  const pointer = 'uintptr_t';
  const fetchArguments = [pointer, 'const char *', pointer];
  const cipherFetch = library.func('EVP_CIPHER_fetch', pointer, fetchArguments);
  const macFetch = library.func('EVP_MAC_fetch', pointer, fetchArguments);
  const cipherInit = library.func('EVP_CipherInit_ex', 'int', [
    pointer,
    pointer,
    pointer,
    pointer,
    pointer,
    'int',
  ]);
  return {
    cipherFetch: (name) => Number(cipherFetch(0, name, 0)),
    cipherFree: library.func('EVP_CIPHER_free', 'void', [pointer]),
    cipherContextNew: library.func('EVP_CIPHER_CTX_new', pointer, []),
    cipherContextFree: library.func('EVP_CIPHER_CTX_free', 'void', [pointer]),
    cipherInit: (context, cipher, key, iv, encrypt) => cipherInit(context, cipher, 0, key, iv, encrypt),
    cipherSetPadding: library.func('EVP_CIPHER_CTX_set_padding', 'int', [pointer, 'int']),
    cipherControl: library.func('EVP_CIPHER_CTX_ctrl', 'int', [pointer, 'int', 'int', pointer]),
    cipherUpdate: library.func('EVP_CipherUpdate', 'int', [pointer, pointer, pointer, pointer, 'int']),
    cipherFinal: library.func('EVP_CipherFinal_ex', 'int', [pointer, pointer, pointer]),
    macFetch: (name) => Number(macFetch(0, name, 0)),
    macFree: library.func('EVP_MAC_free', 'void', [pointer]),
    macContextNew: library.func('EVP_MAC_CTX_new', pointer, [pointer]),
    macContextFree: library.func('EVP_MAC_CTX_free', 'void', [pointer]),
    macInit: library.func('EVP_MAC_init', 'int', [pointer, pointer, 'size_t', pointer]),
    macUpdate: library.func('EVP_MAC_update', 'int', [pointer, pointer, 'size_t']),
    macFinal: library.func('EVP_MAC_final', 'int', [pointer, pointer, pointer, 'size_t']),
  };
}
