import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explain, failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { concat, fromHex, toHex } from '../../../core/base/octets.ts';
import { err } from '../../../core/base/result.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import type { EapMethodKind, EapMethodStep } from '../../../core/eap/method.ts';
import { eapTlsMethod } from '../../../core/eap/methods/eap-tls.ts';
import { gtcMethod } from '../../../core/eap/methods/gtc.ts';
import { md5Method } from '../../../core/eap/methods/md5.ts';
import { mschapv2Method } from '../../../core/eap/methods/mschapv2.ts';
import { peapMethod } from '../../../core/eap/methods/peap.ts';
import { ttlsMethod } from '../../../core/eap/methods/ttls.ts';
import { describeEapMethod } from './method-contract.ts';
import { exported, largeCertificate, TunnelScene, userCertificate } from './tunnel-server.ts';

const start = Uint8Array.of(0x20);
const ack = Uint8Array.of(0);
const pap = ttlsMethod({ kind: 'pap' });
const peap = peapMethod([mschapv2Method, gtcMethod]);

for (const kind of [eapTlsMethod, pap, peap]) describeEapMethod(kind, start);

function failsWith(step: EapMethodStep | undefined, code: string): void {
  if (step?.kind !== 'failed') assert.fail(step?.kind);
  assert.equal(step.error.code, code, JSON.stringify(step.error.detail));
}

function mskOf(step: EapMethodStep): string {
  if (step.kind !== 'done' || step.msk === undefined) assert.fail(step.kind);
  return toHex(step.msk);
}

/** The MSK as the server exports it. */
function serverMsk(scene: TunnelScene, kind: EapMethodKind, version: string, label12: string): string {
  const key =
    version === '1.2'
      ? exported(scene.server, 128, label12)
      : exported(scene.server, 128, 'EXPORTER_EAP_TLS_Key_Material', kind.type);
  return toHex(key.subarray(0, 64));
}

for (const version of ['1.2', '1.3'] as const) {
  describe(`EAP-TLS with TLS ${version}`, () => {
    it('shows the certificate of the user, in fragments both ways, and makes the MSK', async () => {
      const scene = new TunnelScene(eapTlsMethod, {
        version,
        certificate: largeCertificate,
        clientCertificate: userCertificate,
        fragment: 500,
      });
      let { step, records } = await scene.handshake();
      assert.ok(scene.server.secure);
      assert.equal(scene.server.tls.getPeerCertificate().subject.CN, 'alice');
      if (version === '1.3') {
        // RFC 9190 2.5: tickets may come first; then one octet of zero.
        if (records.length > 0) assert.equal((await scene.message(records)).step.kind, 'respond');
        ({ step, records } = await scene.message(await scene.server.say(Uint8Array.of(0))));
      }
      assert.equal(step.kind === 'done' && toHex(step.data), '00');
      assert.equal(mskOf(step), serverMsk(scene, eapTlsMethod, version, 'client EAP encryption'));
    });

    it('ends with the verdict on the certificate of the server, and tells a stranger nothing', async () => {
      const verdict = failure('certificate.login-server-ca', { issuer: 'x' });
      const scene = new TunnelScene(eapTlsMethod, { version, judge: async () => err(verdict) });
      const said = await scene.records(start);
      const { step, records } = await scene.message(await scene.server.exchange(said.records));
      failsWith(step, 'certificate.login-server-ca');
      assert.equal(records.length, 0);
      assert.equal(step.kind === 'failed' && step.data, undefined);
    });

    it('takes no other word inside for the end', async () => {
      const scene = new TunnelScene(eapTlsMethod, { version });
      const { records } = await scene.handshake();
      if (version === '1.2') return;
      if (records.length > 0) await scene.message(records);
      failsWith(
        (await scene.message(await scene.server.say(utf8.encode('welcome')))).step,
        'auth.login-server',
      );
    });
  });

  describe(`TTLS with TLS ${version}`, () => {
    const opened = async (kind: EapMethodKind, password = 'clientPass') => {
      const scene = new TunnelScene(kind, { version, password });
      let { step, records } = await scene.handshake();
      // With 1.3 our Finished is out, and the server's next word passes us the turn.
      if (version === '1.3') ({ step, records } = await scene.message(records));
      return { scene, step, inside: await scene.heard(records) };
    };

    it('shows the password by PAP, padded, and is done', async () => {
      const { step, inside, scene } = await opened(pap, 'p\u00e4ssword of 17 o');
      const name = '00000001' + '4000000c' + toHex(utf8.encode('User'));
      const password = utf8.encode('p\u00e4ssword of 17 o');
      const padded = toHex(concat(password, new Uint8Array(32 - password.length)));
      assert.equal(toHex(inside), `${name}00000002400000${(8 + 32).toString(16)}${padded}`);
      assert.equal(mskOf(step), serverMsk(scene, pap, version, 'ttls keying material'));
    });

    it('proves both sides by MSCHAPv2, whose challenge TLS makes', async () => {
      const kind = ttlsMethod({ kind: 'mschapv2' });
      const { scene, inside, step } = await opened(kind);
      assert.equal(step.kind, 'respond');
      const challenge = exported(scene.server, 17, 'ttls challenge');
      // User-Name (12 octets), MS-CHAP-Challenge (28), MS-CHAP2-Response (62 and padding).
      assert.equal(toHex(inside.subarray(12, 24)), '0000000b' + 'c000001c' + '00000137');
      assert.deepEqual(inside.subarray(24, 40), challenge.subarray(0, 16));
      assert.equal(toHex(inside.subarray(40, 52)), '00000019' + 'c000003e' + '00000137');
      const response = inside.subarray(52, 102);
      assert.equal(response[0], challenge[16]);
      const proof = scene.mschapv2Proof(response.subarray(2), challenge.subarray(0, 16), 'clientPass');
      const lie = avp(26, concat(response.subarray(0, 1), utf8.encode(`S=${'0'.repeat(40)}`)));
      const liar = await opened(kind);
      failsWith((await liar.scene.say(lie)).step, 'auth.eap-server');
      const good = await scene.say(avp(26, concat(response.subarray(0, 1), utf8.encode(proof))));
      assert.equal(mskOf(good.step), serverMsk(scene, kind, version, 'ttls keying material'));
      assert.equal(good.step.kind === 'done' && toHex(good.step.data), '00');
    });

    it('reports what MSCHAPv2 says went wrong', async () => {
      const { scene } = await opened(ttlsMethod({ kind: 'mschapv2' }), 'wrong');
      const { step } = await scene.say(avp(2, concat(ack, utf8.encode('E=691 R=0 V=3 M=no'))));
      failsWith(step, 'auth.password');
    });

    it('opens EAP inside with the identity of the user, and may end after each answer', async () => {
      const kind = ttlsMethod({ kind: 'eap', methods: [md5Method, gtcMethod] });
      const { scene, inside } = await opened(kind);
      assert.equal(
        toHex(inside),
        '0000004f' + '40000011' + '0200000901' + toHex(utf8.encode('User')) + '000000',
      );
      const nak = await scene.say(eapMessage('0101000b1a' + '010000060000'));
      assert.equal(toHex(nak.inside), '0000004f' + '4000000f' + '02010007030406' + '00');
      const md5 = await scene.say(eapMessage('0102000a04' + '04aabbccdd'));
      assert.match(toHex(md5.inside), /^0000004f4000001e02020016/);
      assert.equal(mskOf(md5.step), serverMsk(scene, kind, version, 'ttls keying material'));
    });

    it('shows the questions of a server that has several', async () => {
      const { scene } = await opened(ttlsMethod({ kind: 'eap', methods: [gtcMethod] }));
      scene.answers = ['hunter2', '123456'];
      const first = await scene.say(eapMessage('0101000506'));
      const second = await scene.say(eapMessage('01020009064f54503f'));
      assert.deepEqual(scene.questions, ['password 0', 'passcode 0 OTP?']);
      assert.match(toHex(first.inside), new RegExp(toHex(utf8.encode('hunter2'))));
      assert.match(toHex(second.inside), new RegExp(toHex(utf8.encode('123456'))));
      assert.equal(second.step.kind, 'done');
    });

    it('refuses what an attribute cannot be', async () => {
      const hostile = [
        '0000004f400000',
        '0000004f40000007',
        '0000004f40ffffff',
        '0000004f40000040ab',
        '00000099' + '40000008',
      ];
      for (const each of hostile) {
        const { scene } = await opened(ttlsMethod({ kind: 'eap', methods: [gtcMethod] }));
        const { step } = await scene.say(fromHex(each));
        assert.ok(
          step.kind === 'failed' && ['malformed', 'auth.login-server'].includes(step.error.code),
          each,
        );
      }
      const { scene } = await opened(ttlsMethod({ kind: 'eap', methods: [gtcMethod] }));
      const many = concat(
        ...Array.from({ length: limits.eapTunnelItems + 1 }, () => fromHex('0000001200000008')),
      );
      failsWith((await scene.say(many)).step, 'malformed');
    });
  });

  describe(`PEAP with TLS ${version}`, () => {
    const opened = async (kind = peap) => {
      const scene = new TunnelScene(kind, { version });
      const { records } = await scene.handshake();
      if (version === '1.3' && records.length > 0) await scene.message(records);
      return scene;
    };
    const result = '0107000b21' + '800300020001';

    it('logs in by MSCHAPv2 without inner headers, and answers the result', async () => {
      const scene = await opened();
      assert.equal(toHex((await scene.say(fromHex('01'))).inside), `01${toHex(utf8.encode('User'))}`);
      const challenge = '1a' + '0107001910' + '5b5d7c7d7b3f2f3e3c2c602132262628' + '78787878';
      const response = (await scene.say(fromHex(challenge))).inside;
      assert.match(toHex(response), /^1a0207003a31/);
      const proof = scene.mschapv2Proof(
        response.subarray(6),
        fromHex('5b5d7c7d7b3f2f3e3c2c602132262628'),
        'clientPass',
      );
      const success = concat(Uint8Array.of(0x1a, 3, 8, 0, 4 + proof.length), utf8.encode(proof));
      assert.equal(toHex((await scene.say(success)).inside), '1a03');
      const { step, inside } = await scene.say(fromHex(result));
      assert.equal(toHex(inside), '0207000b21' + '800300020001');
      assert.equal(mskOf(step), serverMsk(scene, peap, version, 'client EAP encryption'));
    });

    it('takes a header from a server that writes one, and answers without', async () => {
      const scene = await opened();
      const { inside } = await scene.say(fromHex('0101000501'));
      assert.equal(toHex(inside), `01${toHex(utf8.encode('User'))}`);
    });

    it('says no to a result without a login, and to one that the login did not have', async () => {
      for (const before of [[], ['01']]) {
        const scene = await opened();
        for (const each of before) await scene.say(fromHex(each));
        const { step, inside } = await scene.say(fromHex(result));
        assert.equal(toHex(inside), '0207000b21' + '800300020002');
        assert.equal(step.kind, 'failed');
      }
    });

    it('reports why the login inside is lost', async () => {
      const scene = await opened();
      await scene.say(fromHex('1a' + '0107001910' + '5b5d7c7d7b3f2f3e3c2c602132262628' + '78787878'));
      const text = utf8.encode('E=691 R=0 V=3 M=no');
      const lost = await scene.say(concat(Uint8Array.of(0x1a, 4, 8, 0, 4 + text.length), text));
      assert.equal(lost.step.kind === 'respond' && lost.step.failing?.code, 'auth.password');
      const { step, inside } = await scene.say(fromHex('0107000b21' + '800300020002'));
      failsWith(step, 'auth.password');
      assert.equal(toHex(inside), '0207000b21' + '800300020002');
    });

    it('refuses what a TLV cannot be', async () => {
      const hostile = [
        '80030002',
        '800300ff0001',
        '8003000200',
        '800300020003',
        '800c00020000',
        '8007000400000001',
        '',
      ];
      for (const tlvs of hostile) {
        const scene = await opened();
        const length = (5 + tlvs.length / 2).toString(16).padStart(4, '0');
        const { step } = await scene.say(fromHex(`0107${length}21${tlvs}`));
        assert.ok(step.kind === 'failed', tlvs);
        assert.ok(['malformed', 'auth.login-server'].includes(step.error.code), tlvs);
      }
    });

    it('ends a lie about the binding of TLS and login', async () => {
      const scene = await opened(peapMethod([gtcMethod]));
      await scene.say(fromHex('06'));
      const binding = `000c0038${'00000000'}${'ab'.repeat(32)}${'cd'.repeat(20)}`;
      const { step, inside } = await scene.say(fromHex(`01070047${'21'}800300020001${binding}`));
      failsWith(step, 'auth.tunnel-binding');
      assert.equal(toHex(inside), '0207000b21' + '800300020002');
    });
  });
}

describe('the framing of EAP-TLS', () => {
  const begun = async () => {
    const scene = new TunnelScene(eapTlsMethod, { version: '1.3' });
    await scene.records(start);
    return scene;
  };
  const process = async (...packets: readonly Uint8Array[]) => {
    const scene = await begun();
    let step: EapMethodStep | undefined;
    for (const packet of packets) step = await scene.process(packet);
    return step;
  };
  const fragment = (head: string, octets: number) => concat(fromHex(head), new Uint8Array(octets));

  it('begins with a start packet, once', async () => {
    failsWith(await new TunnelScene(eapTlsMethod).process(ack), 'auth.login-server');
    failsWith(await process(start), 'auth.login-server');
    failsWith(await new TunnelScene(eapTlsMethod).process(new Uint8Array(0)), 'malformed');
  });

  it('sends no more of its own in one packet than RADIUS carries', async () => {
    const scene = new TunnelScene(eapTlsMethod, { version: '1.2', clientCertificate: userCertificate });
    const hello = await scene.records(start);
    let step = await scene.process(concat(ack, await scene.server.exchange(hello.records)));
    const sizes: number[] = [];
    while (step.kind === 'respond' && step.data.length > 1) {
      const isFirst = ((step.data[0] ?? 0) & 0x80) !== 0;
      sizes.push(step.data.length - (isFirst ? 5 : 1));
      step = await scene.process(ack);
    }
    assert.ok(sizes.length > 2);
    assert.ok(sizes.slice(0, -1).every((size) => size === limits.eapFragmentOctets));
    assert.ok((sizes.at(-1) ?? 0) <= limits.eapFragmentOctets);
  });

  it('refuses a length that lies', async () => {
    failsWith(await process(fragment('c000000100', 10), fragment('00', 10)), 'auth.login-server');
    failsWith(await process(fragment('c000000010', 10), fragment('00', 10)), 'auth.login-server');
    failsWith(await process(fragment('c000000100', 10), fragment('c000000101', 10)), 'auth.login-server');
    failsWith(await process(fragment('80000000', 0)), 'malformed');
    failsWith(await process(fragment('c0ffffffff', 10)), 'auth.login-server');
  });

  it('refuses endless and empty fragments', async () => {
    failsWith(await process(fragment('40', 0)), 'auth.login-server');
    const scene = await begun();
    let step = await scene.process(fragment('40', 16_384));
    for (let octets = 16_384; step.kind === 'respond'; octets += 16_384) {
      assert.ok(octets <= limits.eapTlsMessageOctets);
      step = await scene.process(fragment('40', 16_384));
    }
    failsWith(step, 'auth.login-server');
  });

  it('refuses an empty message in the handshake, and records where an acknowledgement belongs', async () => {
    failsWith(await process(ack), 'auth.login-server');
    const scene = new TunnelScene(eapTlsMethod, { version: '1.2', clientCertificate: userCertificate });
    const hello = await scene.records(start);
    const flight = await scene.server.exchange(hello.records);
    const first = await scene.process(concat(ack, flight));
    assert.equal(first.kind === 'respond' && (first.data[0] ?? 0) & 0x40, 0x40);
    failsWith(await scene.process(fragment('00', 5)), 'auth.login-server');
  });

  it('names what is not TLS, and a record that is cut', async () => {
    failsWith(await process(concat(ack, utf8.encode('HTTP/1.1 400'))), 'auth.tls');
    const scene = await begun();
    failsWith(await scene.process(fromHex('00160303ffff02')), 'auth.tls');
    const cut = await begun();
    failsWith(await cut.process(fromHex('0016030300500200')), 'auth.login-server');
  });

  it('acknowledges an alert of the server and names it', async () => {
    const step = await process(fromHex('00' + '15030300020230'));
    failsWith(step, 'auth.client-certificate');
    assert.equal(step?.kind === 'failed' && toHex(step.data ?? start), '00');
  });
});

/** The login server is at fault, and the words say so. */
function blamesServer(step: EapMethodStep, code: string): void {
  failsWith(step, code);
  if (step.kind === 'failed') assert.match(explain(step.error).what, /login server/);
}

for (const version of ['1.2', '1.3'] as const) {
  describe(`TLS ${version} that is changed on the way`, () => {
    const inTunnel = async () => {
      const scene = new TunnelScene(ttlsMethod({ kind: 'eap', methods: [gtcMethod] }), { version });
      const { records } = await scene.handshake();
      if (version === '1.3') await scene.message(records);
      return scene;
    };

    it('a flight of the server that comes twice', async () => {
      const scene = new TunnelScene(pap, { version });
      const { records } = await scene.records(start);
      const flight = await scene.server.exchange(records);
      assert.equal((await scene.message(flight)).step.kind, 'respond');
      blamesServer((await scene.message(flight)).step, 'auth.tls');
    });

    it('a record inside the tunnel that comes twice', async () => {
      const scene = await inTunnel();
      const asked = await scene.server.say(eapMessage('0101000506'));
      const first = await scene.message(asked);
      assert.notEqual(first.step.kind, 'failed');
      blamesServer((await scene.message(asked)).step, 'auth.tls');
    });

    it('a record inside the tunnel with an octet changed, and one cut short', async () => {
      const changed = await (await inTunnel()).server.say(eapMessage('0101000506'));
      changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
      blamesServer((await (await inTunnel()).message(changed)).step, 'auth.tls');
      const scene = await inTunnel();
      const whole = await scene.server.say(eapMessage('0101000506'));
      const cut = await scene.message(whole.subarray(0, -4));
      assert.deepEqual([cut.step.kind, cut.records.length], ['respond', 0], 'it is waited for the rest');
      blamesServer((await scene.message(whole)).step, 'auth.tls');
    });

    it('a record longer than TLS has them, before and inside the tunnel', async () => {
      const long = concat(fromHex('170303ffff'), new Uint8Array(65_535));
      const early = new TunnelScene(pap, { version });
      await early.records(start);
      blamesServer((await early.message(long)).step, 'auth.tls');
      blamesServer((await (await inTunnel()).message(long)).step, 'auth.tls');
    });
  });
}

/** A Microsoft AVP. */
function avp(code: number, data: Uint8Array): Uint8Array {
  const padding = new Uint8Array((4 - (data.length % 4)) % 4);
  return concat(Uint8Array.of(0, 0, 0, code, 0x80, 0, 0, 12 + data.length, 0, 0, 1, 0x37), data, padding);
}

function eapMessage(hex: string): Uint8Array {
  const packet = fromHex(hex);
  const padding = new Uint8Array((4 - (packet.length % 4)) % 4);
  return concat(Uint8Array.of(0, 0, 0, 79, 0x40, 0, 0, 8 + packet.length), packet, padding);
}
