import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import { limits } from '../../../../core/base/limits.ts';
import { toHex } from '../../../../core/base/octets.ts';
import { err, ok, type Result } from '../../../../core/base/result.ts';
import { Secret } from '../../../../core/base/secret.ts';
import { openTlsSession } from '../../../../core/crypto/node/tls-session.ts';
import type { TlsProgress, TlsResult, TlsSession, TlsSessionOptions } from '../../../../core/crypto/tls.ts';
import { createCa, type Issued, issue } from '../../../support/pki.ts';
import { TlsServer, type TlsServerOptions } from '../../../support/tls/tls-server.ts';

const ca = createCa('TLS Test Root');
const intermediate = issue(ca, { subject: 'TLS Test Intermediate', ca: true });
const server = issue(intermediate, { subject: 'aaa.example.org' });
const alice = issue(ca, { subject: 'alice', usages: ['clientAuth'] });
const stranger = issue(createCa('Other Root'), { subject: 'mallory', usages: ['clientAuth'] });

const label = 'client EAP encryption';
const exports = [{ octets: 128, labels: { '1.2': { label }, '1.3': { label, context: Uint8Array.of(13) } } }];
const none = new Uint8Array(0);

function certificateOf(issued: Issued) {
  const der = issued.privateKey.export({ type: 'pkcs8', format: 'der' });
  return { chain: [issued.der], privateKey: new Secret(der) };
}

function open(options: Partial<TlsSessionOptions> = {}): TlsSession {
  return openTlsSession({ exports, judge: async () => ok(), ...options });
}

function good(result: TlsResult): TlsProgress {
  if (!result.ok) assert.fail(`${result.error.error.code} ${JSON.stringify(result.error.error.detail)}`);
  return result.value;
}

function bad(result: TlsResult): { code: string; detail: unknown; records: number } {
  assert.ok(!result.ok, 'the step succeeded');
  const { error, records } = result.error;
  return { code: error.code, detail: error.detail, records: records.length };
}

/** Plays until one side fails or has nothing to say. */
async function play(session: TlsSession, options: Partial<TlsServerOptions> = {}) {
  const far = new TlsServer({ certificate: server, chain: [intermediate], ...options });
  let result = await session.start();
  let established: TlsProgress['established'];
  for (let round = 0; result.ok && round < 8; round++) {
    established = result.value.established ?? established;
    const records = await far.exchange(result.value.records);
    if (records.length === 0) break;
    result = await session.receive(records);
  }
  if (result.ok) established = result.value.established ?? established;
  return { far, result, established };
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`a session of ${version}`, () => {
    it('makes the keys that the server makes, and carries octets both ways', async () => {
      const session = open();
      const { far, result, established } = await play(session, { version });
      good(result);
      assert.equal(established?.version, version.slice(4));
      const context = version === 'TLSv1.3' ? [Buffer.of(13)] : [];
      const key = Reflect.apply(far.tls.exportKeyingMaterial, far.tls, [128, label, ...context]);
      assert.equal(toHex(established?.keys[0] ?? none), key.toString('hex'));
      await far.exchange(good(await session.send(Buffer.from('alice'))).records);
      assert.equal(Buffer.concat(far.heard).toString(), 'alice');
      const heard = good(await session.receive(await far.say(Buffer.from('hello'))));
      assert.equal(Buffer.from(heard.plaintext).toString(), 'hello');
      far.tls.end();
      assert.equal(good(await session.receive(await far.flush())).closed, true);
      session.close();
    });

    it('shows the certificate of the user', async () => {
      const session = open({ clientCertificate: certificateOf(alice) });
      const { far, result } = await play(session, { version, clientCas: [ca] });
      good(result);
      assert.ok(far.secure);
      assert.equal(far.tls.getPeerCertificate().subject.CN, 'alice');
    });

    it('has the chain judged before any answer to it comes out', async () => {
      const chains: (readonly Uint8Array[])[] = [];
      const judge = async (chain: readonly Uint8Array[]): Promise<Result<undefined, never>> => {
        chains.push(chain);
        return ok();
      };
      await play(open({ judge }), { version });
      assert.deepEqual(
        chains.map((chain) => chain.map(toHex)),
        [[toHex(server.der), toHex(intermediate.der)]],
      );
      const verdict = failure('certificate.unknown-ca', { issuer: 'x' });
      const session = open({ clientCertificate: certificateOf(alice), judge: async () => err(verdict) });
      const { far, result } = await play(session, { version, clientCas: [ca] });
      assert.deepEqual(bad(result), { code: 'certificate.unknown-ca', detail: { issuer: 'x' }, records: 0 });
      assert.equal(far.secure, false);
      assert.equal(bad(await session.receive(none)).code, 'misuse');
    });

    it('takes records in pieces', async () => {
      const session = open();
      const far = new TlsServer({ certificate: server, version });
      const flight = await far.exchange(good(await session.start()).records);
      let answer: Uint8Array = none;
      for (const octet of flight) {
        const step = good(await session.receive(Uint8Array.of(octet)));
        if (step.records.length > 0) answer = step.records;
      }
      assert.ok(answer.length > 0);
    });
  });
}

describe('a TLS session', () => {
  it('refuses a server of TLS 1.1, and names the reason', async () => {
    const { result } = await play(open(), { version: 'TLSv1.1' });
    assert.match(bad(result).code, /^auth\.tls/);
  });

  it('names the alert of the server', async () => {
    const session = open();
    await session.start();
    const alert = bad(await session.receive(Uint8Array.of(21, 3, 3, 0, 2, 2, 40)));
    assert.deepEqual(
      [alert.code, alert.detail],
      ['auth.tls-alert', { side: 'remote', alert: 'handshake failure' }],
    );
    const other = open();
    await other.start();
    const refused = bad(await other.receive(Uint8Array.of(21, 3, 3, 0, 2, 2, 48)));
    assert.deepEqual(
      [refused.code, refused.detail],
      ['auth.client-certificate', { side: 'local', alert: 'unknown ca' }],
    );
  });

  it('fails as a value on what is not TLS, and stays failed', async () => {
    const session = open();
    await session.start();
    assert.equal(bad(await session.receive(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).code, 'auth.tls');
    assert.equal(bad(await session.receive(none)).code, 'misuse');
  });

  it('ends a flood', async () => {
    const session = open();
    await session.start();
    const result = await session.receive(new Uint8Array(limits.tlsSessionOctets + 1));
    assert.equal(bad(result).code, 'auth.login-server');
  });

  it('sends nothing of the user before the handshake is done', async () => {
    const session = open();
    await session.start();
    assert.equal(bad(await session.send(Buffer.from('secret'))).code, 'misuse');
  });

  it('says so when the private key is not readable', async () => {
    const session = open({
      clientCertificate: { chain: [alice.der], privateKey: Secret.fromText('nonsense') },
    });
    assert.equal(bad(await session.start()).code, 'auth.client-key');
    const other = open({ clientCertificate: { ...certificateOf(alice), chain: [stranger.der] } });
    assert.equal(bad(await other.start()).code, 'auth.client-key');
  });
});
