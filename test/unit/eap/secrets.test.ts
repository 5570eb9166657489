import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { Secret } from '../../../core/base/secret.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { createEapPeer } from '../../../core/eap/create-eap-peer.ts';
import type { EapMethod, EapMethodKind, EapMethodStep } from '../../../core/eap/method.ts';
import { gtcMethod } from '../../../core/eap/methods/gtc.ts';
import { md5Method } from '../../../core/eap/methods/md5.ts';
import { mschapv2Method } from '../../../core/eap/methods/mschapv2.ts';
import { ttlsMethod } from '../../../core/eap/methods/ttls.ts';
import { EapServer } from '../../../core/gateway/eap-server.ts';
import { rfcRandom } from './login-server.ts';
import { TunnelScene } from './tunnel-server.ts';

/** What a user, a file or a keyring may hand over as a password. */
const secrets: readonly (readonly [string, Uint8Array])[] = [
  ['of one octet', Uint8Array.of(0x61)],
  ['with every octet', Uint8Array.from({ length: 256 }, (_, octet) => octet)],
  ['of zeros', new Uint8Array(64)],
  ['beyond the basic plane', utf8.encode('🐦𝄞🧗🏽 godwit')],
  ['with a byte order mark and a line end', utf8.encode('\ufeffpass\r\nword')],
  ['that is half of a character', Uint8Array.of(0x70, 0xf0, 0x9f, 0x90)],
  ['as long as allowed', new Uint8Array(limits.passwordOctets).fill(0x7a)],
  ['of 10,000 octets', new Uint8Array(10_000).fill(0x7a)],
];

function start(kind: EapMethodKind, opening: Uint8Array): EapMethod {
  const method = kind.start({ identity: 'User', userName: 'User', random: rfcRandom });
  assert.equal(method.process(opening, 7).kind, 'ask');
  return method;
}

function dataOf(step: EapMethodStep): Uint8Array {
  if (step.kind !== 'respond' && step.kind !== 'done') assert.fail(step.kind);
  return step.data ?? assert.fail('nothing is sent');
}

describe('a secret goes to the server as it is, whatever its octets', () => {
  for (const [name, octets] of secrets) {
    it(`EAP-GTC and a password ${name}`, () => {
      const method = start(gtcMethod, utf8.encode('Password:'));
      assert.deepEqual(dataOf(method.answer(new Secret(octets))), octets);
    });

    it(`EAP-MD5 and a password ${name}`, () => {
      const challenge = new Uint8Array(16).fill(9);
      const method = start(md5Method, Uint8Array.of(16, ...challenge));
      const response = dataOf(method.answer(new Secret(octets)));
      const due = createHash('md5').update(Uint8Array.of(7)).update(octets).update(challenge).digest();
      assert.deepEqual(Buffer.from(response.subarray(1, 17)), due);
    });

    it(`EAP-MSCHAPv2 and a password ${name}`, () => {
      const random = seededRandom(4);
      const server = new EapServer({ users: new Map([['User', new Secret(octets)]]), random });
      const peer = createEapPeer({ identity: 'User', random, methods: [mschapv2Method] });
      let said = server.start();
      for (let round = 0; round < 8; round++) {
        const asked = peer.handle(said.packet);
        if (asked.kind === 'success') return;
        const answer = asked.kind === 'ask' ? peer.answer(new Secret(octets)) : asked;
        if (answer.kind !== 'respond') assert.fail(JSON.stringify(answer));
        said = server.handle(answer.packet);
      }
      assert.fail('the login does not end');
    });

    it(`PAP inside of TTLS and a password ${name}`, async () => {
      const scene = new TunnelScene(ttlsMethod({ kind: 'pap' }), { secret: octets });
      const { records } = await scene.message((await scene.handshake()).records);
      const said = Buffer.from(await scene.heard(records));
      const at = said.indexOf(Buffer.from([0, 0, 0, 2]));
      const length = said.readUIntBE(at + 5, 3) - 8;
      const value = said.subarray(at + 8, at + 8 + length);
      assert.deepEqual(value.subarray(0, octets.length), Buffer.from(octets));
      assert.ok(
        value.subarray(octets.length).every((octet) => octet === 0),
        'padded with zeros',
      );
    });
  }
});
