import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FailureCode, failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { toHex } from '../../../core/base/octets.ts';
import { Secret } from '../../../core/base/secret.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { createEapPeer } from '../../../core/eap/create-eap-peer.ts';
import type { EapMethodKind } from '../../../core/eap/method.ts';
import { gtcCodeMethod } from '../../../core/eap/methods/gtc.ts';
import type { EapPeer, EapStep } from '../../../core/eap/peer.ts';
import {
  eapFailure,
  eapRequest,
  eapSuccess,
  mschapv2Challenge,
  mschapv2Failure,
  mschapv2Success,
  rfcRandom,
} from './login-server.ts';

const type = { identity: 1, notification: 2, nak: 3, md5: 4, tls: 13, mschapv2: 26, expanded: 254 } as const;
const rfcProof = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';

const newPeer = (): EapPeer => createEapPeer({ identity: 'User', random: rfcRandom });
const password = () => Secret.fromText('clientPass');

function packetOf(step: EapStep): string {
  if (step.kind !== 'respond') assert.fail(`${step.kind} where a response was expected`);
  return toHex(step.packet);
}

function failsWith(step: EapStep, code: FailureCode): void {
  if (step.kind !== 'failure') assert.fail(`${step.kind} where a failure was expected`);
  assert.equal(step.error.code, code);
}

/** A peer that has answered Identity (1) and the challenge (2). */
function challenged(): { peer: EapPeer; response: EapStep } {
  const peer = newPeer();
  peer.handle(eapRequest(1, type.identity));
  assert.equal(peer.handle(eapRequest(2, type.mschapv2, mschapv2Challenge())).kind, 'ask');
  return { peer, response: peer.answer(password()) };
}

/** A peer whose method is done (3) and that waits for EAP-Success. */
function proven(): EapPeer {
  const { peer } = challenged();
  assert.equal(
    packetOf(peer.handle(eapRequest(3, type.mschapv2, mschapv2Success(7, rfcProof)))),
    '020300061a03',
  );
  return peer;
}

describe('the EAP peer logs in', () => {
  it('with Identity, MSCHAPv2 and Success', () => {
    const peer = newPeer();
    assert.equal(
      packetOf(peer.handle(eapRequest(9, type.identity, utf8.encode('name?')))),
      '0209000901' + '55736572',
    );
    const ask = peer.handle(eapRequest(10, type.mschapv2, mschapv2Challenge()));
    assert.deepEqual(ask, { kind: 'ask', identity: 'User', question: { kind: 'password', retry: 0 } });
    assert.match(packetOf(peer.answer(password())), /^020a003f1a0207003a31/);
    peer.handle(eapRequest(11, type.mschapv2, mschapv2Success(7, rfcProof)));
    const end = peer.handle(eapSuccess(11));
    if (end.kind !== 'success') assert.fail(end.kind);
    assert.equal(end.method, 'EAP-MSCHAPv2');
    assert.equal(end.msk?.length, 64);
    const msk = end.msk?.slice();
    peer.wipe();
    assert.deepEqual(end.msk, msk, 'the caller owns the MSK');
  });

  it('when the gateway skips Identity, or asks it twice', () => {
    const skipped = newPeer();
    assert.equal(skipped.handle(eapRequest(1, type.mschapv2, mschapv2Challenge())).kind, 'ask');
    const twice = newPeer();
    twice.handle(eapRequest(1, type.identity));
    assert.equal(packetOf(twice.handle(eapRequest(2, type.identity))), '020200090155736572');
  });

  it('when Success counts its identifier on', () => {
    assert.equal(proven().handle(eapSuccess(4)).kind, 'success');
  });

  it('and answers Notification at any time before the end', () => {
    const peer = newPeer();
    assert.equal(packetOf(peer.handle(eapRequest(1, type.notification, utf8.encode('hello')))), '0201000502');
    peer.handle(eapRequest(2, type.mschapv2, mschapv2Challenge()));
    peer.answer(password());
    assert.equal(packetOf(peer.handle(eapRequest(3, type.notification, utf8.encode('wait')))), '0203000502');
    assert.equal(
      packetOf(peer.handle(eapRequest(4, type.mschapv2, mschapv2Success(7, rfcProof)))),
      '020400061a03',
    );
    assert.equal(peer.handle(eapSuccess(4)).kind, 'success');
  });
});

describe('the EAP peer answers duplicates identically', () => {
  it('of every request, and counts them once', () => {
    const { peer, response } = challenged();
    for (let i = 0; i < 2 * limits.eapRounds; i++) {
      assert.equal(
        packetOf(peer.handle(eapRequest(2, type.mschapv2, mschapv2Challenge()))),
        packetOf(response),
      );
    }
    const verdict = eapRequest(3, type.mschapv2, mschapv2Success(7, rfcProof));
    assert.equal(packetOf(peer.handle(verdict)), packetOf(peer.handle(verdict)));
    assert.equal(peer.handle(eapSuccess(3)).kind, 'success');
    assert.equal(peer.handle(eapSuccess(3)).kind, 'success');
  });

  it('and asks again for the password while it waits for it', () => {
    const peer = newPeer();
    const request = eapRequest(2, type.mschapv2, mschapv2Challenge());
    assert.equal(peer.handle(request).kind, 'ask');
    assert.equal(peer.handle(request).kind, 'ask');
    assert.equal(peer.answer(password()).kind, 'respond');
  });
});

describe('the EAP peer negotiates', () => {
  it('by Nak with what it can do, and goes on when the gateway follows', () => {
    const peer = newPeer();
    assert.equal(packetOf(peer.handle(eapRequest(1, type.tls, Uint8Array.of(0x20)))), '02010006031a');
    // Vendor 0, type 3, then type 254, vendor 0, type 26.
    assert.equal(
      packetOf(peer.handle(eapRequest(2, type.expanded, new Uint8Array(7).fill(9)))),
      '02020014fe000000000000' + '03fe0000000000001a',
    );
    assert.equal(peer.handle(eapRequest(3, type.mschapv2, mschapv2Challenge())).kind, 'ask');
  });

  it('and names the method when the gateway insists', () => {
    const peer = newPeer();
    peer.handle(eapRequest(1, type.identity));
    peer.handle(eapRequest(2, type.tls, Uint8Array.of(0x20)));
    const end = peer.handle(eapFailure(2));
    failsWith(end, 'auth.eap-method');
    assert.equal(end.kind === 'failure' && end.error.detail['wanted'], 'EAP-TLS');
  });

  it('and of a gateway that wants one after the other names so many', () => {
    const peer = newPeer();
    const wanted = Array.from({ length: limits.eapMethodsShown + 1 }, (_, at) => 100 + at);
    for (const [at, method] of wanted.entries()) peer.handle(eapRequest(at, method));
    const end = peer.handle(eapFailure(wanted.length - 1));
    failsWith(end, 'auth.eap-method');
    const named = end.kind === 'failure' ? String(end.error.detail['wanted']).split(', ') : [];
    assert.equal(named.length, limits.eapMethodsShown);
    assert.match(named[0] ?? '', /101/);
    assert.match(named.at(-1) ?? '', /108/);
  });

  it('and takes its method written in the long form', () => {
    const peer = newPeer();
    const long = Uint8Array.of(0, 0, 0, 0, 0, 0, 26, ...mschapv2Challenge());
    assert.equal(peer.handle(eapRequest(1, type.expanded, long)).kind, 'ask');
    assert.match(packetOf(peer.answer(password())), /^02010046fe0000000000001a0207003a31/);
  });

  it('and knows why when the gateway says nothing more', () => {
    const step = newPeer().handle(eapRequest(2, type.tls, Uint8Array.of(0x20)));
    assert.equal(step.kind === 'respond' && step.failing?.code, 'auth.eap-method');
  });

  it('with zero when nothing is allowed', () => {
    const peer = createEapPeer({ identity: 'User', random: rfcRandom, methods: [] });
    assert.equal(packetOf(peer.handle(eapRequest(1, type.md5))), '020100060300');
  });
});

describe('the EAP peer fails with the cause', () => {
  it('a wrong password: confirms, then ends; and knows the cause even if nothing more comes', () => {
    const { peer } = challenged();
    const step = peer.handle(eapRequest(3, type.mschapv2, mschapv2Failure(7, 'E=691 R=0 V=3')));
    assert.equal(packetOf(step), '020300061a04');
    assert.equal(step.kind === 'respond' && step.failing?.code, 'auth.password');
    failsWith(peer.handle(eapFailure(3)), 'auth.password');
  });

  it('another password when the server allows it, and the cause when there is none', () => {
    const { peer } = challenged();
    const again = 'E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=Try again';
    const ask = peer.handle(eapRequest(3, type.mschapv2, mschapv2Failure(8, again)));
    if (ask.kind !== 'ask') assert.fail(ask.kind);
    assert.deepEqual(ask.question, { kind: 'password', retry: 1, message: 'Try again' });
    const step = peer.refuse(failure('secret.missing'));
    assert.equal(packetOf(step), '020300061a04');
    assert.equal(step.kind === 'respond' && step.failing?.code, 'auth.password');
    failsWith(peer.handle(eapFailure(3)), 'auth.password');
  });

  it('what kept the user from answering', () => {
    const peer = newPeer();
    peer.handle(eapRequest(2, type.mschapv2, mschapv2Challenge()));
    failsWith(peer.refuse(failure('tunnel.cancelled')), 'tunnel.cancelled');
    failsWith(newPeer().refuse(failure('tunnel.cancelled')), 'misuse');
  });

  it('Success after a lost login is no success', () => {
    const { peer } = challenged();
    peer.handle(eapRequest(3, type.mschapv2, mschapv2Failure(7, 'E=691 R=0 V=3')));
    failsWith(peer.handle(eapSuccess(3)), 'auth.password');
  });

  it('a server without the password', () => {
    const { peer } = challenged();
    const lie = mschapv2Success(7, `S=${'A'.repeat(40)}`);
    failsWith(peer.handle(eapRequest(3, type.mschapv2, lie)), 'auth.eap-server');
    failsWith(peer.handle(eapSuccess(3)), 'auth.eap-server');
  });

  it('Failure out of the blue, with the gateway’s notice as evidence', () => {
    const peer = newPeer();
    peer.handle(eapRequest(1, type.identity));
    peer.handle(eapRequest(2, type.notification, utf8.encode('closed for\u001b[0m lunch')));
    const end = peer.handle(eapFailure(2));
    failsWith(end, 'auth.refused');
    assert.equal(end.kind === 'failure' && end.error.detail['notice'], 'closed for\\u{1b}[0m lunch');
  });

  it('Failure with as much of a long notice as is fit to show', () => {
    const peer = newPeer();
    peer.handle(eapRequest(1, type.notification, utf8.encode('x'.repeat(5_000))));
    const end = peer.handle(eapFailure(1));
    const notice = end.kind === 'failure' ? end.error.detail['notice'] : undefined;
    assert.equal(notice, `${'x'.repeat(limits.peerTextCharacters)}…`);
  });

  it('Failure after the proof', () => failsWith(proven().handle(eapFailure(3)), 'auth.refused'));
});

describe('the EAP peer refuses what breaks a rule', () => {
  it('Success at any time before the method has finished', () => {
    failsWith(newPeer().handle(eapSuccess(0)), 'peer.misbehaved');
    failsWith(challenged().peer.handle(eapSuccess(2)), 'peer.misbehaved');
  });

  it('Success for another identifier', () => failsWith(proven().handle(eapSuccess(77)), 'peer.misbehaved'));

  it('another method, or Identity, in the middle of one, and any request after its end', () => {
    failsWith(challenged().peer.handle(eapRequest(3, type.tls, new Uint8Array(1))), 'peer.misbehaved');
    failsWith(challenged().peer.handle(eapRequest(3, type.identity)), 'peer.misbehaved');
    failsWith(proven().handle(eapRequest(4, type.mschapv2, mschapv2Challenge())), 'peer.misbehaved');
    failsWith(proven().handle(eapRequest(4, type.notification)), 'peer.misbehaved');
  });

  it('a request while the first one waits for the password', () => {
    const peer = newPeer();
    peer.handle(eapRequest(1, type.mschapv2, mschapv2Challenge()));
    failsWith(peer.handle(eapRequest(2, type.notification)), 'peer.misbehaved');
    failsWith(peer.answer(password()), 'misuse');
  });

  it('responses and unknown codes', () => {
    failsWith(newPeer().handle(Uint8Array.of(2, 1, 0, 5, 1)), 'peer.misbehaved');
    failsWith(newPeer().handle(Uint8Array.of(9, 1, 0, 5, 1)), 'malformed');
    failsWith(newPeer().handle(eapRequest(1, type.nak)), 'peer.misbehaved');
  });

  it('wrong lengths', () => {
    for (const octets of [[], [1], [1, 2, 0], [1, 2, 0, 4], [1, 2, 0, 9, 1], [1, 2, 0, 3, 1], [3, 1, 0, 3]]) {
      failsWith(newPeer().handle(Uint8Array.from(octets)), 'malformed');
    }
  });

  it('an endless login', () => {
    const peer = newPeer();
    for (let i = 0; i < limits.eapRounds; i++)
      assert.equal(peer.handle(eapRequest(i, type.identity)).kind, 'respond');
    failsWith(peer.handle(eapRequest(limits.eapRounds, type.identity)), 'peer.misbehaved');
  });
});

describe('the EAP peer as a machine', () => {
  it('fails as a value when it is answered unasked, and after its end', () => {
    failsWith(newPeer().answer(password()), 'misuse');
    const wiped = newPeer();
    wiped.wipe();
    failsWith(wiped.handle(eapRequest(1, type.identity)), 'misuse');
  });

  it('never throws and never succeeds on random packets', () => {
    const body = fc.uint8Array({ maxLength: 60 });
    const known = fc.constantFrom(...Object.values(type));
    const packet = fc.oneof(
      body,
      fc.tuple(fc.nat(4), known, body).map(([identifier, of, data]) => eapRequest(identifier, of, data)),
      fc.nat(4).map(eapSuccess),
      fc.nat(4).map(eapFailure),
      fc.nat(4).map((identifier) => eapRequest(identifier, type.mschapv2, mschapv2Challenge())),
      fc.nat(4).map((identifier) => eapRequest(identifier, type.mschapv2, mschapv2Failure(7, 'E=691'))),
    );
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 10 }), (packets) => {
        const peer = newPeer();
        for (const octets of packets) {
          const step = peer.handle(octets);
          assert.notEqual(step.kind, 'success');
          if (step.kind === 'ask') assert.equal(peer.answer(password()).kind, 'respond');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a second method in the same run, as FortiGate has it', () => {
  /** `next`: the fifth octet of EAP-Success. */
  const goOn = (identifier: number, next: number) => Uint8Array.of(3, identifier, 0, 5, next);
  /** Its method is done with request 3. */
  const done = (following: readonly EapMethodKind[]) => {
    const peer = createEapPeer({ identity: 'User', random: rfcRandom, following });
    peer.handle(eapRequest(2, type.mschapv2, mschapv2Challenge()));
    peer.answer(password());
    const last = packetOf(peer.handle(eapRequest(3, type.mschapv2, mschapv2Success(7, rfcProof))));
    return { peer, last };
  };

  it('the last response goes out again, then a code is asked for, and the key of the password is gone', () => {
    const { peer, last } = done([gtcCodeMethod]);
    assert.equal(packetOf(peer.handle(goOn(3, 6))), last);
    const asked = peer.handle(eapRequest(4, 6, utf8.encode('Token code?')));
    assert.deepEqual(asked, {
      kind: 'ask',
      identity: 'User',
      question: { kind: 'passcode', retry: 0, message: 'Token code?' },
    });
    assert.equal(packetOf(peer.answer(Secret.fromText('271828'))), '0204000b06323731383238');
    assert.deepEqual(peer.handle(eapSuccess(4)), {
      kind: 'success',
      method: 'EAP-MSCHAPv2, then EAP-GTC',
      chained: true,
    });
  });

  it('is refused where it is not allowed, or is another one, or comes before the first is done', () => {
    failsWith(done([]).peer.handle(goOn(3, 6)), 'auth.second-factor');
    failsWith(done([gtcCodeMethod]).peer.handle(goOn(3, 4)), 'auth.second-factor');
    const { peer } = challenged();
    failsWith(peer.handle(goOn(2, 6)), 'peer.misbehaved');
  });

  it('comes once, and no other method in its place', () => {
    const twice = done([gtcCodeMethod]).peer;
    twice.handle(goOn(3, 6));
    failsWith(twice.handle(goOn(3, 6)), 'peer.misbehaved');
    const again = done([gtcCodeMethod]).peer;
    again.handle(goOn(3, 6));
    again.handle(eapRequest(4, 6));
    again.answer(Secret.fromText('271828'));
    failsWith(again.handle(goOn(4, 6)), 'auth.second-factor');
    const other = done([gtcCodeMethod]).peer;
    other.handle(goOn(3, 6));
    assert.equal(packetOf(other.handle(eapRequest(4, type.mschapv2, mschapv2Challenge()))), '020400060306');
    failsWith(other.handle(eapFailure(4)), 'auth.second-factor');
  });

  it('is not over before the second is done', () => {
    const { peer } = done([gtcCodeMethod]);
    peer.handle(goOn(3, 6));
    failsWith(peer.handle(eapSuccess(3)), 'peer.misbehaved');
  });

  it('a refused code has words of its own', () => {
    const { peer } = done([gtcCodeMethod]);
    peer.handle(goOn(3, 6));
    peer.handle(eapRequest(4, 6));
    peer.answer(Secret.fromText('1'));
    failsWith(peer.handle(eapFailure(4)), 'auth.passcode');
  });
});
