import { Duplex } from 'node:stream';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Issued } from '../pki.ts';

export interface TlsServerOptions {
  readonly certificate: Issued;
  readonly chain?: readonly Issued[];
  /** Asks for a certificate of the client, and wants one of these CAs. */
  readonly clientCas?: readonly Issued[];
  readonly version?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

/** Node's TLS server over memory: the far end of a login, without EAP. */
export class TlsServer {
  readonly #wire = new Wire();
  readonly tls: TLSSocket;
  /** What the client said inside, in order. */
  readonly heard: Buffer[] = [];
  readonly errors: string[] = [];
  secure = false;

  constructor({ certificate, chain = [], clientCas, version }: TlsServerOptions) {
    const options: TLSSocketOptions = {
      isServer: true,
      key: certificate.privateKeyPem,
      cert: [certificate, ...chain].map(({ pem }) => pem).join(''),
      ...(clientCas === undefined
        ? {}
        : { ca: clientCas.map(({ pem }) => pem), requestCert: true, rejectUnauthorized: true }),
      ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
      ...(version === 'TLSv1.1' ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}),
    };
    this.tls = new TLSSocket(this.#wire, options);
    this.tls.on('secure', () => {
      this.secure = true;
    });
    this.tls.on('data', (octets: Buffer) => this.heard.push(octets));
    this.tls.on('error', (error) => this.errors.push(error.message));
  }

  /** Hands it records; answers those that it sends. */
  async exchange(records: Uint8Array): Promise<Uint8Array> {
    if (records.length > 0) this.#wire.push(Buffer.from(records));
    return await this.flush();
  }

  /** Says something inside; answers the records. */
  async say(plaintext: Uint8Array): Promise<Uint8Array> {
    this.tls.write(Buffer.from(plaintext));
    return await this.flush();
  }

  async flush(): Promise<Uint8Array> {
    for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve));
    return this.#wire.takeRecords();
  }
}

class Wire extends Duplex {
  #out: Buffer[] = [];

  override _read(): void {
    // Everything is pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#out.push(Buffer.from(chunk));
    done();
  }

  takeRecords(): Uint8Array {
    const records = Buffer.concat(this.#out);
    this.#out = [];
    return new Uint8Array(records);
  }
}
