import koffi from 'koffi';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { type Address, addressOf } from './evp.ts';

/** What a PKCS#12 file holds. */
export interface Pkcs12Contents {
  /** DER, in no particular order. */
  readonly certificates: readonly Uint8Array[];
  /** PKCS#8, owned by the caller. */
  readonly privateKey: Uint8Array;
}

export type Pkcs12Problem =
  | { readonly kind: 'password' }
  | { readonly kind: 'no-key' }
  | { readonly kind: 'broken'; readonly reason: string };

/**
 * Opens a PKCS#12 file by OpenSSL's PKCS12_parse, with the modern ciphers and with RC2 and 3DES. `password` is UTF-8.
 * It takes as long as the file's iteration count asks for: call it where that can be cut short. @rfc 7292
 */
export function openPkcs12(file: Uint8Array, password: Uint8Array): Result<Pkcs12Contents, Pkcs12Problem> {
  if (password.includes(0)) return err({ kind: 'password' });
  const ssl = functions();
  try {
    return open(ssl, file, password);
  } finally {
    // What is left in OpenSSL's queue would be taken for an error of whatever node does next with a key.
    ssl.clearErrors();
  }
}

function open(ssl: Functions, file: Uint8Array, password: Uint8Array): Result<Pkcs12Contents, Pkcs12Problem> {
  const input = ownMemory(file);
  const place = ownMemory(pointerTo(input));
  const p12 = ssl.decode(0, addressOf(place), file.length);
  if (p12 === 0) return broken('it is not PKCS#12');
  const secret = ownMemory(Uint8Array.of(...password, 0));
  const results = ownMemory(new Uint8Array(24));
  const at = addressOf(results);
  try {
    if (ssl.macPresent(p12) === 1 && !macIsGood(ssl, p12, addressOf(secret), password.length))
      return err({ kind: 'password' });
    if (ssl.parse(p12, addressOf(secret), at, at + 8, at + 16) !== 1) {
      // Without a MAC a wrong password shows only as nonsense.
      if (ssl.macPresent(p12) !== 1) return err({ kind: 'password' });
      return broken('OpenSSL cannot read what is in it');
    }
    return contentsOf(ssl, results);
  } finally {
    secret.fill(0);
    ssl.free(p12);
  }
}

/** Some exporters make an empty password differently, and OpenSSL tells them apart by the null pointer. */
function macIsGood(ssl: Functions, p12: Address, secret: Address, length: number): boolean {
  return ssl.verifyMac(p12, secret, length) === 1 || (length === 0 && ssl.verifyMac(p12, 0, 0) === 1);
}

function contentsOf(ssl: Functions, results: Uint8Array): Result<Pkcs12Contents, Pkcs12Problem> {
  const [key = 0, certificate = 0, others = 0] = pointersIn(results);
  const certificates: Uint8Array[] = [];
  try {
    const more = others === 0 ? 0 : ssl.stackCount(others);
    if (key === 0) return err({ kind: 'no-key' });
    if (certificate === 0) return broken('there is no certificate for its private key in it');
    if (more >= limits.keyFileCertificates)
      return broken(`it holds more than ${limits.keyFileCertificates} certificates`);
    certificates.push(derOf(ssl.encodeCertificate, certificate));
    for (let index = 0; index < more; index++)
      certificates.push(derOf(ssl.encodeCertificate, ssl.stackAt(others, index)));
    const info = ssl.keyInfo(key);
    if (info === 0) return broken('its private key is of an unknown kind');
    const privateKey = derOf(ssl.encodeKeyInfo, info);
    ssl.freeKeyInfo(info);
    return ok({ certificates, privateKey });
  } finally {
    if (key !== 0) ssl.freeKey(key);
    if (certificate !== 0) ssl.freeCertificate(certificate);
    for (let index = others === 0 ? 0 : ssl.stackCount(others); index > 0; index--)
      ssl.freeCertificate(ssl.stackAt(others, index - 1));
    if (others !== 0) ssl.freeStack(others);
  }
}

function broken(reason: string): Result<never, Pkcs12Problem> {
  return err({ kind: 'broken', reason });
}

/** By an `i2d` function: its length first, then its octets. */
function derOf(encode: (value: Address, out: Address) => number, value: Address): Uint8Array {
  const length = encode(value, 0);
  if (length <= 0) throw new Error('OpenSSL cannot encode what it has decoded');
  const out = ownMemory(new Uint8Array(length));
  encode(value, addressOf(ownMemory(pointerTo(out))));
  return out;
}

/** A copy outside V8's heap, where it does not move. */
function ownMemory(octets: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(Math.max(octets.length, 1)), 0, octets.length);
  copy.set(octets);
  return copy;
}

function pointerTo(octets: Uint8Array): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(addressOf(octets))).buffer);
}

function pointersIn(octets: Uint8Array): readonly Address[] {
  return [...new BigUint64Array(octets.buffer, 0, octets.length / 8)].map(Number);
}

type Functions = ReturnType<typeof load>;
let loaded: Functions | undefined;

function functions(): Functions {
  loaded ??= load();
  return loaded;
}

/** Those of the OpenSSL inside node, with the provider that has RC2. @throws Error when this runtime lacks one. */
function load() {
  const library = koffi.load(null);
  const pointer = 'uintptr_t';
  const provider = library.func('OSSL_PROVIDER_load', pointer, [pointer, 'const char *']);
  // Whoever loads one provider by name has to name the default one too.
  for (const name of ['default', 'legacy']) provider(0, name);
  const call = (name: string, result: string, parameters: readonly string[]) => {
    const found = library.func(name, result, [...parameters]);
    return (...values: readonly number[]): number => Number(found(...values));
  };
  return {
    clearErrors: call('ERR_clear_error', 'void', []),
    decode: call('d2i_PKCS12', pointer, [pointer, pointer, 'long']),
    macPresent: call('PKCS12_mac_present', 'int', [pointer]),
    verifyMac: call('PKCS12_verify_mac', 'int', [pointer, pointer, 'int']),
    parse: call('PKCS12_parse', 'int', [pointer, pointer, pointer, pointer, pointer]),
    free: call('PKCS12_free', 'void', [pointer]),
    stackCount: call('OPENSSL_sk_num', 'int', [pointer]),
    stackAt: call('OPENSSL_sk_value', pointer, [pointer, 'int']),
    freeStack: call('OPENSSL_sk_free', 'void', [pointer]),
    encodeCertificate: call('i2d_X509', 'int', [pointer, pointer]),
    freeCertificate: call('X509_free', 'void', [pointer]),
    keyInfo: call('EVP_PKEY2PKCS8', pointer, [pointer]),
    encodeKeyInfo: call('i2d_PKCS8_PRIV_KEY_INFO', 'int', [pointer, pointer]),
    freeKeyInfo: call('PKCS8_PRIV_KEY_INFO_free', 'void', [pointer]),
    freeKey: call('EVP_PKEY_free', 'void', [pointer]),
  } as const;
}
