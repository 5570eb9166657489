import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { toHex } from '../../../core/base/octets.ts';
import { parseProposal } from '../../../core/crypto/proposals.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario, type Stage } from './scenario.ts';

const onTheWire = [
  'init',
  'authenticating-gateway',
  'logging-in',
  'requesting-address',
] as const satisfies Stage[];

for (const stage of onTheWire) {
  test(`silence in ${stage}: the same octets at 2 s × 1.4^n, then the end with the phase`, () => {
    const scenario = new Scenario().to(stage);
    const first = scenario.sent();
    const before = scenario.all('transmit').length;
    const times = [scenario.now];
    while (scenario.wake()) {
      times.push(scenario.now);
      assert.deepEqual(scenario.sent(), first);
    }
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    assert.deepEqual(waits, [2000, 2800, 3920, 5488, 7683]);
    assert.equal(scenario.all('transmit').length - before, limits.retransmitTries - 1);
    const phase = stage === 'init' ? undefined : stage;
    assert.equal(scenario.error?.code, phase === undefined ? 'peer.unreachable' : 'peer.silent');
    assert.equal(scenario.error?.detail['phase'], phase);
  });
}

test('an early timeout sends nothing', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  const before = scenario.outputs.length;
  scenario.now += 1_999;
  scenario.timeout();
  assert.equal(scenario.outputs.length, before);
});

test('while the driver is asked, nothing runs out', () => {
  for (const stage of ['judging-gateway', 'awaiting-credential'] as const) {
    assert.equal(new Scenario().to(stage).ike.nextWakeup(), undefined);
  }
});

test('message IDs count up from 0, one request at a time', () => {
  const scenario = new Scenario().to('established');
  const ids = scenario
    .all('transmit')
    .slice(1)
    .map(({ octets }) => scenario.responder.open(octets).header.messageId);
  assert.deepEqual(ids, [1, 2, 3]);
});

test('a response that came twice is taken once', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  const response = scenario.responder.respond(scenario.sent(), scenario.responder.proveIdentity());
  scenario.deliver(response);
  scenario.deliver(response);
  assert.equal(scenario.all('ask').length, 1);
  assert.equal(scenario.ike.drops['message-id'], 1);
});

test('a response to another exchange or of another message ID is not the answer', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  const request = scenario.sent();
  const payloads = scenario.responder.proveIdentity();
  scenario.deliver(scenario.responder.respond(request, payloads, { messageId: 2 }));
  scenario.deliver(scenario.responder.respond(request, [], { exchange: exchangeType.INFORMATIONAL }));
  assert.equal(scenario.ike.state, 'authenticating-gateway');
  assert.deepEqual(scenario.ike.drops, { 'message-id': 1, exchange: 1 });
  scenario.deliver(scenario.responder.respond(request, payloads));
  assert.equal(scenario.ike.state, 'judging-gateway');
});

test("<-- SK {} twice: the peer's retransmitted request gets the same octets again", () => {
  const scenario = new Scenario().to('established');
  const request = scenario.responder.request(0, []);
  scenario.deliver(request);
  const first = scenario.sent();
  assert.deepEqual(scenario.responder.open(first).payloads, []);
  scenario.deliver(request);
  assert.deepEqual(
    scenario
      .all('transmit')
      .slice(-2)
      .map(({ octets }) => toHex(octets)),
    [toHex(first), toHex(first)],
  );
  scenario.deliver(scenario.responder.request(1, []));
  assert.notDeepEqual(scenario.sent(), first);
});

test('requests of the peer outside its window of 1 are dropped', () => {
  const scenario = new Scenario().to('established');
  const sent = scenario.all('transmit').length;
  scenario.deliver(scenario.responder.request(1, []));
  scenario.deliver(scenario.responder.request(0xffff_ffff, []));
  assert.equal(scenario.all('transmit').length, sent);
  assert.equal(scenario.ike.drops['message-id'], 2);
  for (const id of [0, 1, 2]) scenario.deliver(scenario.responder.request(id, []));
  scenario.deliver(scenario.responder.request(0, []));
  assert.equal(scenario.all('transmit').length, sent + 3);
});

test('a repeated request must be genuine to be answered again', () => {
  const scenario = new Scenario().to('established');
  const request = scenario.responder.request(0, []);
  scenario.deliver(request);
  const sent = scenario.all('transmit').length;
  const forged = request.slice();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  scenario.deliver(forged);
  assert.equal(scenario.all('transmit').length, sent);
  assert.equal(scenario.ike.drops.integrity, 1);
});

test('<-- SK {an unknown critical payload}: UNSUPPORTED_CRITICAL_PAYLOAD, and the connection lives', () => {
  const scenario = new Scenario().to('established');
  const unknown = { kind: 'unknown', type: 77, critical: true, body: Uint8Array.of(1) } as const;
  scenario.deliver(scenario.responder.request(0, [unknown]));
  const answer = payloadOf(scenario.responder.open(scenario.sent()), 'N');
  assert.equal(answer?.type, notifyType.UNSUPPORTED_CRITICAL_PAYLOAD);
  assert.deepEqual([...(answer?.data ?? [])], [77]);
  assert.equal(scenario.ike.state, 'established');
  scenario.deliver(scenario.responder.request(1, [{ ...unknown, critical: false }]));
  assert.deepEqual(scenario.responder.open(scenario.sent()).payloads, []);
});

test('<-- SK {what an INFORMATIONAL request may not have}: INVALID_SYNTAX, and the end', () => {
  const scenario = new Scenario().to('established');
  scenario.deliver(scenario.responder.request(0, [{ kind: 'AUTH', method: 2, data: new Uint8Array(32) }]));
  assert.equal(payloadOf(scenario.responder.open(scenario.sent()), 'N')?.type, notifyType.INVALID_SYNTAX);
  assert.equal(scenario.error?.code, 'peer.misbehaved');
});

test('<-- CREATE_CHILD_SA without selectors: TS_UNACCEPTABLE, and the connection lives', () => {
  const scenario = new Scenario().to('established');
  const payloads = [
    { kind: 'SA', proposals: [scenario.responder.espChoice()] },
    { kind: 'Nonce', nonce: new Uint8Array(32) },
  ] as const;
  scenario.deliver(scenario.responder.request(0, payloads, exchangeType.CREATE_CHILD_SA));
  assert.equal(payloadOf(scenario.responder.open(scenario.sent()), 'N')?.type, notifyType.TS_UNACCEPTABLE);
  assert.equal(scenario.ike.state, 'established');
});

test("the peer's request of an exchange that only we may start ends the IKE SA", () => {
  const scenario = new Scenario().to('established');
  scenario.deliver(
    scenario.responder.request(0, [{ kind: 'EAP', packet: new Uint8Array(4) }], exchangeType.IKE_AUTH),
  );
  assert.equal(payloadOf(scenario.responder.open(scenario.sent()), 'N')?.type, notifyType.INVALID_SYNTAX);
});

test('no IV is used twice with one key, whatever kind of message it is for', () => {
  const scenario = new Scenario().to('established');
  scenario.deliver(scenario.responder.request(0, []));
  scenario.command('probe');
  const ivs = scenario
    .all('transmit')
    .slice(1)
    .map(({ octets }) => toHex(octets.subarray(32, 40)));
  assert.equal(ivs.length, 5);
  assert.equal(new Set(ivs).size, ivs.length);
});

test('CBC has a random IV for each message', () => {
  const proposal = parseProposal('aes256-sha256-ecp256', 'ike');
  assert.ok(proposal.ok);
  const scenario = new Scenario({}, { ikeProposals: [proposal.value] }).to('established');
  const ivs = scenario
    .all('transmit')
    .slice(1)
    .map(({ octets }) => toHex(octets.subarray(32, 48)));
  assert.equal(new Set(ivs).size, ivs.length);
  assert.ok(ivs.every((iv) => !iv.startsWith('00000000')));
});
