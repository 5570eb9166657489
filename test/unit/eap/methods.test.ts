import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '../../../core/base/octets.ts';
import { Secret } from '../../../core/base/secret.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import type { EapMethod } from '../../../core/eap/method.ts';
import { identityMethod } from '../../../core/eap/methods/identity.ts';
import { mschapv2Method } from '../../../core/eap/methods/mschapv2.ts';
import { mschapv2Challenge, mschapv2Failure, mschapv2Success, proofFor, rfcRandom } from './login-server.ts';
import { describeEapMethod } from './method-contract.ts';

describeEapMethod(identityMethod, utf8.encode('Who are you?'));
describeEapMethod(mschapv2Method, mschapv2Challenge());

const rfcProof = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';

/** A method that has sent its response to the RFC's challenge. */
function responded(identity = 'User'): { method: EapMethod; response: Uint8Array } {
  const method = mschapv2Method.start({ identity, userName: identity, random: rfcRandom });
  assert.equal(method.process(mschapv2Challenge(7)).kind, 'ask');
  const step = method.answer(Secret.fromText('clientPass'));
  if (step.kind !== 'respond') assert.fail(step.kind);
  return { method, response: step.data };
}

describe('EAP-MSCHAPv2', () => {
  it('answers the challenge of RFC 2759 9.2 with its response, octet by octet', () => {
    const { response } = responded();
    const expected =
      '0207003a' + // Response, MS-CHAPv2-ID 7, 58 octets
      '31' + // 49 octets of value
      '21402324255e262a28295f2b3a337c7e' +
      '0000000000000000' +
      '82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df' +
      '00' +
      '55736572';
    assert.equal(toHex(response), expected);
  });

  it('confirms the right proof and is done with an MSK of 64 octets', () => {
    const { method } = responded();
    const step = method.process(mschapv2Success(7, `${rfcProof} M=Welcome`));
    if (step.kind !== 'done') assert.fail(step.kind);
    assert.equal(toHex(step.data), '03');
    assert.equal(step.msk?.length, 64);
    assert.equal(toHex(step.msk?.subarray(16, 32) ?? new Uint8Array()), '8b7cdc149b993a1ba118cb153f56dccb');
    assert.ok(step.msk?.subarray(32).every((octet) => octet === 0));
  });

  it('takes the proof in lower case and without a text', () => {
    const { method } = responded();
    assert.equal(method.process(mschapv2Success(7, rfcProof.toLowerCase().replace('s=', 'S='))).kind, 'done');
  });

  it('sends the domain in the name and leaves it out of the proof', () => {
    const { method, response } = responded('BIGCO\\User');
    assert.equal(utf8.decode(response.subarray(54)), 'BIGCO\\User');
    assert.equal(method.process(mschapv2Success(7, rfcProof)).kind, 'done');
  });

  it('keeps a name and a password beyond ASCII', () => {
    const method = mschapv2Method.start({ identity: 'zoë', userName: 'zoë', random: rfcRandom });
    method.process(mschapv2Challenge());
    const step = method.answer(Secret.fromText('pässwörd🐦'));
    if (step.kind !== 'respond') assert.fail(step.kind);
    assert.equal(method.process(mschapv2Success(7, proofFor(step.data, 'pässwörd🐦'))).kind, 'done');
  });

  const wrongProofs = [
    ['another password’s', `S=${'0'.repeat(40)} M=hello`],
    ['one digit short', rfcProof.slice(0, -1)],
    ['one digit long', `${rfcProof}0`],
    ['no', 'M=trust me'],
    ['an empty', ''],
  ] as const;
  for (const [name, message] of wrongProofs) {
    it(`refuses a server with ${name} proof, and tells it nothing`, () => {
      const { method } = responded();
      const step = method.process(mschapv2Success(7, message));
      if (step.kind !== 'failed') assert.fail(step.kind);
      assert.equal(step.error.code, 'auth.eap-server');
      assert.equal(step.data, undefined);
      assert.equal(method.process(mschapv2Success(7, rfcProof)).kind, 'failed', 'no second try');
    });
  }

  const verdicts = [
    ['E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=Authentication failed', 'auth.password'],
    ['E=691 R=0 V=3', 'auth.password'],
    ['E=646 R=0 V=3', 'auth.account'],
    ['E=647 R=0 V=3 M=disabled', 'auth.account'],
    ['E=648 R=0 V=3 M=Password expired', 'auth.account'],
    ['E=649 R=0 V=3', 'auth.account'],
    ['E=12345 R=0 V=3', 'auth.refused'],
    ['nonsense', 'auth.refused'],
    ['', 'auth.refused'],
  ] as const;
  for (const [message, code] of verdicts) {
    it(`confirms the failure ${JSON.stringify(message)} and ends with ${code}`, () => {
      const { method } = responded();
      const step = method.process(mschapv2Failure(7, message));
      if (step.kind !== 'failed') assert.fail(step.kind);
      assert.equal(step.error.code, code);
      assert.equal(step.error.detail['side'], 'local');
      assert.equal(toHex(step.data ?? new Uint8Array()), '04');
      if (code === 'auth.account') assert.notEqual(step.error.detail['reason'], undefined);
    });
  }

  it('carries no escape sequence of the server into its evidence', () => {
    const { method } = responded();
    const step = method.process(mschapv2Failure(7, 'E=691 R=0 V=3 M=\u001b[2J\r\nlogin: root\u202e'));
    if (step.kind !== 'failed') assert.fail(step.kind);
    assert.equal(step.error.detail['message'], '\\u{1b}[2J\\u{d}\\u{a}login: root\\u{202e}');
  });

  it('fails on what comes out of order', () => {
    const context = { identity: 'User', userName: 'User', random: rfcRandom };
    const early = mschapv2Method.start(context).process(mschapv2Success(7, rfcProof));
    assert.equal(early.kind === 'failed' && early.error.code, 'peer.misbehaved');
    const again = responded().method.process(mschapv2Challenge(8));
    assert.equal(again.kind === 'failed' && again.error.code, 'peer.misbehaved');
  });

  it('fails on every truncation of a challenge', () => {
    const challenge = mschapv2Challenge();
    for (let length = 0; length < challenge.length - 4; length++) {
      const method = mschapv2Method.start({ identity: 'User', userName: 'User', random: rfcRandom });
      assert.equal(method.process(challenge.subarray(0, length)).kind, 'failed', `${length} octets`);
    }
  });
});
