import assert from 'node:assert/strict';
import type { Failure } from '../../../core/base/errors.ts';
import { concat, toHex } from '../../../core/base/octets.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { openTlsSession } from '../../../core/crypto/node/tls-session.ts';
import type { TlsRequest, TlsResult, TlsSession, TlsVersion } from '../../../core/crypto/tls.ts';
import type { EapMethod, EapMethodKind, EapMethodStep } from '../../../core/eap/method.ts';
import { authenticatorResponse, ntPasswordHash } from '../../../core/eap/mschapv2/challenge-response.ts';
import { utf16LePassword } from '../../../core/eap/mschapv2/password.ts';
import { createCa, type Issued, issue } from '../../support/pki.ts';
import { TlsServer, type TlsServerOptions } from '../../support/tls/tls-server.ts';
import { rfcRandom } from './login-server.ts';

export const ca = createCa('Login Server Root');
const serverCertificate = issue(ca, { subject: 'aaa.example.org' });
/** With so many names that it needs several fragments. */
export const largeCertificate = issue(ca, {
  subject: 'aaa.example.org',
  names: Array.from({ length: 150 }, (_, i) => `name-${i}.of.the.login.server.example.org`),
});
export const userCertificate = issue(ca, {
  subject: 'alice',
  usages: ['clientAuth'],
  names: Array.from({ length: 120 }, (_, i) => `alice-${i}.has.many.names.example.org`),
});

const nothing = new Uint8Array(0);

export interface TunnelOptions {
  readonly version?: TlsVersion;
  readonly certificate?: Issued;
  readonly clientCertificate?: Issued;
  readonly judge?: (chain: readonly Uint8Array[]) => Promise<Result<undefined, Failure>>;
  /** Octets of a fragment of the server. */
  readonly fragment?: number;
  readonly password?: string;
  /** The password in octets, in place of `password`. */
  readonly secret?: Uint8Array;
}

/** One method with a real TLS, and a server that frames by hand: what each says is checked by the test. */
export class TunnelScene {
  readonly method: EapMethod;
  readonly server: TlsServer;
  readonly #options: TunnelOptions;
  #tls: TlsSession | undefined;
  /** Every question that was asked. */
  readonly questions: string[] = [];
  answers: string[];

  constructor(kind: EapMethodKind, options: TunnelOptions = {}) {
    this.#options = options;
    this.answers = [options.password ?? 'clientPass'];
    this.method = kind.start({ identity: 'outer', userName: 'User', random: rfcRandom });
    const version: TlsServerOptions['version'] = options.version === '1.2' ? 'TLSv1.2' : 'TLSv1.3';
    const server = {
      certificate: options.certificate ?? serverCertificate,
      version,
      ...(options.clientCertificate === undefined ? {} : { clientCas: [ca] }),
    };
    this.server = new TlsServer(server);
  }

  /** Hands type data to the method and does what it asks for, until it has something to say. */
  async process(data: Uint8Array): Promise<EapMethodStep> {
    return await this.#settle(this.method.process(data, 1));
  }

  /** The records that the method sends in answer to `data`, put together from its fragments. */
  async records(data: Uint8Array): Promise<{ readonly step: EapMethodStep; readonly records: Uint8Array }> {
    let step = await this.process(data);
    let records: Uint8Array = nothing;
    for (;;) {
      if (step.kind !== 'respond' && !(step.kind === 'done') && !(step.kind === 'failed'))
        assert.fail(step.kind);
      const said = step.data ?? nothing;
      if (said.length === 0) return { step, records };
      const flags = said[0] ?? 0;
      records = concat(records, said.subarray((flags & 0x80) === 0 ? 1 : 5));
      if ((flags & 0x40) === 0) return { step, records };
      step = await this.process(Uint8Array.of(0));
    }
  }

  /** Sends a whole message to the method, in fragments, each of which it must acknowledge. */
  async message(
    records: Uint8Array,
  ): Promise<{ readonly step: EapMethodStep; readonly records: Uint8Array }> {
    const size = this.#options.fragment ?? 1_000;
    let rest = records;
    for (let first = true; rest.length > size; first = false) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(records.length);
      const packet = first
        ? concat(Uint8Array.of(0xc0), length, rest.subarray(0, size))
        : concat(Uint8Array.of(0x40), rest.subarray(0, size));
      const step = await this.process(packet);
      assert.deepEqual(step, { kind: 'respond', data: Uint8Array.of(0) });
      rest = rest.subarray(size);
    }
    return await this.records(concat(Uint8Array.of(0), rest));
  }

  /** From the start packet to the end of the handshake: what the method says then. */
  async handshake(): Promise<{ readonly step: EapMethodStep; readonly records: Uint8Array }> {
    let said = await this.records(Uint8Array.of(0x20));
    for (let round = 0; round < 4; round++) {
      const flight = await this.server.exchange(said.records);
      if (this.server.secure && this.#options.version !== '1.2') return { step: said.step, records: flight };
      said = await this.message(flight);
      if (this.server.secure || said.step.kind === 'failed') return said;
    }
    return assert.fail('the handshake does not end');
  }

  /** What the method said inside of TLS in these records. */
  async heard(records: Uint8Array): Promise<Uint8Array> {
    this.server.heard.length = 0;
    await this.server.exchange(records);
    return new Uint8Array(Buffer.concat(this.server.heard));
  }

  /** Says something inside of TLS; answers what the method says inside. */
  async say(plaintext: Uint8Array): Promise<{ readonly step: EapMethodStep; readonly inside: Uint8Array }> {
    const { step, records } = await this.message(await this.server.say(plaintext));
    return { step, inside: await this.heard(records) };
  }

  /** `S=…` for a peer challenge (16 octets), 8 of zero and an NT-Response. */
  mschapv2Proof(response: Uint8Array, authenticatorChallenge: Uint8Array, password: string): string {
    const passwordHash = ntPasswordHash(utf16LePassword(utf8.encode(password)));
    const input = {
      authenticatorChallenge,
      peerChallenge: response.subarray(0, 16),
      userName: utf8.encode('User'),
      passwordHash,
    };
    return `S=${toHex(authenticatorResponse(input, response.subarray(24, 48))).toUpperCase()}`;
  }

  async #settle(step: EapMethodStep): Promise<EapMethodStep> {
    if (step.kind === 'tls') {
      const result = await this.#doTls(step.request);
      return await this.#settle(this.method.tls?.(result) ?? assert.fail('no TLS'));
    }
    if (step.kind !== 'ask') return step;
    const { kind, retry, message } = step.question;
    this.questions.push(`${kind} ${retry}${message === undefined ? '' : ` ${message}`}`);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const secret = this.#options.secret ?? utf8.encode(answer ?? '');
    return await this.#settle(this.method.answer(new Secret(secret)));
  }

  async #doTls(request: TlsRequest): Promise<TlsResult> {
    if (request.action === 'start') {
      const own = this.#options.clientCertificate;
      this.#tls = openTlsSession({
        exports: request.exports,
        judge: this.#options.judge ?? (async () => ok()),
        ...(own === undefined || !request.clientCertificate
          ? {}
          : {
              clientCertificate: {
                chain: [own.der],
                privateKey: new Secret(own.privateKey.export({ type: 'pkcs8', format: 'der' })),
              },
            }),
      });
      return await this.#tls.start();
    }
    if (this.#tls === undefined) return err({ error: assert.fail('no TLS'), records: nothing });
    return request.action === 'receive'
      ? await this.#tls.receive(request.records)
      : await this.#tls.send(request.plaintext);
  }
}

/** A key that both ends make. */
export function exported(server: TlsServer, octets: number, label: string, context?: number): Uint8Array {
  const rest = context === undefined ? [] : [Buffer.of(context)];
  return new Uint8Array(Reflect.apply(server.tls.exportKeyingMaterial, server.tls, [octets, label, ...rest]));
}
