import { constants, createPrivateKey, type KeyObject } from 'node:crypto';
import { Duplex } from 'node:stream';
import { connect, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { concat } from '../../base/octets.ts';
import { formatPem } from '../../base/pem.ts';
import { err, ok } from '../../base/result.ts';
import type { TlsExport, TlsProgress, TlsResult, TlsSession, TlsSessionOptions, TlsVersion } from '../tls.ts';
import { tlsFailure } from './tls-failure.ts';

/**
 * A TLS client of Node over memory: no socket, no timer. TLS 1.2 and 1.3, no resumption, no renegotiation, no ALPN, no name in
 * the ClientHello: the server is the login server of whichever gateway this is, and its name is for the judge.
 *
 * Node's own look at the certificate is off. Records that come out after the server's certificate came in are held back until
 * `judge` has found it good, so that a stranger gets neither our certificate nor anything else.
 */
export function openTlsSession(options: TlsSessionOptions): TlsSession {
  return new NodeTlsSession(options);
}

declare module 'node:tls' {
  interface TLSSocket {
    /** Without a context, which is not the same as with an empty one. @rfc 5705 4 */
    exportKeyingMaterial(length: number, label: string): Buffer;
  }
}

/** Turns of the event loop without news after which TLS has nothing more to say: large writes go on in the next turn. */
const quietTurns = 2;

class NodeTlsSession implements TlsSession {
  readonly #options: TlsSessionOptions;
  readonly #wire = new Wire();
  #tls: TLSSocket | undefined;
  #plaintext: Uint8Array[] = [];
  #error: Failure | undefined;
  #secure = false;
  #told = false;
  #judged = false;
  #closed = false;
  #received = 0;

  constructor(options: TlsSessionOptions) {
    this.#options = options;
  }

  async start(): Promise<TlsResult> {
    const context = this.#contextOptions();
    if (context === undefined) return this.#fail(failure('auth.client-key'));
    try {
      this.#tls = connect({
        ...context,
        socket: this.#wire,
        minVersion: 'TLSv1.2',
        // strongSwan's TLS lacks RFC 5746. That protects renegotiation, which we never do.
        secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      });
    } catch {
      return this.#fail(failure('auth.client-key'));
    }
    this.#listen(this.#tls);
    return await this.#step(() => undefined);
  }

  async receive(records: Uint8Array): Promise<TlsResult> {
    this.#received += records.length;
    if (this.#received > limits.tlsSessionOctets)
      return this.#fail(
        failure('auth.login-server', { rule: `a TLS session ends within ${limits.tlsSessionOctets} octets` }),
      );
    return await this.#step(() => this.#wire.push(Buffer.from(records)));
  }

  async send(plaintext: Uint8Array): Promise<TlsResult> {
    if (!this.#secure || !this.#judged)
      return this.#fail(failure('misuse', { reason: 'TLS is not ready to send' }));
    return await this.#step((tls) => tls.write(Buffer.from(plaintext)));
  }

  close(): void {
    this.#tls?.destroy();
    this.#tls = undefined;
    this.#wire.destroy();
    for (const each of this.#plaintext) each.fill(0);
    this.#plaintext = [];
  }

  /** `undefined`: the private key cannot be used. */
  #contextOptions(): SecureContextOptions | undefined {
    const certificate = this.#options.clientCertificate;
    if (certificate === undefined) return {};
    const key = privateKey(certificate.privateKey.expose());
    if (key === undefined) return undefined;
    const cert = certificate.chain
      .map((der) => formatPem('CERTIFICATE', Buffer.from(der).toString('base64')))
      .join('');
    return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }) };
  }

  #listen(tls: TLSSocket): void {
    tls.disableRenegotiation();
    tls.on('secureConnect', () => {
      this.#secure = true;
    });
    tls.on('data', (octets: Buffer) => this.#plaintext.push(new Uint8Array(octets)));
    tls.on('end', () => {
      this.#closed = true;
    });
    tls.on('error', (cause) => {
      this.#error ??= tlsFailure(cause);
    });
  }

  async #step(act: (tls: TLSSocket) => unknown): Promise<TlsResult> {
    const tls = this.#tls;
    if (tls === undefined) return this.#fail(failure('misuse', { reason: 'this TLS session is over' }));
    act(tls);
    await this.#settle();
    // Before anything else: a broken handshake may have shown a certificate too.
    if (this.#error !== undefined) return this.#fail(this.#error);
    const verdict = await this.#judge(tls);
    if (verdict !== undefined) return this.#fail(verdict, 'silent');
    return this.#progress(tls);
  }

  async #settle(): Promise<void> {
    for (let quiet = 0, seen = this.#wire.written; quiet < quietTurns; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#wire.written === seen) continue;
      seen = this.#wire.written;
      quiet = 0;
    }
  }

  async #judge(tls: TLSSocket): Promise<Failure | undefined> {
    if (this.#judged) return undefined;
    const chain = chainOf(tls);
    if (chain.length === 0)
      return this.#secure ? failure('auth.login-server', { rule: 'it shows a certificate' }) : undefined;
    const verdict = await this.#options.judge(chain);
    if (!verdict.ok) return verdict.error;
    this.#judged = true;
    return undefined;
  }

  #progress(tls: TLSSocket): TlsResult {
    const plaintext = concat(...this.#plaintext);
    for (const each of this.#plaintext) each.fill(0);
    this.#plaintext = [];
    const progress: TlsProgress = { records: this.#wire.takeRecords(), plaintext, closed: this.#closed };
    if (!this.#secure || this.#told) return ok(progress);
    const version = versionOf(tls);
    if (version === undefined) return this.#fail(failure('auth.tls', { reason: 'an unknown version' }));
    this.#told = true;
    const keys = this.#options.exports.map((each) => exportKey(tls, each, version));
    return ok({ ...progress, established: { version, keys } });
  }

  /** `silent`: what was written would answer a stranger. */
  #fail(error: Failure, alert: 'alert' | 'silent' = 'alert'): TlsResult {
    this.#error = error;
    const records = this.#wire.takeRecords();
    this.close();
    return err({ error, records: alert === 'silent' ? new Uint8Array(0) : records });
  }
}

/** Where records come in and go out. */
class Wire extends Duplex {
  #out: Buffer[] = [];
  /** Octets written since the beginning. */
  written = 0;

  override _read(): void {
    // Everything is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#out.push(Buffer.from(chunk));
    this.written += chunk.length;
    done();
  }

  takeRecords(): Uint8Array {
    const records = concat(...this.#out);
    this.#out = [];
    return records;
  }
}

/** As the server sent them; its own first. Empty before they came. */
function chainOf(tls: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let each = tls.getPeerX509Certificate();
  while (each !== undefined && chain.length <= limits.certificatesPerMessage) {
    const der = new Uint8Array(each.raw);
    // A root names itself as its issuer.
    if (chain.some((known) => Buffer.compare(known, der) === 0)) break;
    chain.push(der);
    each = each.issuerCertificate;
  }
  return chain;
}

function versionOf(tls: TLSSocket): TlsVersion | undefined {
  const protocol = tls.getProtocol();
  if (protocol === 'TLSv1.3') return '1.3';
  return protocol === 'TLSv1.2' ? '1.2' : undefined;
}

function exportKey(tls: TLSSocket, { octets, labels }: TlsExport, version: TlsVersion): Uint8Array {
  const { label, context } = labels[version];
  const key =
    context === undefined
      ? tls.exportKeyingMaterial(octets, label)
      : tls.exportKeyingMaterial(octets, label, Buffer.from(context));
  const copy = new Uint8Array(key);
  key.fill(0);
  return copy;
}

function privateKey(der: Uint8Array): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}
