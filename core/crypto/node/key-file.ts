import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import type { PublicKeyKind } from '../interfaces.ts';
import { openPkcs12 } from '../openssl/pkcs12.ts';
import { kindOfKey } from './signatures.ts';

/** A certificate with its private key, from a file. */
export interface KeyFileContents {
  /** DER, the certificate of the key first, each followed by its issuer as far as the file has it. */
  readonly chain: readonly Uint8Array[];
  /** DER of the certificates in it that are not in `chain`, in no particular order. */
  readonly others: readonly Uint8Array[];
  readonly keyKind: PublicKeyKind;
  /** PKCS#8 in DER, owned by the caller. */
  readonly privateKey: Uint8Array;
}

export type KeyFileProblem =
  /** It is encrypted, and no password was given. */
  | { readonly kind: 'password-needed' }
  | { readonly kind: 'password' }
  | { readonly kind: 'weak'; readonly algorithm: string }
  | { readonly kind: 'no-key' }
  | { readonly kind: 'broken'; readonly reason: string };

/**
 * Reads PEM text or PKCS#12, whichever `octets` are, with `password` in UTF-8. It may take long, as the file says how often
 * the password is hashed: call it where that can be cut short. Encryption by DES or RC4 is refused; RC2 and 3DES, as older
 * Windows and OpenSSL make them, are taken (see `weakEncryption`). `bare`: of PEM text the key alone.
 */
export function readKeyFile(
  octets: Uint8Array,
  password: Uint8Array | undefined,
  bare = false,
): Result<KeyFileContents, KeyFileProblem> {
  if (octets.length > limits.keyFileOctets) return broken(`it has more than ${limits.keyFileOctets} octets`);
  // DER of a SEQUENCE; PEM text begins with a letter or a dash.
  return octets[0] === 0x30 ? readPkcs12(octets, password) : readPem(octets, password, bare);
}

function readPkcs12(
  octets: Uint8Array,
  password: Uint8Array | undefined,
): Result<KeyFileContents, KeyFileProblem> {
  const weak = weakEncryption(octets);
  if (weak?.refused === true) return err({ kind: 'weak', algorithm: weak.algorithm });
  const opened = openPkcs12(octets, password ?? new Uint8Array(0));
  if (!opened.ok) {
    // Many files for testing have an empty password: it was worth a try.
    const needed = opened.error.kind === 'password' && password === undefined;
    return needed ? err({ kind: 'password-needed' }) : opened;
  }
  const { certificates, privateKey } = opened.value;
  try {
    const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
    return assemble(certificates, key);
  } catch {
    return broken('its private key is of an unknown kind');
  } finally {
    privateKey.fill(0);
  }
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]{1,40})-----([\s\S]*?)-----END \1-----/g;

function readPem(
  octets: Uint8Array,
  password: Uint8Array | undefined,
  bare: boolean,
): Result<KeyFileContents, KeyFileProblem> {
  const text = utf8.decodeStrict(octets);
  if (text === undefined) return broken('it is neither PEM text nor PKCS#12');
  const blocks = [...text.matchAll(pemBlock)];
  const certificates = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([, , body = '']) => body);
  const keys = blocks.filter(([, label]) => label?.endsWith('PRIVATE KEY') === true).map(([whole]) => whole);
  const [key] = keys;
  if (blocks.length === 0) return broken('it is neither PEM text nor PKCS#12');
  if (certificates.length === 0 && !bare) return broken('there is no certificate in it');
  if (key === undefined) return err({ kind: 'no-key' });
  if (keys.length > 1) return broken('there is more than one private key in it');
  if (certificates.length > limits.keyFileCertificates)
    return broken(`it holds more than ${limits.keyFileCertificates} certificates`);
  const opened = openPemKey(key, password);
  if (!opened.ok) return opened;
  if (bare) return withKey([], [], opened.value);
  return assemble(
    certificates.map((body) => new Uint8Array(Buffer.from(body, 'base64'))),
    opened.value,
  );
}

function openPemKey(pem: string, password: Uint8Array | undefined): Result<KeyObject, KeyFileProblem> {
  const encrypted = pem.startsWith('-----BEGIN ENCRYPTED') || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
  const cipher = /^DEK-Info: ([A-Z0-9-]+),/m.exec(pem)?.[1];
  if (cipher !== undefined && !/^(AES|DES-EDE3|CAMELLIA|ARIA)-/.test(cipher))
    return err({ kind: 'weak', algorithm: cipher });
  if (!encrypted && /^-----BEGIN (OPENSSH|DSA|ANY)/.test(pem))
    return broken('its private key is not one for IKE: OpenSSH and DSA keys are not');
  if (!encrypted)
    return readKey(() => createPrivateKey({ key: pem, format: 'pem' }), broken('its private key is broken'));
  if (!isWholeDer(pem)) return broken('its private key is cut off or broken');
  if (password === undefined) return err({ kind: 'password-needed' });
  const passphrase = Buffer.from(password);
  // What a wrong password decrypts to is nonsense now and then, not always an error of the padding.
  const opened = readKey(
    () => createPrivateKey({ key: pem, format: 'pem', passphrase }),
    err({ kind: 'password' }),
  );
  passphrase.fill(0);
  return opened;
}

function readKey(
  read: () => KeyObject,
  otherwise: Result<never, KeyFileProblem>,
): Result<KeyObject, KeyFileProblem> {
  try {
    return ok(read());
  } catch {
    return otherwise;
  }
}

/** Whether the text of an encrypted key is base64, and for PKCS#8 one whole SEQUENCE. */
function isWholeDer(pem: string): boolean {
  const body = pem.replace(/-----[^-]+-----/g, '').replace(/^[A-Za-z-]+:.*$/gm, '');
  const digits = body.replace(/\s+/g, '');
  if (digits.length === 0 || digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return false;
  const der = Buffer.from(digits, 'base64');
  if (!pem.startsWith('-----BEGIN ENCRYPTED')) return true;
  const size = der[1] ?? 0;
  const lengthOctets = size < 0x80 ? 0 : size & 0x7f;
  if (der[0] !== 0x30 || lengthOctets > 3) return false;
  const length = lengthOctets === 0 ? size : der.readUIntBE(2, lengthOctets);
  return der.length === 2 + lengthOctets + length;
}

/** The certificate of the key first, then its issuers. Others in the file are left out. */
function assemble(ders: readonly Uint8Array[], key: KeyObject): Result<KeyFileContents, KeyFileProblem> {
  let left: X509Certificate[];
  try {
    left = ders.map((der) => new X509Certificate(der));
  } catch {
    return broken('a certificate in it cannot be read');
  }
  const own = left.find((one) => one.checkPrivateKey(key));
  if (own === undefined) return broken('its private key does not belong to any certificate in it');
  const chain = [own];
  for (let last: X509Certificate | undefined = own; last !== undefined; ) {
    const child: X509Certificate = last;
    left = left.filter((one) => one !== child);
    last = child.issuer === child.subject ? undefined : left.find((one) => child.checkIssued(one));
    if (last !== undefined) chain.push(last);
  }
  const others = left.filter((one) => !chain.includes(one));
  const derOf = ({ raw }: X509Certificate) => new Uint8Array(raw);
  return withKey(chain.map(derOf), others.map(derOf), key);
}

function withKey(
  chain: readonly Uint8Array[],
  others: readonly Uint8Array[],
  key: KeyObject,
): Result<KeyFileContents, KeyFileProblem> {
  const keyKind = kindOfKey(key);
  if (keyKind === 'other') return broken('its private key is of a kind that no login here uses');
  const exported = key.export({ format: 'der', type: 'pkcs8' });
  const privateKey = new Uint8Array(exported);
  exported.fill(0);
  return ok({ chain, others, keyKind, privateKey });
}

function broken(reason: string): Result<never, KeyFileProblem> {
  return err({ kind: 'broken', reason });
}

/** 1.2.840.113549.1.12.1 (PKCS#12) and 1.2.840.113549.1.5 (PKCS#5), as they stand in DER. */
const pkcs12Pbe = Buffer.from('060a2a864886f70d010c01', 'hex');
const pkcs5 = Buffer.from('06092a864886f70d0105', 'hex');
const pkcs12Names = ['RC4-128', 'RC4-40', '3DES', '3DES with two keys', 'RC2-128', 'RC2-40'];
const pkcs5Names: Readonly<Record<number, string>> = {
  1: 'MD2 and DES',
  3: 'MD5 and DES',
  4: 'MD2 and RC2',
  6: 'MD5 and RC2',
  10: 'SHA-1 and DES',
  11: 'SHA-1 and RC2',
};

/**
 * The weakest encryption that a PKCS#12 file names in the open, if it is a weak one. The file is as safe as the place where
 * it lies then; `refused` are those that are no protection at all.
 */
export function weakEncryption(
  file: Uint8Array,
): { readonly algorithm: string; readonly refused: boolean } | undefined {
  const octets = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const found: { readonly algorithm: string; readonly refused: boolean }[] = [];
  for (let at = octets.indexOf(pkcs12Pbe); at >= 0; at = octets.indexOf(pkcs12Pbe, at + 1)) {
    const algorithm = pkcs12Names[(octets[at + pkcs12Pbe.length] ?? 0) - 1];
    if (algorithm !== undefined) found.push({ algorithm, refused: algorithm.startsWith('RC4') });
  }
  for (let at = octets.indexOf(pkcs5); at >= 0; at = octets.indexOf(pkcs5, at + 1)) {
    const algorithm = pkcs5Names[octets[at + pkcs5.length] ?? 0];
    if (algorithm !== undefined) found.push({ algorithm, refused: true });
  }
  return found.find(({ refused }) => refused) ?? found[0];
}
