import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { childNotify, type PeerChild, RekeyScenario, rekeyedSpi } from './rekey-peer.ts';
import { notify, selector } from './scripted-responder.ts';

/** What the engine installed last is what the peer has. */
function assertSameChild(scenario: RekeyScenario, child: PeerChild, weBegan: boolean): void {
  const { inbound, outbound } = scenario.installed(-1).child;
  assert.deepEqual([inbound.spi, outbound.spi], [child.inbound, child.outbound]);
  const { initiator, responder } = child.keys;
  assert.deepEqual([inbound.key, outbound.key], weBegan ? [responder, initiator] : [initiator, responder]);
}

for (const group of [0, 19]) {
  test(`our rekey, ${group === 0 ? 'NONE chosen' : 'with a key exchange'}: new before old, DELETE, late packets`, () => {
    const scenario = new RekeyScenario();
    const { first } = scenario;
    // SK {N(REKEY_SA), SA, Ni, KEi, TSi, TSr} -->
    scenario.rekeyFirst();
    const request = scenario.link.last();
    assert.equal(rekeyedSpi(request), first.inbound, 'the SPI that we receive on');
    assert.equal(payloadOf(request, 'KE')?.group, 19);
    const offered = payloadsOf(request, 'SA')[0]?.proposals[0]?.transforms.filter(({ type }) => type === 4);
    assert.ok(offered?.some(({ id }) => id === 0) && offered.some(({ id }) => id === 14), 'with and without');
    scenario.fresh();
    // <-- SK {SA, Nr, [KEr], TSi, TSr}
    const { octets, child } = scenario.acceptChild({ group });
    scenario.deliver(octets);
    assert.deepEqual(scenario.fresh(), ['proven', 'child-install', 'rekeyed', 'transmit']);
    assert.equal(scenario.installed(-1).outbound, undefined, 'we may send on it at once');
    assertSameChild(scenario, child, true);
    // SK {D(old)} -->
    assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [first.inbound]);
    // <-- SK {D(old)}
    scenario.link.answer([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
    assert.deepEqual(scenario.fresh(), ['proven']);
    scenario.advance(2_900);
    assert.deepEqual(scenario.all('child-remove'), [], 'late packets still decrypt');
    scenario.advance(200);
    assert.deepEqual(scenario.checkDriver(), [child.inbound]);
  });
}

test('INVALID_KE_PAYLOAD: once more with the group that the peer wants, and with that one from then on', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  // <-- SK {N(INVALID_KE_PAYLOAD(20))}
  scenario.link.answer([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 20))]);
  assert.equal(payloadOf(scenario.link.last(), 'KE')?.group, 20);
  const { octets, child } = scenario.acceptChild({ group: 20 });
  scenario.deliver(octets);
  assertSameChild(scenario, child, true);
  scenario.link.answer([]);
  scenario.command({ kind: 'rekey-child', inboundSpi: child.inbound });
  assert.equal(payloadOf(scenario.link.last(), 'KE')?.group, 20);
  // A peer that wants another group each time does not get us into a loop.
  scenario.link.answer([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 14))]);
  const before = scenario.all('transmit').length;
  scenario.link.answer([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 20))]);
  assert.equal(scenario.all('transmit').length, before);
  assert.equal(scenario.only('rekey-failed').what, 'child');
});

test('by time: between 6 and 3 minutes before the hour ends', () => {
  const scenario = new RekeyScenario();
  scenario.advance(54 * 60_000 - 1);
  assert.deepEqual(scenario.fresh(), []);
  scenario.wake();
  assert.equal(rekeyedSpi(scenario.link.last()), scenario.first.inbound);
  assert.ok(scenario.now <= 1_000 + 57 * 60_000);
});

test('the early rekey: a refusal is told, and is not the end', () => {
  const scenario = new RekeyScenario({ earlyRekeyMs: 30_000 });
  scenario.advance(30_000);
  assert.equal(rekeyedSpi(scenario.link.last()), scenario.first.inbound);
  // <-- SK {N(NO_PROPOSAL_CHOSEN)}
  scenario.link.answer([notify(notifyType.NO_PROPOSAL_CHOSEN)]);
  const { what, error } = scenario.only('rekey-failed');
  assert.deepEqual([what, error.code], ['child', 'peer.no-proposal-chosen']);
  const sent = scenario.all('transmit').length;
  scenario.advance(40 * 60_000);
  assert.equal(scenario.ike.state, 'established');
  assert.equal(scenario.all('transmit').length, sent, 'the next one comes with its time');
});

test('refused to the end: tried again ever more slowly, then from scratch, then a named end', () => {
  const scenario = new RekeyScenario();
  let rekeys = 0;
  let creates = 0;
  while (scenario.ike.state === 'established' && scenario.wake()) {
    const last = scenario.link.last();
    if (payloadOf(last, 'SA') === undefined) continue;
    if (rekeyedSpi(last) === undefined) creates += 1;
    else rekeys += 1;
    scenario.link.answer([notify(notifyType.NO_ADDITIONAL_SAS)]);
  }
  assert.ok(rekeys >= 3 && rekeys <= 8, `${rekeys} rekeys`);
  assert.equal(creates, 1);
  assert.equal(scenario.now, 1_000 + 3_600_000, 'not before its time');
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.not-rekeyed');
  assert.deepEqual(scenario.checkDriver(), []);
});

test('from scratch shortly before the end works where rekeying does not', () => {
  const scenario = new RekeyScenario();
  while (
    rekeyedSpi(scenario.link.last()) !== undefined ||
    payloadOf(scenario.link.last(), 'SA') === undefined
  ) {
    if (payloadOf(scenario.link.last(), 'SA') !== undefined) {
      scenario.link.answer([notify(notifyType.NO_ADDITIONAL_SAS)]);
    }
    scenario.wake();
  }
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  assertSameChild(scenario, child, true);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [scenario.first.inbound]);
  assert.equal(scenario.ike.state, 'established');
});

test('TEMPORARY_FAILURE: again after a pause, without a word to the user', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  scenario.link.answer([notify(notifyType.TEMPORARY_FAILURE)]);
  const before = scenario.all('transmit').length;
  scenario.advance(2_999);
  assert.equal(scenario.all('transmit').length, before);
  scenario.advance(3_001);
  assert.equal(rekeyedSpi(scenario.link.last()), scenario.first.inbound);
  assert.deepEqual(scenario.all('rekey-failed'), []);
});

test('CHILD_SA_NOT_FOUND: ours goes silently, and one from scratch takes its place', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  scenario.fresh();
  scenario.link.answer([childNotify(notifyType.CHILD_SA_NOT_FOUND, scenario.first.inbound)]);
  assert.deepEqual(scenario.fresh(), ['proven', 'child-remove', 'transmit']);
  assert.equal(rekeyedSpi(scenario.link.last()), undefined);
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  assertSameChild(scenario, child, true);
  assert.deepEqual(scenario.checkDriver(), [child.inbound]);
});

test('an answer that we cannot take: the peer is told to delete what it made; the old one stays', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const spi = payloadOf(scenario.link.last(), 'SA')?.proposals[0]?.spi;
  scenario.link.answer([
    { kind: 'SA', proposals: [{ number: 1, protocol: 3, spi: new Uint8Array(4).fill(9), transforms: [] }] },
    { kind: 'Nonce', nonce: new Uint8Array(32) },
  ]);
  assert.equal(scenario.only('rekey-failed').error.family, 'peer-misbehaved');
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [Buffer.from(spi ?? []).readUInt32BE(0)]);
  assert.deepEqual(scenario.checkDriver(), [scenario.first.inbound]);
});

test('rekey-child for an SPI that is not in use changes nothing', () => {
  const scenario = new RekeyScenario();
  scenario.command({ kind: 'rekey-child', inboundSpi: 0x1234 });
  assert.deepEqual(scenario.fresh(), []);
  scenario.rekeyFirst();
  scenario.rekeyFirst();
  assert.deepEqual(scenario.fresh(), ['transmit']);
});

for (const group of [0, 14]) {
  test(`the peer's rekey, group ${group}: standby, then the switch with its first packet, then its DELETE`, () => {
    const scenario = new RekeyScenario();
    const { first } = scenario;
    // <-- SK {N(REKEY_SA), SA, Ni, [KEi], TSi, TSr}
    const child = scenario.rekeyChild(first.outbound, { group });
    assert.ok(child !== undefined);
    assert.deepEqual(scenario.fresh(), ['child-install', 'transmit'], 'installed before the answer goes out');
    assert.equal(scenario.installed(-1).outbound, 'standby');
    assertSameChild(scenario, child, false);
    scenario.command({ kind: 'child-used', inboundSpi: child.inbound });
    assert.deepEqual(scenario.fresh(), ['child-switch-outbound', 'rekeyed']);
    scenario.command({ kind: 'child-used', inboundSpi: child.inbound });
    // <-- SK {D(old)}
    scenario.link.request([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
    assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [first.inbound]);
    assert.deepEqual(scenario.fresh(), ['transmit']);
    scenario.advance(3_000);
    assert.deepEqual(scenario.checkDriver(), [child.inbound]);
    assert.equal(scenario.ike.state, 'established');
  });
}

test("the peer's DELETE of the old one switches as well as a packet does", () => {
  const scenario = new RekeyScenario();
  const child = scenario.rekeyChild(scenario.first.outbound);
  scenario.fresh();
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.deepEqual(scenario.fresh(), ['transmit', 'child-switch-outbound', 'rekeyed']);
  assert.equal(scenario.all('child-switch-outbound')[0]?.inboundSpi, child?.inbound);
});

test('a peer that never deletes the old one: it ends with its time', () => {
  const scenario = new RekeyScenario();
  scenario.advance(20 * 60_000);
  scenario.rekeyChild(scenario.first.outbound);
  scenario.advance(39 * 60_000);
  assert.equal(scenario.checkDriver().length, 2);
  scenario.fresh();
  scenario.advance(60_000);
  assert.deepEqual(scenario.fresh().slice(0, 3), ['child-switch-outbound', 'rekeyed', 'transmit']);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [scenario.first.inbound]);
  assert.equal(scenario.ike.state, 'established');
});

test("the peer's rekey of an SPI that we do not have: CHILD_SA_NOT_FOUND with that SPI", () => {
  const scenario = new RekeyScenario();
  assert.equal(scenario.rekeyChild(0xdead_beef), undefined);
  const answer = payloadOf(scenario.link.last(), 'N');
  assert.deepEqual(answer, childNotify(notifyType.CHILD_SA_NOT_FOUND, 0xdead_beef));
  // Our own inbound SPI is not what it receives on.
  assert.equal(scenario.rekeyChild(scenario.first.inbound), undefined);
  assert.equal(scenario.refusal(), notifyType.CHILD_SA_NOT_FOUND);
});

test('a peer that rekeys without end: bounded, TEMPORARY_FAILURE', () => {
  const scenario = new RekeyScenario();
  let last = scenario.first.outbound;
  let made = 0;
  for (let round = 0; round < 40; round++) {
    const child = scenario.rekeyChild(last);
    if (child === undefined) break;
    last = child.outbound;
    made += 1;
  }
  assert.equal(scenario.refusal(), notifyType.TEMPORARY_FAILURE);
  assert.equal(made, 15);
  assert.equal(scenario.ike.state, 'established');
});

test('the peer takes its new one back without any rekey of ours: the old one goes on, and we rekey it', () => {
  const scenario = new RekeyScenario();
  const child = scenario.rekeyChild(scenario.first.outbound);
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [child?.outbound ?? 0] }]);
  assert.equal(scenario.ike.state, 'established');
  scenario.advance(6_000);
  assert.deepEqual(scenario.checkDriver(), [scenario.first.inbound]);
  assert.equal(rekeyedSpi(scenario.link.last()), scenario.first.inbound);
});

test('a peer that never uses the new one: when that is old enough for a rekey we send on it, and rekey it', () => {
  const scenario = new RekeyScenario();
  const child = scenario.rekeyChild(scenario.first.outbound);
  scenario.fresh();
  scenario.wake();
  assert.deepEqual(scenario.fresh(), ['child-switch-outbound', 'rekeyed', 'transmit']);
  assert.equal(rekeyedSpi(scenario.link.last()), child?.inbound);
});

test("the peer's selectors are narrowed to those of the old one; without any in common TS_UNACCEPTABLE", () => {
  const scenario = new RekeyScenario();
  const before = scenario.installed(0).child.selectors;
  const asking = (start: string, end: string) => (payloads: Payload[]) =>
    payloads.map((payload) =>
      payload.kind === 'TSr' ? { ...payload, selectors: [selector(start, end)] } : payload,
    );
  const child = scenario.rekeyChild(scenario.first.outbound, {
    change: asking('0.0.0.0', '255.255.255.255'),
  });
  assert.deepEqual(scenario.installed(-1).child.selectors.local, before.local);
  const change = asking('10.9.0.6', '10.9.0.9');
  assert.equal(scenario.rekeyChild(child?.outbound ?? 0, { change }), undefined);
  assert.equal(scenario.refusal(), notifyType.TS_UNACCEPTABLE);
});

test('a KE payload of another group than the peer offers: INVALID_KE_PAYLOAD with the one that it should have', () => {
  const scenario = new RekeyScenario();
  const change = (payloads: Payload[]) =>
    payloads.map((payload) => (payload.kind === 'KE' ? { ...payload, group: 19 } : payload));
  assert.equal(scenario.rekeyChild(scenario.first.outbound, { group: 14, change }), undefined);
  assert.deepEqual(
    payloadOf(scenario.link.last(), 'N'),
    notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 14)),
  );
});

test('algorithms that we do not have: NO_PROPOSAL_CHOSEN; N(REKEY_SA) of another protocol: INVALID_SYNTAX', () => {
  const scenario = new RekeyScenario();
  const transforms = [{ type: 1, id: 3 }];
  const weak = (payloads: Payload[]) =>
    payloads.map((payload) =>
      payload.kind === 'SA'
        ? { ...payload, proposals: payload.proposals.map((each) => ({ ...each, transforms })) }
        : payload,
    );
  assert.equal(scenario.rekeyChild(scenario.first.outbound, { change: weak }), undefined);
  assert.equal(scenario.refusal(), notifyType.NO_PROPOSAL_CHOSEN);
  const ah = (payloads: Payload[]) =>
    payloads.map((payload) => (payload.kind === 'N' ? { ...payload, protocol: 2 } : payload));
  assert.equal(scenario.rekeyChild(scenario.first.outbound, { change: ah }), undefined);
  assert.equal(scenario.refusal(), notifyType.INVALID_SYNTAX);
  assert.deepEqual(scenario.checkDriver(), [scenario.first.inbound]);
});

test('a rekey that is on the wire when the old one comes to its end is waited for', () => {
  for (const accepted of [true, false]) {
    const scenario = new RekeyScenario();
    scenario.advance(54 * 60_000 - 1);
    while (scenario.now < 3_595_000) {
      scenario.wake();
      if (scenario.now < 3_595_000) scenario.link.answer([notify(notifyType.TEMPORARY_FAILURE)]);
    }
    scenario.advance(8_000);
    assert.equal(scenario.ike.state, 'established', 'after its end');
    if (accepted) {
      const { octets, child } = scenario.acceptChild();
      scenario.deliver(octets);
      assertSameChild(scenario, child, true);
      scenario.link.answer([]);
      scenario.advance(5_000);
      assert.deepEqual(scenario.checkDriver(), [child.inbound]);
    } else {
      scenario.link.answer([notify(notifyType.NO_ADDITIONAL_SAS)]);
      scenario.advance(1_000);
      assert.deepEqual(payloadOf(scenario.link.last(), 'D'), { kind: 'D', protocol: 1, spis: [] });
    }
  }
});
