import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { fromHex, toHex } from '../../../core/base/octets.ts';
import { Secret } from '../../../core/base/secret.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import type { EapMethod } from '../../../core/eap/method.ts';
import { gtcMethod } from '../../../core/eap/methods/gtc.ts';
import { identityMethod } from '../../../core/eap/methods/identity.ts';
import { md5Method } from '../../../core/eap/methods/md5.ts';
import { mschapv2Method } from '../../../core/eap/methods/mschapv2.ts';
import {
  authenticatorResponse,
  desEncrypt,
  ntPasswordHash,
} from '../../../core/eap/mschapv2/challenge-response.ts';
import { utf16LePassword } from '../../../core/eap/mschapv2/password.ts';
import { rc4 } from '../../../core/eap/mschapv2/rc4.ts';
import { decodeMschapv2Response } from '../../../core/wire/eap/mschapv2-packet.ts';
import { mschapv2Challenge, mschapv2Failure, mschapv2Success, proofFor, rfcRandom } from './login-server.ts';
import { describeEapMethod } from './method-contract.ts';

const context = { identity: 'User', userName: 'User', random: rfcRandom };

describeEapMethod(identityMethod, utf8.encode('Who are you?'));
describeEapMethod(mschapv2Method, mschapv2Challenge());

const rfcProof = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';

/** A method that has sent its response to the RFC's challenge. */
function responded(identity = 'User'): { method: EapMethod; response: Uint8Array } {
  const method = mschapv2Method.start({ identity, userName: identity, random: rfcRandom });
  assert.equal(method.process(mschapv2Challenge(7), 1).kind, 'ask');
  const step = method.answer(Secret.fromText('clientPass'));
  if (step.kind !== 'respond') assert.fail(step.kind);
  return { method, response: step.data };
}

describeEapMethod(gtcMethod, utf8.encode('Code:'), { provesServer: false });
describeEapMethod(md5Method, Uint8Array.of(3, 1, 2, 3), { provesServer: false });

describe('EAP-GTC', () => {
  it('shows the words of the server, and asks for a code behind the password', () => {
    const method = gtcMethod.start(context);
    const first = method.process(utf8.encode('Password: '), 1);
    assert.deepEqual(first, {
      kind: 'ask',
      question: { kind: 'password', retry: 0, message: 'Password:' },
    });
    const step = method.answer(Secret.fromText('pässword'));
    assert.deepEqual(step, { kind: 'done', data: utf8.encode('pässword'), more: true });
    const second = method.process(utf8.encode('Code from\n your \u001b[31mtoken'), 2);
    assert.deepEqual(second.kind === 'ask' && second.question, {
      kind: 'passcode',
      retry: 0,
      message: 'Code from your \\u{1b}[31mtoken',
    });
    assert.equal(method.answer(Secret.fromText('123456')).kind, 'done');
  });

  it('ends a server that never has enough', () => {
    const method = gtcMethod.start(context);
    let step = method.process(utf8.encode('?'), 1);
    for (let i = 0; step.kind === 'ask'; i++) {
      assert.ok(i < limits.eapPrompts);
      method.answer(Secret.fromText('x'));
      step = method.process(utf8.encode('?'), 1);
    }
    assert.equal(step.kind === 'failed' && step.error.code, 'auth.login-server');
  });
});

describe('EAP-MD5', () => {
  it('hashes identifier, password and challenge, as in RFC 1994', () => {
    const method = md5Method.start(context);
    method.process(Uint8Array.of(4, 1, 2, 3, 4, ...utf8.encode('the name of the server')), 7);
    const step = method.answer(Secret.fromText('clientPass'));
    const digest = createHash('md5')
      .update(Buffer.from('\u0007clientPass\u0001\u0002\u0003\u0004'))
      .digest('hex');
    assert.equal(step.kind === 'done' && toHex(step.data), `10${digest}`);
    assert.equal(step.kind === 'done' && step.msk, undefined);
  });

  it('refuses a challenge that is cut or empty', () => {
    for (const challenge of [[], [0], [5, 1, 2, 3, 4]]) {
      assert.equal(md5Method.start(context).process(Uint8Array.from(challenge), 1).kind, 'failed');
    }
  });
});

describe('EAP-MSCHAPv2 goes on after a Failure', () => {
  const challenge = '00112233445566778899aabbccddeeff';

  it('with another password, to the new challenge', () => {
    const { method } = responded();
    const ask = method.process(mschapv2Failure(8, `E=691 R=1 C=${challenge.toUpperCase()} V=3`), 1);
    assert.deepEqual(ask, { kind: 'ask', question: { kind: 'password', retry: 1 } });
    const step = method.answer(Secret.fromText('another'));
    if (step.kind !== 'respond') assert.fail(step.kind);
    assert.equal(toHex(step.data.subarray(0, 2)), '0208');
    const proof = proofFor(step.data, 'another', fromHex(challenge));
    assert.equal(method.process(mschapv2Success(8, proof), 1).kind, 'done');
  });

  it('but not for ever', () => {
    const { method } = responded();
    for (let retry = 1; retry <= limits.passwordRetries; retry++) {
      const ask = method.process(mschapv2Failure(8, `E=691 R=1 C=${challenge} V=3`), 1);
      assert.equal(ask.kind === 'ask' && ask.question.retry, retry);
      method.answer(Secret.fromText('wrong'));
    }
    const end = method.process(mschapv2Failure(8, `E=691 R=1 C=${challenge} V=3`), 1);
    assert.equal(end.kind === 'failed' && end.error.code, 'auth.password');
  });

  const expired = `E=648 R=0 C=${challenge} V=3 M=Password expired`;

  it('with a new password when the old one has expired', () => {
    const { method } = responded();
    const ask = method.process(mschapv2Failure(8, expired), 1);
    assert.deepEqual(ask.kind === 'ask' && ask.question, {
      kind: 'new-password',
      retry: 0,
      message: 'Password expired',
    });
    const step = method.answer(Secret.fromText('nëw password'));
    if (step.kind !== 'respond') assert.fail(step.kind);
    const packet = decodeMschapv2Response(step.data);
    if (!packet.ok || packet.value.kind !== 'change-password') assert.fail('no Change-Password');
    const { id, encryptedPassword, encryptedHash, peerChallenge, ntResponse } = packet.value;
    assert.equal(id, 9);
    const oldHash = ntPasswordHash(utf16LePassword(utf8.encode('clientPass')));
    const unicode = utf16LePassword(utf8.encode('nëw password'));
    const newHash = ntPasswordHash(unicode);
    const block = rc4(oldHash, encryptedPassword);
    assert.equal(new DataView(block.buffer).getUint32(512, true), unicode.length);
    assert.deepEqual(block.subarray(512 - unicode.length, 512), unicode);
    // Sealed as a smart card of old would open it. @rfc 2759 8.13
    assert.deepEqual(
      encryptedHash.subarray(0, 8),
      desEncrypt(newHash.subarray(0, 7), oldHash.subarray(0, 8)),
    );
    assert.deepEqual(encryptedHash.subarray(8), desEncrypt(newHash.subarray(7, 14), oldHash.subarray(8)));
    const input = {
      authenticatorChallenge: fromHex(challenge),
      peerChallenge,
      userName: utf8.encode('User'),
    };
    const proof = authenticatorResponse({ ...input, passwordHash: newHash }, ntResponse);
    const done = method.process(mschapv2Success(9, `S=${toHex(proof).toUpperCase()}`), 1);
    assert.equal(done.kind === 'done' && done.msk?.length, 64);
  });

  it('and tells an expired password when the user has no new one, or the server takes none', () => {
    const without = responded().method;
    without.process(mschapv2Failure(8, expired), 1);
    const refused = without.refuse?.(failure('secret.missing'));
    assert.equal(refused?.kind === 'failed' && refused.error.code, 'auth.account');
    assert.equal(refused?.kind === 'failed' && toHex(refused.data ?? new Uint8Array()), '04');
    const { method } = responded();
    method.process(mschapv2Failure(8, expired), 1);
    method.answer(Secret.fromText('too weak'));
    const end = method.process(mschapv2Failure(9, 'E=709 R=0 V=3 M=too weak'), 1);
    assert.equal(end.kind === 'failed' && end.error.code, 'auth.account');
  });

  it('asks again for a new password that is too long to be sent', () => {
    const { method } = responded();
    method.process(mschapv2Failure(8, expired), 1);
    const step = method.answer(Secret.fromText('x'.repeat(300)));
    assert.equal(step.kind === 'ask' && step.question.kind, 'new-password');
    assert.equal(method.answer(Secret.fromText('y'.repeat(256))).kind, 'respond');
  });
});

describe('RC4', () => {
  it('is that of RFC 6229', () => {
    const stream = rc4(fromHex('0102030405'), new Uint8Array(32));
    assert.equal(toHex(stream), 'b2396305f03dc027ccc3524a0a1118a8' + '6982944f18fc82d589c403a47a0d0919');
  });
});

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
    const step = method.process(mschapv2Success(7, `${rfcProof} M=Welcome`), 1);
    if (step.kind !== 'done') assert.fail(step.kind);
    assert.equal(toHex(step.data), '03');
    assert.equal(step.msk?.length, 64);
    assert.equal(toHex(step.msk?.subarray(16, 32) ?? new Uint8Array()), '8b7cdc149b993a1ba118cb153f56dccb');
    assert.ok(step.msk?.subarray(32).every((octet) => octet === 0));
  });

  it('takes the proof in lower case and without a text', () => {
    const { method } = responded();
    assert.equal(
      method.process(mschapv2Success(7, rfcProof.toLowerCase().replace('s=', 'S=')), 1).kind,
      'done',
    );
  });

  it('sends the domain in the name and leaves it out of the proof', () => {
    const { method, response } = responded('BIGCO\\User');
    assert.equal(utf8.decode(response.subarray(54)), 'BIGCO\\User');
    assert.equal(method.process(mschapv2Success(7, rfcProof), 1).kind, 'done');
  });

  it('keeps a name and a password beyond ASCII', () => {
    const method = mschapv2Method.start({ identity: 'zoë', userName: 'zoë', random: rfcRandom });
    method.process(mschapv2Challenge(), 1);
    const step = method.answer(Secret.fromText('pässwörd🐦'));
    if (step.kind !== 'respond') assert.fail(step.kind);
    assert.equal(method.process(mschapv2Success(7, proofFor(step.data, 'pässwörd🐦')), 1).kind, 'done');
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
      const step = method.process(mschapv2Success(7, message), 1);
      if (step.kind !== 'failed') assert.fail(step.kind);
      assert.equal(step.error.code, 'auth.eap-server');
      assert.equal(step.data, undefined);
      assert.equal(method.process(mschapv2Success(7, rfcProof), 1).kind, 'failed', 'no second try');
    });
  }

  const verdicts = [
    ['E=691 R=0 V=3', 'auth.password'],
    ['E=646 R=0 V=3', 'auth.account'],
    ['E=647 R=0 V=3 M=disabled', 'auth.account'],
    ['E=648 R=0 V=2 M=Password expired', 'auth.account'],
    ['E=649 R=0 V=3', 'auth.account'],
    ['E=12345 R=0 V=3', 'auth.refused'],
    ['nonsense', 'auth.refused'],
    ['', 'auth.refused'],
  ] as const;
  for (const [message, code] of verdicts) {
    it(`confirms the failure ${JSON.stringify(message)} and ends with ${code}`, () => {
      const { method } = responded();
      const step = method.process(mschapv2Failure(7, message), 1);
      if (step.kind !== 'failed') assert.fail(step.kind);
      assert.equal(step.error.code, code);
      assert.equal(step.error.detail['side'], 'local');
      assert.equal(toHex(step.data ?? new Uint8Array()), '04');
      if (code === 'auth.account') assert.notEqual(step.error.detail['reason'], undefined);
    });
  }

  it('carries no escape sequence of the server into its evidence', () => {
    const { method } = responded();
    const step = method.process(mschapv2Failure(7, 'E=691 R=0 V=3 M=\u001b[2J\r\nlogin: root\u202e'), 1);
    if (step.kind !== 'failed') assert.fail(step.kind);
    assert.equal(step.error.detail['message'], '\\u{1b}[2J\\u{d}\\u{a}login: root\\u{202e}');
  });

  it('fails on what comes out of order', () => {
    const early = mschapv2Method.start(context).process(mschapv2Success(7, rfcProof), 1);
    assert.equal(early.kind === 'failed' && early.error.code, 'peer.misbehaved');
    const again = responded().method.process(mschapv2Challenge(8), 1);
    assert.equal(again.kind === 'failed' && again.error.code, 'peer.misbehaved');
  });

  it('fails on every truncation of a challenge', () => {
    const challenge = mschapv2Challenge();
    for (let length = 0; length < challenge.length - 4; length++) {
      const method = mschapv2Method.start({ identity: 'User', userName: 'User', random: rfcRandom });
      assert.equal(method.process(challenge.subarray(0, length), 1).kind, 'failed', `${length} octets`);
    }
  });
});
