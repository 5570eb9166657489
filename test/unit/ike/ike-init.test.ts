import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import type { CryptoProvider, Random } from '../../../core/crypto/interfaces.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { notifyOf, payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload, Transform } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario } from './scenario.ts';
import { clear, notify, ScriptedResponder } from './scripted-responder.ts';

const cookie = (text: string) => notify(notifyType.COOKIE, Uint8Array.from(Buffer.from(text)));
const invalidKe = (group: number) =>
  notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(group >> 8, group & 0xff));

/** Answers the engine's last request in the clear. */
function answer(scenario: Scenario, ...payloads: Payload[]): void {
  scenario.deliver(scenario.responder.clearResponse(scenario.sent(), payloads));
}

function sentInit(scenario: Scenario) {
  return clear(scenario.sent());
}

test('<-- N(COOKIE): the same request goes out with the cookie in front, and the login goes through', () => {
  const scenario = new Scenario().to('init');
  const before = sentInit(scenario);
  answer(scenario, cookie('biscuit'));
  const after = sentInit(scenario);
  assert.deepEqual(after.payloads[0], cookie('biscuit'));
  assert.deepEqual(after.payloads.slice(1), before.payloads);
  assert.equal(after.header.initiatorSpi, before.header.initiatorSpi);
  scenario.deliver(scenario.responder.answerInit(scenario.sent()));
  scenario.deliver(scenario.responder.respond(scenario.sent(), scenario.responder.proveIdentity()));
  scenario.giveVerdict();
  assert.equal(
    scenario.ike.state,
    'awaiting-credential',
    'the signature covers the response to the request with the cookie',
  );
});

test('<-- N(INVALID_KE_PAYLOAD, 14): KEi comes in group 14, with cookie and nonce as before', () => {
  const scenario = new Scenario().to('init');
  answer(scenario, cookie('biscuit'));
  const before = sentInit(scenario);
  answer(scenario, invalidKe(14));
  const after = sentInit(scenario);
  assert.equal(payloadOf(after, 'KE')?.group, 14);
  assert.equal(payloadOf(after, 'KE')?.publicValue.length, 256);
  assert.deepEqual(notifyOf(after, notifyType.COOKIE), cookie('biscuit'));
  assert.deepEqual(payloadOf(after, 'Nonce'), payloadOf(before, 'Nonce'));
  scenario.deliver(scenario.responder.answerInit(scenario.sent()));
  assert.equal(scenario.ike.state, 'authenticating-gateway');
});

test('a repeated COOKIE or INVALID_KE_PAYLOAD that was acted on already changes nothing', () => {
  const scenario = new Scenario().to('init');
  const first = scenario.sent();
  for (const payload of [cookie('biscuit'), invalidKe(20)]) {
    answer(scenario, payload);
    const sent = scenario.all('transmit').length;
    scenario.deliver(scenario.responder.clearResponse(first, [payload]));
    assert.equal(scenario.all('transmit').length, sent);
  }
  assert.equal(scenario.ike.drops.hint, 2);
});

for (const [name, payload] of [
  ['a group that was not offered', invalidKe(2)],
  ['a group of one octet', notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(14))],
  ['a cookie of no octets', cookie('')],
  ['a cookie of 65 octets', cookie('x'.repeat(65))],
] as const) {
  test(`${name} is no reason to start again`, () => {
    const scenario = new Scenario().to('init');
    answer(scenario, payload);
    assert.equal(scenario.all('transmit').length, 1);
    assert.equal(scenario.ike.state, 'init');
    scenario.deliver(scenario.responder.answerInit(scenario.sent()));
    assert.equal(scenario.ike.state, 'authenticating-gateway');
  });
}

test('IKE_SA_INIT starts again only so often, whoever asks for it', () => {
  const scenario = new Scenario().to('init');
  for (let i = 0; i < 3 * limits.initRestarts; i++) answer(scenario, cookie(`crumb ${i}`));
  assert.equal(scenario.all('transmit').length, 1 + limits.initRestarts);
  scenario.deliver(scenario.responder.answerInit(scenario.sent()));
  assert.equal(scenario.ike.state, 'authenticating-gateway', 'the true answer still counts');
});

test('a forged error is a hint, not the end: the true answer that follows is taken', () => {
  const scenario = new Scenario().to('init');
  for (const type of [
    notifyType.NO_PROPOSAL_CHOSEN,
    notifyType.AUTHENTICATION_FAILED,
    notifyType.INVALID_SYNTAX,
  ]) {
    answer(scenario, notify(type));
  }
  assert.equal(scenario.ike.state, 'init');
  assert.equal(scenario.ike.drops.hint, 3);
  scenario.deliver(scenario.responder.answerInit(scenario.sent()));
  assert.equal(scenario.ike.state, 'authenticating-gateway');
});

test('an error that nothing better follows is the reason in the end, after one retransmission', () => {
  const scenario = new Scenario().to('init');
  answer(scenario, notify(notifyType.NO_PROPOSAL_CHOSEN));
  while (scenario.ike.state !== 'closed') {
    scenario.wake();
    if (scenario.ike.state === 'init') answer(scenario, notify(notifyType.NO_PROPOSAL_CHOSEN));
  }
  assert.equal(scenario.error?.code, 'peer.no-proposal-chosen');
  assert.equal(scenario.all('transmit').length, limits.hintedTries);
});

test('no answer at all: the gateway is named', () => {
  const scenario = new Scenario().to('init');
  while (scenario.wake());
  assert.deepEqual(scenario.error, {
    code: 'peer.unreachable',
    family: 'timeout',
    detail: { gateway: '198.51.100.1:500' },
  });
  assert.equal(scenario.all('transmit').length, limits.retransmitTries);
});

/** Puts other transforms into the responder's choice. */
function choosing(change: (transforms: readonly Transform[]) => Transform[], times = 1) {
  return (payloads: Payload[]): Payload[] =>
    payloads.map((payload) => {
      const [proposal] = payload.kind === 'SA' ? payload.proposals : [];
      if (proposal === undefined) return payload;
      const changed = { ...proposal, transforms: change(proposal.transforms) };
      return { kind: 'SA', proposals: new Array(times).fill(changed) };
    });
}

const wrongAnswers: Record<string, (payloads: Payload[]) => Payload[]> = {
  'an algorithm that was not offered': choosing((all) =>
    all.map((transform) => (transform.type === 1 ? { type: 1, id: 3 } : transform)),
  ),
  'another key length': choosing((all) =>
    all.map((transform) => (transform.type === 1 ? { ...transform, keyBits: 192 } : transform)),
  ),
  'no key length': choosing((all) =>
    all.map((transform) => (transform.type === 1 ? { type: 1, id: 20 } : transform)),
  ),
  'two of a type': choosing((all) => [...all, { type: 2, id: 7 }]),
  'a type left out': choosing((all) => all.filter((transform) => transform.type !== 2)),
  'two proposals': choosing((all) => [...all], 2),
  'a group other than that of KEr': choosing((all) =>
    all.map((transform) => (transform.type === 4 ? { type: 4, id: 14 } : transform)),
  ),
  'a point that is not on the curve': (payloads) =>
    payloads.map((payload) =>
      payload.kind === 'KE'
        ? { ...payload, publicValue: payload.publicValue.map((octet) => octet ^ 1) }
        : payload,
    ),
  'a short public value': (payloads) =>
    payloads.map((payload) =>
      payload.kind === 'KE' ? { ...payload, publicValue: payload.publicValue.slice(1) } : payload,
    ),
  'no nonce': (payloads) => payloads.filter((payload) => payload.kind !== 'Nonce'),
  'two nonces': (payloads) => [...payloads, ...payloads.filter((payload) => payload.kind === 'Nonce')],
};

for (const [name, change] of Object.entries(wrongAnswers)) {
  test(`<-- SAr1, KEr, Nr with ${name}: not the answer, but the true one may follow`, () => {
    const scenario = new Scenario().to('init');
    scenario.deliver(scenario.responder.answerInit(scenario.sent(), change));
    assert.equal(scenario.ike.state, 'init');
    scenario.deliver(scenario.responder.answerInit(scenario.sent()));
    assert.equal(scenario.ike.state, 'authenticating-gateway');
  });
}

test('the reason of a wrong choice survives to the end', () => {
  const change = wrongAnswers['an algorithm that was not offered'];
  const scenario = new Scenario(change === undefined ? {} : { init: change }).to('authenticating-gateway');
  while (scenario.wake());
  assert.equal(scenario.error?.code, 'peer.unacceptable-choice');
});

test('what we announce: hashes of signatures, NAT detection, fragmentation', () => {
  const message = sentInit(new Scenario().to('init'));
  const hashes = notifyOf(message, notifyType.SIGNATURE_HASH_ALGORITHMS)?.data;
  assert.deepEqual(hashes, Uint8Array.of(0, 2, 0, 3, 0, 4, 0, 5));
  assert.equal(notifyOf(message, notifyType.NAT_DETECTION_SOURCE_IP)?.data.length, 20);
  assert.equal(notifyOf(message, notifyType.NAT_DETECTION_DESTINATION_IP)?.data.length, 20);
  assert.equal(notifyOf(message, notifyType.IKEV2_FRAGMENTATION_SUPPORTED)?.data.length, 0);
});

test('AEADs and CBC are in proposals of their own, and IKE_SA_INIT stays far below an MTU', () => {
  const scenario = new Scenario().to('init');
  const proposals = payloadOf(sentInit(scenario), 'SA')?.proposals ?? [];
  const types = proposals.map(({ transforms }) => new Set(transforms.map(({ type }) => type)));
  assert.deepEqual(types, [new Set([1, 2, 4]), new Set([1, 3, 2, 4])]);
  assert.ok(scenario.sent().length < 1200);
});

test('a flood of wrong answers is not looked into beyond a bound', () => {
  const real = nodeCryptoProvider();
  let agreements = 0;
  const crypto: CryptoProvider = {
    ...real,
    keyExchange: (id) => {
      const group = real.keyExchange(id);
      if (group === undefined) return undefined;
      const generate = (random: Random) => {
        const secret = group.generate(random);
        const agree = (theirs: Uint8Array) => {
          agreements += 1;
          return secret.agree(theirs);
        };
        return { publicValue: secret.publicValue, agree, wipe: () => secret.wipe() };
      };
      return { ...group, generate };
    },
  };
  const scenario = new Scenario({}, {}, crypto).to('init');
  const wrong = wrongAnswers['a point that is not on the curve'];
  for (let i = 0; i < 3 * limits.initCandidates; i++) {
    scenario.deliver(scenario.responder.answerInit(scenario.sent(), wrong));
  }
  assert.equal(agreements, limits.initCandidates);
  assert.equal(scenario.ike.drops.hint, 3 * limits.initCandidates);
});

test('a second answer that differs is dropped, and it is known that one of the two was forged', () => {
  const scenario = new Scenario().to('init');
  const request = scenario.sent();
  scenario.deliver(new ScriptedResponder(99).answerInit(request));
  assert.equal(scenario.ike.state, 'authenticating-gateway');
  const forged = scenario.responder.answerInit(request);
  assert.ok(!scenario.ike.rivalled);
  forged.set([9, 9, 9, 9], 8);
  scenario.deliver(forged);
  assert.ok(scenario.ike.rivalled);
  assert.equal(scenario.ike.drops.protection, 1);
});

test('the same answer again is nobody else’s', () => {
  const scenario = new Scenario().to('init');
  const answer = scenario.responder.answerInit(scenario.sent());
  scenario.deliver(answer);
  scenario.deliver(answer.slice());
  assert.ok(!scenario.ike.rivalled);
});
