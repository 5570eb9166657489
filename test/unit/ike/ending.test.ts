import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { RekeyScenario, rekeyedSpi } from './rekey-peer.ts';
import { Scenario, stages } from './scenario.ts';
import { notify } from './scripted-responder.ts';
import { isWiped, watchedCrypto } from './watched-crypto.ts';

const livenessMs = 10_000;

/** A closed engine has no timer, takes nothing, says nothing. */
function assertDead(scenario: Scenario): void {
  assert.equal(scenario.ike.state, 'closed');
  assert.equal(scenario.outputs.at(-1)?.kind, 'closed');
  assert.equal(scenario.ike.nextWakeup(), undefined);
  const before = scenario.outputs.length;
  for (const command of ['connect', 'probe', 'traffic-seen', 'disconnect'] as const)
    scenario.command(command);
  scenario.now += 100_000;
  scenario.timeout();
  scenario.deliver(new Uint8Array(28));
  assert.equal(scenario.outputs.length, before);
}

for (const stage of stages.slice(0, -1)) {
  test(`disconnect in ${stage}: at once, without an error`, () => {
    const scenario = new Scenario().to(stage);
    const sent = scenario.all('transmit').length;
    scenario.command('disconnect');
    assert.equal(scenario.error, undefined);
    assert.equal(scenario.all('transmit').length, sent);
    assertDead(scenario);
  });
}

test('disconnect before connect', () => {
  const scenario = new Scenario();
  scenario.command('disconnect');
  assertDead(scenario);
});

test('disconnect: the CHILD SA goes, DELETE goes out, its answer is the end', () => {
  const scenario = new Scenario().to('established');
  scenario.fresh();
  scenario.command('disconnect');
  assert.deepEqual(scenario.fresh(), ['phase', 'child-remove', 'transmit']);
  assert.deepEqual(payloadOf(scenario.responder.open(scenario.sent()), 'D'), {
    kind: 'D',
    protocol: 1,
    spis: [],
  });
  scenario.command('disconnect');
  assert.deepEqual(scenario.fresh(), []);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.deepEqual(scenario.fresh(), ['proven', 'closed']);
  assert.equal(scenario.error, undefined);
  assertDead(scenario);
});

test('disconnect from a gateway that is gone: a short wait, and no error', () => {
  const scenario = new Scenario().to('established');
  const before = scenario.all('transmit').length;
  scenario.command('disconnect');
  while (scenario.wake());
  assert.equal(scenario.all('transmit').length - before, limits.deleteTries);
  assert.equal(scenario.error, undefined);
  assertDead(scenario);
});

test('disconnect while a liveness check is on the wire: DELETE follows its answer', () => {
  const scenario = new Scenario().to('established');
  scenario.command('probe');
  const check = scenario.sent();
  scenario.command('disconnect');
  assert.deepEqual(scenario.sent(), check);
  scenario.deliver(scenario.responder.respond(check, []));
  assert.equal(scenario.ike.state, 'closing');
  assert.ok(payloadOf(scenario.responder.open(scenario.sent()), 'D') !== undefined);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assertDead(scenario);
});

test('<-- SK {D(IKE)}: answered, the CHILD SA goes, peer.closed', () => {
  const scenario = new Scenario().to('established');
  scenario.fresh();
  scenario.deliver(scenario.responder.request(0, [{ kind: 'D', protocol: 1, spis: [] }]));
  assert.deepEqual(scenario.fresh(), ['transmit', 'child-remove', 'closed']);
  assert.deepEqual(scenario.responder.open(scenario.sent()).payloads, []);
  assert.equal(scenario.error?.code, 'peer.closed');
  assertDead(scenario);
});

/** The peer deletes the CHILD SA that was made last; the engine's answer, and what it asks then. */
function deleteLast(scenario: RekeyScenario) {
  const before = scenario.all('transmit').length;
  const { inbound, outbound } = scenario.installed(-1).child;
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [outbound.spi] }]);
  const [answer, request] = scenario
    .all('transmit')
    .slice(before)
    .map(({ octets }) => scenario.link.open(octets));
  assert.deepEqual(answer?.payloads, [{ kind: 'D', protocol: 3, spis: [inbound.spi] }]);
  return request;
}

test('<-- SK {D(ESP)} of the only one: answered with our SPI, then another one is asked for at once, and shown', () => {
  const scenario = new RekeyScenario();
  const request = deleteLast(scenario);
  assert.deepEqual([request?.header.exchange, rekeyedSpi(scenario.link.last())], [36, undefined]);
  scenario.deliver(scenario.acceptChild().octets);
  assert.equal(scenario.ike.state, 'established');
  assert.equal(scenario.only('rekeyed').what, 'child');
  assert.equal(scenario.installed(-1).wish, 0);
});

test('<-- SK {D(ESP)} of each that we make: a few times, then our DELETE of the IKE SA and peer.closed', () => {
  const scenario = new RekeyScenario();
  for (let remakes = 0; remakes < limits.lastChildRemakes; remakes++) {
    assert.equal(deleteLast(scenario)?.header.exchange, 36);
    scenario.deliver(scenario.acceptChild().octets);
  }
  assert.deepEqual(deleteLast(scenario)?.payloads, [{ kind: 'D', protocol: 1, spis: [] }]);
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.closed');
});

test('<-- SK {D(ESP)} of one that lasted: the count begins anew', () => {
  const scenario = new RekeyScenario();
  for (let remakes = 0; remakes < 3 * limits.lastChildRemakes; remakes++) {
    scenario.advance(limits.reconnectLastingMs);
    assert.equal(deleteLast(scenario)?.header.exchange, 36);
    scenario.deliver(scenario.acceptChild().octets);
  }
  assert.equal(scenario.ike.state, 'established');
});

test('<-- SK {D(ESP)}, and no other one is to be had: the end, from which another login may lead back', () => {
  const scenario = new RekeyScenario();
  deleteLast(scenario);
  scenario.link.answer([notify(notifyType.TS_UNACCEPTABLE)]);
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.not-rekeyed');
  assertDead(scenario);
});

test('<-- SK {D(ESP)} of an SPI that we do not have: answered empty, and nothing changes', () => {
  const scenario = new Scenario().to('established');
  const { inbound } = scenario.only('child-install').child;
  scenario.deliver(
    scenario.responder.request(0, [{ kind: 'D', protocol: 3, spis: [inbound.spi, 0xdead_beef] }]),
  );
  assert.deepEqual(scenario.responder.open(scenario.sent()).payloads, []);
  assert.equal(scenario.ike.state, 'established');
});

test('both sides delete at once: ours is answered by theirs', () => {
  const scenario = new Scenario().to('established');
  scenario.command('disconnect');
  scenario.deliver(scenario.responder.request(0, [{ kind: 'D', protocol: 1, spis: [] }]));
  assert.equal(scenario.error, undefined);
  assertDead(scenario);
});

test('silence is asked about after a while; an answer settles it', () => {
  const scenario = new Scenario({}, { livenessMs }).to('established');
  const start = scenario.now;
  scenario.fresh();
  assert.ok(scenario.wake());
  assert.equal(scenario.now - start, livenessMs);
  assert.deepEqual(scenario.fresh(), ['transmit']);
  assert.deepEqual(scenario.responder.open(scenario.sent()).payloads, []);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.deepEqual(scenario.fresh(), ['proven']);
  assert.equal(scenario.ike.nextWakeup(), scenario.now + livenessMs);
});

test("traffic and the peer's own requests put the question off", () => {
  const scenario = new Scenario({}, { livenessMs }).to('established');
  scenario.now += 7_000;
  scenario.command('traffic-seen');
  assert.equal(scenario.ike.nextWakeup(), scenario.now + livenessMs);
  scenario.now += 2_000;
  scenario.deliver(scenario.responder.request(0, []));
  assert.equal(scenario.ike.nextWakeup(), scenario.now + livenessMs);
});

test('late news of old traffic do not bring the question forward', () => {
  const scenario = new Scenario({}, { livenessMs }).to('established');
  const due = scenario.ike.nextWakeup();
  scenario.now -= 500;
  scenario.command('traffic-seen');
  assert.equal(scenario.ike.nextWakeup(), due);
});

test('a forged datagram is no sign of life', () => {
  const scenario = new Scenario({}, { livenessMs }).to('established');
  const due = scenario.ike.nextWakeup();
  scenario.now += 5_000;
  const forged = scenario.responder.request(0, []);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  scenario.deliver(forged);
  assert.equal(scenario.ike.nextWakeup(), due);
});

test('a peer that never answers is dead: the CHILD SA goes, peer.dead', () => {
  const scenario = new Scenario({}, { livenessMs }).to('established');
  const before = scenario.all('transmit').length;
  scenario.fresh();
  while (scenario.wake());
  assert.equal(scenario.error?.code, 'peer.dead');
  assert.equal(scenario.all('transmit').length - before, limits.retransmitTries);
  assert.deepEqual(scenario.fresh().slice(-2), ['child-remove', 'closed']);
  assertDead(scenario);
});

test('probe asks at once, and only once at a time', () => {
  const scenario = new Scenario().to('established');
  const before = scenario.all('transmit').length;
  scenario.command('probe');
  scenario.command('probe');
  assert.equal(scenario.all('transmit').length, before + 1);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.equal(scenario.outputs.at(-1)?.kind, 'proven');
  scenario.command('probe');
  assert.equal(scenario.all('transmit').length, before + 2);
});

test('the peer deletes the IKE SA in the middle of the login', () => {
  const scenario = new Scenario().to('awaiting-credential');
  scenario.deliver(scenario.responder.request(0, [{ kind: 'D', protocol: 1, spis: [] }]));
  assert.equal(scenario.error?.code, 'peer.closed');
  assert.ok(scenario.eap.wiped);
  assertDead(scenario);
});

test('the secret of the key exchange goes when the keys are there, all keys go at the end', () => {
  const { crypto, keys, exchanges } = watchedCrypto();
  const scenario = new Scenario({}, {}, crypto).to('established');
  assert.deepEqual(exchanges, { made: 1, wiped: 1 });
  assert.deepEqual(keys.map(isWiped), [false, false]);
  scenario.command('disconnect');
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.deepEqual(keys.map(isWiped), [true, true]);
});

test('a login that is given up in IKE_SA_INIT leaves no secret', () => {
  const { crypto, exchanges } = watchedCrypto();
  new Scenario({}, {}, crypto).to('init').command('disconnect');
  assert.deepEqual(exchanges, { made: 1, wiped: 1 });
});

test('abandoned, it ends at once: keys wiped, and not a word on the wire', () => {
  for (const phase of ['init', 'awaiting-credential', 'established'] as const) {
    const { crypto, keys } = watchedCrypto();
    const scenario = new Scenario({}, {}, crypto).to(phase);
    const before = scenario.all('transmit').length;
    scenario.command({ kind: 'abandon' });
    assert.equal(scenario.all('transmit').length, before, phase);
    assert.ok(keys.every(isWiped), phase);
    assertDead(scenario);
  }
});
