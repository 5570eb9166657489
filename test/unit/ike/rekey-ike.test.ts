import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { high, low, type PeerLink, RekeyScenario } from './rekey-peer.ts';
import { notify } from './scripted-responder.ts';

const deleteIke = { kind: 'D', protocol: 1, spis: [] } as const;
const ikeLifetimeMs = 600_000;

/** Lets the engine begin its rekey of the IKE SA. */
function untilRekey(scenario: RekeyScenario): void {
  const before = scenario.all('transmit').length;
  while (scenario.all('transmit').length === before) assert.ok(scenario.wake());
  assert.equal(payloadOf(scenario.link.last(), 'SA')?.proposals[0]?.protocol, 1);
}

/** The engine answers on this IKE SA, and its requests come on it. */
function assertInUse(scenario: RekeyScenario, link: PeerLink): void {
  link.request([]);
  assert.deepEqual(link.last().payloads, []);
  scenario.command('probe');
  link.answer([]);
  assert.equal(scenario.outputs.at(-1)?.kind, 'proven');
}

/** The engine has forgotten this IKE SA: it drops what comes on it. */
function assertForgotten(scenario: RekeyScenario, link: PeerLink): void {
  const before = scenario.outputs.length;
  link.request([]);
  assert.equal(scenario.outputs.length, before);
}

test('our rekey: new SPIs and keys, message IDs from 0, CHILD SAs move over, the old one is deleted', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  const old = scenario.link;
  // SK {SA(SPI), Ni, KEi} -->
  untilRekey(scenario);
  assert.ok(scenario.now >= ikeLifetimeMs / 2 && scenario.now <= ikeLifetimeMs * 0.75 + 1_000);
  assert.equal(payloadOf(old.last(), 'KE')?.group, 19);
  scenario.fresh();
  // <-- SK {SA(SPI), Nr, KEr}
  const { octets, link } = scenario.acceptIke();
  scenario.deliver(octets);
  assert.deepEqual(scenario.fresh(), ['proven', 'rekeyed', 'transmit']);
  // SK {D} on the old one -->
  assert.deepEqual(old.last().payloads, [deleteIke]);
  const { summary, what } = scenario.only('rekeyed');
  assert.deepEqual([what, BigInt(`0x${summary.initiatorSpi}`)], ['ike', link.ike.spis.initiator]);
  old.answer([]);
  assertForgotten(scenario, old);
  scenario.command('probe');
  assert.equal(link.last().header.messageId, 0);
  link.answer([]);
  assertInUse(scenario, link);
  // CHILD SAs are rekeyed with the keys of the new one.
  scenario.link = link;
  scenario.rekeyFirst();
  const child = scenario.acceptChild();
  scenario.deliver(child.octets);
  assert.deepEqual(scenario.installed(-1).child.inbound.key, child.child.keys.responder);
  assert.deepEqual(payloadOf(link.last(), 'D')?.spis, [scenario.first.inbound]);
});

test("the peer's rekey: it is the initiator of the new one, with all that follows for flag, SPIs and keys", () => {
  const scenario = new RekeyScenario();
  const old = scenario.link;
  const link = scenario.rekeyIke();
  assert.ok(link !== undefined);
  assert.deepEqual(scenario.fresh(), ['transmit', 'rekeyed']);
  assertInUse(scenario, link);
  // <-- SK {D} on the old one
  old.request([deleteIke]);
  assert.deepEqual(old.last().payloads, []);
  assertForgotten(scenario, old);
  assert.equal(scenario.ike.state, 'established');
  scenario.link = link;
  const child = scenario.rekeyChild(scenario.first.outbound);
  assert.deepEqual(scenario.installed(-1).child.outbound.key, child?.keys.responder);
  // And once more, from our side of an IKE SA that the peer began.
  scenario.command('disconnect');
  assert.deepEqual(link.last().payloads, [deleteIke]);
  link.answer([]);
  assert.equal(scenario.error, undefined);
});

test('a peer that never deletes the old IKE SA: we do, and its silence is not the end', () => {
  const scenario = new RekeyScenario();
  const old = scenario.link;
  const link = scenario.rekeyIke();
  assert.ok(link !== undefined);
  scenario.advance(limits.retiringIkeMs);
  assert.deepEqual(old.last().payloads, [deleteIke]);
  scenario.advance(60_000);
  assertForgotten(scenario, old);
  assertInUse(scenario, link);
});

for (const [who, nonce] of [
  ['ours', low],
  ['theirs', high],
] as const) {
  test(`both rekey the IKE SA, the lowest nonce is in ${who}`, () => {
    const scenario = new RekeyScenario({ ikeLifetimeMs });
    const old = scenario.link;
    untilRekey(scenario);
    const ours = scenario.acceptIke({ nonce });
    const theirs = scenario.rekeyIke({ nonce: who === 'ours' ? high : low });
    assert.ok(theirs !== undefined);
    scenario.fresh();
    scenario.deliver(ours.octets);
    assert.deepEqual(scenario.fresh(), ['proven', 'rekeyed', 'transmit']);
    if (who === 'ours') {
      // We delete what we made; the peer deletes the old one.
      assert.deepEqual(ours.link.last().payloads, [deleteIke]);
      ours.link.answer([]);
      old.request([deleteIke]);
      assert.deepEqual(old.last().payloads, []);
    } else {
      assert.deepEqual(old.last().payloads, [deleteIke]);
      old.answer([]);
      theirs.request([deleteIke]);
      assert.deepEqual(theirs.last().payloads, []);
    }
    assertForgotten(scenario, old);
    assertForgotten(scenario, who === 'ours' ? ours.link : theirs);
    assertInUse(scenario, who === 'ours' ? theirs : ours.link);
    assert.deepEqual(scenario.checkDriver(), [scenario.first.inbound]);
  });
}

test('the peer won and deletes the old IKE SA before our answer comes: its own is in use', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  const old = scenario.link;
  untilRekey(scenario);
  const theirs = scenario.rekeyIke();
  assert.ok(theirs !== undefined);
  old.request([deleteIke]);
  assertForgotten(scenario, old);
  assertInUse(scenario, theirs);
  assert.equal(scenario.ike.state, 'established');
});

test('our rekey is refused where the peer rekeys too: its own is in use', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  const old = scenario.link;
  untilRekey(scenario);
  const request = scenario.sent();
  const theirs = scenario.rekeyIke();
  assert.ok(theirs !== undefined);
  old.answer([notify(notifyType.TEMPORARY_FAILURE)], request);
  old.request([deleteIke]);
  assertInUse(scenario, theirs);
});

test('<-- SK {D(IKE)} while we rekey it: answered, our rekey is forgotten, peer.closed', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  untilRekey(scenario);
  scenario.link.request([deleteIke]);
  assert.deepEqual(scenario.link.last().payloads, []);
  assert.equal(scenario.error?.code, 'peer.closed');
  assert.deepEqual(scenario.checkDriver(), []);
});

test('a CHILD SA is not rekeyed while the IKE SA is, and the other way round: TEMPORARY_FAILURE', () => {
  const first = new RekeyScenario({ ikeLifetimeMs });
  untilRekey(first);
  assert.equal(first.rekeyChild(first.first.outbound), undefined);
  assert.equal(first.refusal(), notifyType.TEMPORARY_FAILURE);
  const second = new RekeyScenario();
  second.rekeyFirst();
  assert.equal(second.rekeyIke(), undefined);
  assert.equal(second.refusal(), notifyType.TEMPORARY_FAILURE);
  // Deleting a CHILD SA is possible all the same. @rfc 7296 2.25.2
  const third = new RekeyScenario({ ikeLifetimeMs });
  untilRekey(third);
  third.link.request([{ kind: 'D', protocol: 3, spis: [third.first.outbound] }]);
  assert.deepEqual(
    payloadOf(third.link.open(third.all('transmit').at(-1)?.octets ?? new Uint8Array()), 'D')?.spis,
    [third.first.inbound],
  );
});

test('INVALID_KE_PAYLOAD and TEMPORARY_FAILURE: once more, and later', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  untilRekey(scenario);
  scenario.link.answer([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 20))]);
  assert.equal(payloadOf(scenario.link.last(), 'KE')?.group, 20);
  scenario.link.answer([notify(notifyType.TEMPORARY_FAILURE)]);
  const before = scenario.all('transmit').length;
  scenario.advance(6_000);
  assert.equal(scenario.all('transmit').length, before + 1);
  assert.deepEqual(scenario.all('rekey-failed'), []);
});

test('refused to the end: told, tried again, then a named end', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  while (scenario.ike.state === 'established' && scenario.wake()) {
    if (payloadOf(scenario.link.last(), 'SA') !== undefined) {
      scenario.link.answer([notify(notifyType.NO_PROPOSAL_CHOSEN)]);
    }
  }
  assert.equal(scenario.all('rekey-failed')[0]?.what, 'ike');
  assert.equal(scenario.now, 1_000 + ikeLifetimeMs);
  assert.deepEqual(scenario.link.last().payloads, [deleteIke]);
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.not-rekeyed');
});

test('disconnect while our rekey of the IKE SA is on the wire: both are deleted', () => {
  const scenario = new RekeyScenario({ ikeLifetimeMs });
  untilRekey(scenario);
  const { octets, link } = scenario.acceptIke();
  scenario.command('disconnect');
  const before = scenario.all('transmit').length;
  scenario.deliver(octets);
  const [first, second] = scenario
    .all('transmit')
    .slice(before)
    .map((output) => output.octets);
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(scenario.link.open(first).payloads, [deleteIke]);
  assert.deepEqual(link.open(second).payloads, [deleteIke]);
  scenario.link.answer([], first);
  assert.equal(scenario.ike.state, 'closing');
  link.answer([], second);
  assert.equal(scenario.error, undefined);
});

test('N(AUTH_LIFETIME) is handed on, in the login and later', () => {
  const scenario = new RekeyScenario();
  scenario.link.request([notify(notifyType.AUTH_LIFETIME, Uint8Array.of(0, 0, 0x0e, 0x10))]);
  assert.deepEqual(scenario.link.last().payloads, []);
  assert.equal(scenario.only('auth-lifetime').lifetimeMs, 3_600_000);
  scenario.link.request([notify(notifyType.AUTH_LIFETIME, Uint8Array.of(1))]);
  assert.equal(scenario.all('auth-lifetime').length, 1);
});
