import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { formatPem } from '../../core/base/pem.ts';

/**
 * A throwaway certificate authority. Certificates are written out by hand (DER, RFC 5280), independent of the code
 * under test and of any installed tool, and may be wrong in any way that a test wants.
 */
export type KeyKind = 'rsa' | 'rsa-3072' | 'ec-p256' | 'ec-p384' | 'ec-p521' | 'ed25519';

export interface Issued {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly privateKey: KeyObject;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  readonly subject: string;
}

export interface CertificateRequest {
  /** The common name. */
  readonly subject: string;
  readonly key?: KeyKind;
  /** Subject alternative names: host names and IP addresses. */
  readonly names?: readonly string[];
  /** Extended key usage: serverAuth unless given; `[]` leaves the extension out. */
  readonly usages?: readonly (
    | 'serverAuth'
    | 'clientAuth'
    | 'codeSigning'
    | 'ikeIntermediate'
    | 'OCSPSigning'
  )[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** A CA's own: basicConstraints with CA true. */
  readonly ca?: boolean;
  /** Where OCSP responders, the CRL and the issuer's certificate are. */
  readonly ocspUrls?: readonly string[];
  readonly crlUrl?: string;
  readonly issuerUrl?: string;
  /** A CA's own: how many CAs may stand below it. */
  readonly pathLength?: number;
  /** A CA's own: only these domains and the mail addresses at these hosts may stand below it. */
  readonly permittedNames?: readonly string[];
  /** RSA only: sign this certificate with PSS in place of PKCS#1. */
  readonly pss?: boolean;
}

const day = 86_400_000;

/** Makes a self-signed CA. */
export function createCa(subject: string, key: KeyKind = 'ec-p256'): Issued {
  return issue(undefined, { subject, key, ca: true });
}

/** Makes a key and its certificate, signed by `issuer` (or by itself). */
export function issue(issuer: Issued | undefined, request: CertificateRequest): Issued {
  const { publicKey, privateKey } = newKey(request.key ?? 'ec-p256');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signer = issuer?.privateKey ?? privateKey;
  const algorithm = signatureAlgorithm(signer, request.pss ?? false);
  const issuerSpki =
    issuer === undefined
      ? spki
      : Buffer.from(createPublicKey(issuer.privateKey).export({ type: 'spki', format: 'der' }));
  const tbs = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(0x40), randomBytes(15)])),
    algorithm.identifier,
    name(issuer?.subject ?? request.subject),
    sequence(
      time(request.notBefore ?? new Date(Date.now() - day)),
      time(request.notAfter ?? new Date(Date.now() + 30 * day)),
    ),
    name(request.subject),
    spki,
    explicit(3, sequence(...extensions(request, spki, issuerSpki))),
  );
  const signature = algorithm.sign(tbs);
  const der = sequence(tbs, algorithm.identifier, bitString(signature));
  return {
    der,
    pem: pemOf('CERTIFICATE', der),
    privateKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subject: request.subject,
  };
}

/** A CRL in PEM, good for a week, that names these certificates. */
export function issueCrl(issuer: Issued, revoked: readonly Issued[]): string {
  const algorithm = signatureAlgorithm(issuer.privateKey, false);
  const spki = Buffer.from(createPublicKey(issuer.privateKey).export({ type: 'spki', format: 'der' }));
  const revokedAt = time(new Date(Date.now() - day));
  const entries = revoked.map(({ der }) => {
    const serial = new X509Certificate(Buffer.from(der)).serialNumber;
    return sequence(integer(Buffer.from(serial, 'hex')), revokedAt);
  });
  const tbs = sequence(
    integer(Buffer.of(1)),
    algorithm.identifier,
    name(issuer.subject),
    time(new Date(Date.now() - day)),
    time(new Date(Date.now() + 7 * day)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(
      0,
      sequence(
        extension('2.5.29.35', sequence(tagged(0x80, keyIdentifier(spki)))),
        extension('2.5.29.20', integer(Buffer.of(1))),
      ),
    ),
  );
  return pemOf('X509 CRL', sequence(tbs, algorithm.identifier, bitString(algorithm.sign(tbs))));
}

function extensions(request: CertificateRequest, spki: Buffer, issuerSpki: Buffer): Buffer[] {
  const isCa = request.ca ?? false;
  const list = [
    extension('2.5.29.14', octetString(keyIdentifier(spki))),
    extension('2.5.29.35', sequence(tagged(0x80, keyIdentifier(issuerSpki)))),
    extension(
      '2.5.29.19',
      isCa ? sequence(tagged(0x01, Buffer.of(0xff)), ...pathLengthOf(request)) : sequence(),
      true,
    ),
    // keyCertSign and cRLSign, or digitalSignature.
    extension('2.5.29.15', tagged(0x03, isCa ? Buffer.of(1, 0x06) : Buffer.of(7, 0x80)), true),
  ];
  if (request.permittedNames !== undefined)
    list.push(extension('2.5.29.30', sequence(explicit(0, permitted(request.permittedNames))), true));
  if (isCa) return list;
  const uri = (text: string): Buffer => tagged(0x86, Buffer.from(text, 'ascii'));
  const access = [
    ...(request.ocspUrls ?? []).map((url) => sequence(oid('1.3.6.1.5.5.7.48.1'), uri(url))),
    ...(request.issuerUrl === undefined ? [] : [sequence(oid('1.3.6.1.5.5.7.48.2'), uri(request.issuerUrl))]),
  ];
  if (access.length > 0) list.push(extension('1.3.6.1.5.5.7.1.1', sequence(...access)));
  if (request.crlUrl !== undefined)
    list.push(extension('2.5.29.31', sequence(sequence(explicit(0, explicit(0, uri(request.crlUrl)))))));
  const usages = request.usages ?? ['serverAuth'];
  if (usages.length > 0)
    list.push(extension('2.5.29.37', sequence(...usages.map((usage) => oid(usageOids[usage])))));
  const names = (request.names ?? [request.subject]).map((text) => {
    if (text.includes('@')) return tagged(0x81, Buffer.from(text, 'ascii'));
    if (isIP(text) === 0) return tagged(0x82, Buffer.from(text, 'ascii'));
    return tagged(0x87, isIP(text) === 4 ? Buffer.from(text.split('.').map(Number)) : ipv6Octets(text));
  });
  if (names.length > 0) list.push(extension('2.5.29.17', sequence(...names)));
  return list;
}

/** Each as a domain and as the host of mail addresses. */
function permitted(names: readonly string[]): Buffer {
  const trees = names.flatMap((text) =>
    [0x81, 0x82].map((tag) => sequence(tagged(tag, Buffer.from(text, 'ascii')))),
  );
  return Buffer.concat(trees);
}

function pathLengthOf({ pathLength }: CertificateRequest): Buffer[] {
  return pathLength === undefined ? [] : [integer(Buffer.of(pathLength))];
}

const usageOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  ikeIntermediate: '1.3.6.1.5.5.8.2.2',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
} as const;

function newKey(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (kind) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa-3072':
      return generateKeyPairSync('rsa', { modulusLength: 3072 });
    case 'ec-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ec-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'ec-p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
  }
}

function signatureAlgorithm(
  key: KeyObject,
  pss: boolean,
): { identifier: Buffer; sign(data: Buffer): Buffer } {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return { identifier: sequence(oid('1.3.101.112')), sign: (data) => sign(null, data, key) };
    case 'ec':
      return { identifier: sequence(oid('1.2.840.10045.4.3.2')), sign: (data) => sign('sha256', data, key) };
    default: {
      if (!pss) {
        const identifier = sequence(oid('1.2.840.113549.1.1.11'), tagged(0x05, Buffer.alloc(0)));
        return { identifier, sign: (data) => sign('sha256', data, key) };
      }
      const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), tagged(0x05, Buffer.alloc(0)));
      const parameters = sequence(
        explicit(0, sha256),
        explicit(1, sequence(oid('1.2.840.113549.1.1.8'), sha256)),
        explicit(2, integer(Buffer.of(32))),
      );
      // RSA_PKCS1_PSS_PADDING is 6.
      return {
        identifier: sequence(oid('1.2.840.113549.1.1.10'), parameters),
        sign: (data) => sign('sha256', data, { key, padding: 6, saltLength: 32 }),
      };
    }
  }
}

/** Names a key: any unique value does (RFC 5280 4.2.1.2). */
function keyIdentifier(spki: Buffer): Buffer {
  return createHash('sha1').update(spki).digest();
}

function name(commonName: string): Buffer {
  const attribute = (id: string, text: string): Buffer =>
    tagged(0x31, sequence(oid(id), tagged(0x0c, Buffer.from(text, 'utf8'))));
  return sequence(attribute('2.5.4.10', 'Godwit Test'), attribute('2.5.4.3', commonName));
}

function time(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2), 'ascii'))
    : tagged(0x18, Buffer.from(text, 'ascii'));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [tagged(0x01, Buffer.of(0xff))] : []), octetString(value));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  const octets = length < 256 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, 0x80 | octets.length, ...octets), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function explicit(number: number, content: Buffer): Buffer {
  return tagged(0xa0 | number, content);
}

function integer(octets: Buffer): Buffer {
  return tagged(0x02, octets);
}

function octetString(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function bitString(content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.of(0), content]));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const octets = [value & 0x7f];
    for (let left = value >>> 7; left > 0; left >>>= 7) octets.unshift((left & 0x7f) | 0x80);
    return octets;
  };
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function ipv6Octets(text: string): Buffer {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function pemOf(label: string, der: Uint8Array): string {
  return formatPem(label, Buffer.from(der).toString('base64'));
}
