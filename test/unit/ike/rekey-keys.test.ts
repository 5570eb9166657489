import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { high, low, RekeyScenario } from './rekey-peer.ts';
import { notify } from './scripted-responder.ts';
import { isWiped, watchedCrypto } from './watched-crypto.ts';

const deleteIke = { kind: 'D', protocol: 1, spis: [] } as const;

function untilSent(scenario: RekeyScenario): void {
  const before = scenario.all('transmit').length;
  while (scenario.all('transmit').length === before) assert.ok(scenario.wake());
}

test('keys of a replaced IKE SA go with its DELETE, secrets of key exchanges when they are done, the rest at the end', () => {
  const { crypto, keys, exchanges } = watchedCrypto();
  const scenario = new RekeyScenario({ ikeLifetimeMs: 600_000 }, crypto);
  const old = scenario.link;
  untilSent(scenario);
  const { octets, link } = scenario.acceptIke();
  scenario.deliver(octets);
  assert.deepEqual(keys.map(isWiped), [false, false, false, false]);
  old.answer([]);
  assert.deepEqual(keys.map(isWiped), [true, true, false, false]);
  assert.deepEqual(exchanges, { made: 2, wiped: 2 });
  scenario.link = link;
  const theirs = scenario.rekeyIke();
  link.request([deleteIke]);
  assert.deepEqual(keys.map(isWiped), [true, true, true, true, false, false]);
  assert.deepEqual(exchanges, { made: 3, wiped: 3 });
  theirs?.request([deleteIke]);
  assert.equal(scenario.error?.code, 'peer.closed');
  assert.ok(keys.every(isWiped));
});

for (const nonce of [low, high]) {
  test(`a collision of IKE SAs leaves no key, ${nonce === low ? 'lost' : 'won'}`, () => {
    const { crypto, keys, exchanges } = watchedCrypto();
    const scenario = new RekeyScenario({ ikeLifetimeMs: 600_000 }, crypto);
    const old = scenario.link;
    untilSent(scenario);
    const ours = scenario.acceptIke({ nonce });
    const theirs = scenario.rekeyIke({ nonce: nonce === low ? high : low });
    scenario.deliver(ours.octets);
    (nonce === low ? ours.link : old).answer([]);
    (nonce === low ? old : theirs)?.request([deleteIke]);
    assert.deepEqual(exchanges, { made: 3, wiped: 3 });
    assert.equal(keys.filter(isWiped).length, 4, 'one of three is in use');
    scenario.command('disconnect');
    (nonce === low ? theirs : ours.link)?.answer([]);
    assert.equal(scenario.ike.state, 'closed');
    assert.ok(keys.every(isWiped));
  });
}

test('the end in the middle of a rekey, of a collision, of another try: no secret stays', () => {
  const starts: readonly ((scenario: RekeyScenario) => void)[] = [
    (scenario) => scenario.rekeyFirst(),
    (scenario) => {
      scenario.rekeyFirst();
      scenario.rekeyChild(scenario.first.outbound, { group: 19 });
    },
    (scenario) => {
      scenario.rekeyFirst();
      scenario.link.answer([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 20))]);
    },
    (scenario) => untilSent(scenario),
    (scenario) => {
      untilSent(scenario);
      scenario.rekeyIke();
    },
  ];
  for (const start of starts) {
    for (const end of ['disconnect', 'peer', 'silence'] as const) {
      const { crypto, keys, exchanges } = watchedCrypto();
      const scenario = new RekeyScenario({ ikeLifetimeMs: 600_000 }, crypto);
      start(scenario);
      if (end === 'disconnect') scenario.command('disconnect');
      if (end === 'peer') scenario.link.request([deleteIke]);
      while (scenario.ike.state !== 'closed' && scenario.wake());
      assert.equal(exchanges.made, exchanges.wiped, end);
      assert.ok(keys.every(isWiped), end);
      assert.deepEqual(scenario.checkDriver(), []);
    }
  }
});

test("the peer's rekey comes twice, because our answer was lost: the same answer, and nothing else", () => {
  const scenario = new RekeyScenario();
  const requests: Uint8Array[] = [];
  const deliver = scenario.deliver.bind(scenario);
  scenario.deliver = (octets) => {
    requests.push(octets);
    deliver(octets);
  };
  scenario.rekeyChild(scenario.first.outbound);
  const answer = scenario.sent();
  scenario.fresh();
  deliver(requests[0] ?? new Uint8Array());
  assert.deepEqual(scenario.fresh(), ['transmit']);
  assert.deepEqual(scenario.sent(), answer);
  scenario.rekeyIke();
  const second = scenario.sent();
  scenario.fresh();
  deliver(requests[1] ?? new Uint8Array());
  assert.deepEqual(scenario.sent(), second, 'on the old IKE SA, which still answers');
  assert.deepEqual(scenario.fresh(), ['transmit']);
});

test('our rekey goes out again until it is answered; without an answer the peer is dead', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const request = scenario.sent();
  scenario.wake();
  assert.deepEqual(scenario.sent(), request);
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  scenario.deliver(octets);
  assert.equal(scenario.all('child-install').length, 2);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [scenario.first.inbound]);
  while (scenario.wake());
  assert.equal(scenario.error?.code, 'peer.dead');
  assert.ok(!scenario.checkDriver().includes(child.inbound));
});
