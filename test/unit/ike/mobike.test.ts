import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type Endpoint, formatIpAddress } from '../../../core/base/address.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { spiOctets } from '../../../core/ike/keymat.ts';
import { notifyOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, NotifyPayload, Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { RekeyScenario } from './rekey-peer.ts';
import { Scenario, type Script, testConfig } from './scenario.ts';
import { notify } from './scripted-responder.ts';

const {
  MOBIKE_SUPPORTED,
  UPDATE_SA_ADDRESSES,
  COOKIE2,
  NAT_DETECTION_SOURCE_IP,
  NAT_DETECTION_DESTINATION_IP,
  ADDITIONAL_IP4_ADDRESS,
  ADDITIONAL_IP6_ADDRESS,
  NO_ADDITIONAL_ADDRESSES,
  UNACCEPTABLE_ADDRESSES,
} = notifyType;

const { local } = testConfig;
const gateway: Endpoint = { ...testConfig.remote, port: 4500 };
const cafe: Endpoint = { address: { family: 4, octets: Uint8Array.of(203, 0, 113, 9) }, port: local.port };
const train: Endpoint = { address: { family: 4, octets: Uint8Array.of(203, 0, 113, 77) }, port: local.port };
const mapped: Endpoint = { address: { family: 4, octets: Uint8Array.of(192, 0, 2, 1) }, port: 61_000 };
const remapped: Endpoint = { ...mapped, port: 61_001 };

/** An established engine and a peer with MOBIKE, which sees it behind a NAT at first unless `seen` says otherwise. */
class MobikeScenario extends RekeyScenario {
  constructor(config: Partial<IkeConfig> = {}, script: Script = {}) {
    super(config, undefined, {
      last: (payloads) => [...payloads, notify(MOBIKE_SUPPORTED)],
      ...script,
    });
  }

  hash({ address, port }: Endpoint, { spis } = this.link.ike): Uint8Array {
    const octets = Buffer.concat([
      spiOctets(spis.initiator),
      spiOctets(spis.responder),
      address.octets,
      Buffer.from([port >> 8, port & 255]),
    ]);
    return new Uint8Array(createHash('sha1').update(octets).digest());
  }

  /** What the gateway says when it sees us there. */
  seenFrom(client: Endpoint): Payload[] {
    return [
      notify(NAT_DETECTION_SOURCE_IP, this.hash(gateway)),
      notify(NAT_DETECTION_DESTINATION_IP, this.hash(client)),
    ];
  }

  /** SK {N(NAT_DETECTION_*), N(COOKIE2)}: the answer to the update on the wire. */
  acceptUpdate(client: Endpoint, octets = this.sent()): void {
    const cookie = cookieIn(this.link.open(octets));
    this.link.answer([...this.seenFrom(client), notify(COOKIE2, cookie)], octets);
  }

  get updates(): number {
    return new Set(
      this.all('transmit')
        .map(({ octets }) => octets)
        .filter((octets) => octets[18] === exchangeType.INFORMATIONAL)
        .map((octets) => this.link.open(octets))
        .filter(isUpdate)
        .map(({ header }) => header.messageId),
    ).size;
  }
}

const types = (message: IkeMessage) => payloadsOf(message, 'N').map(({ type }) => type);
const isUpdate = (message: IkeMessage) => notifyOf(message, UPDATE_SA_ADDRESSES) !== undefined;

function cookieIn(message: IkeMessage): Uint8Array {
  return notifyOf(message, COOKIE2)?.data ?? assert.fail('no COOKIE2');
}

/** Our address changed; the gateway has not answered yet. */
function onTheMove(to = cafe): MobikeScenario {
  const scenario = new MobikeScenario();
  scenario.command({ kind: 'roam', local: to });
  return scenario;
}

test('MOBIKE is offered in IKE_AUTH, and used only with a peer that offers it too', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  assert.ok(notifyOf(scenario.responder.open(scenario.sent()), MOBIKE_SUPPORTED));
  assert.equal(new MobikeScenario().only('established').summary.mobike, true);
  const without = new RekeyScenario();
  assert.equal(without.only('established').summary.mobike, false);
  without.command({ kind: 'roam', local: cafe });
  assert.deepEqual(without.link.last().payloads, [], 'no more than a probe');
});

test('switched off, it is neither offered nor used', () => {
  const scenario = new Scenario({}, { mobike: false }).to('authenticating-gateway');
  assert.equal(notifyOf(scenario.responder.open(scenario.sent()), MOBIKE_SUPPORTED), undefined);
  assert.equal(new MobikeScenario({ mobike: false }).only('established').summary.mobike, false);
});

test('another address: the gateway is told, and everything goes on', () => {
  const scenario = onTheMove();
  const request = scenario.link.last();
  assert.equal(request.header.exchange, exchangeType.INFORMATIONAL);
  assert.deepEqual(types(request), [
    UPDATE_SA_ADDRESSES,
    NAT_DETECTION_SOURCE_IP,
    NAT_DETECTION_DESTINATION_IP,
    COOKIE2,
  ]);
  assert.equal(cookieIn(request).length, 16);
  const data = (type: number) => notifyOf(request, type)?.data;
  assert.deepEqual(data(NAT_DETECTION_DESTINATION_IP), scenario.hash(gateway), 'true, for port 4500');
  assert.notDeepEqual(data(NAT_DETECTION_SOURCE_IP), scenario.hash(cafe), 'so that ESP stays in UDP');
  scenario.fresh();
  scenario.acceptUpdate(mapped);
  assert.deepEqual(scenario.fresh(), ['proven', 'roamed']);
  const { local, summary } = scenario.only('roamed');
  assert.deepEqual(local, cafe);
  assert.deepEqual(summary.natDetected, { local: true, remote: false });
  assert.equal(summary.initiatorSpi, scenario.only('established').summary.initiatorSpi, 'no new login');
});

test('the same address as before: a liveness check, no update', () => {
  const scenario = new MobikeScenario();
  scenario.command({ kind: 'roam', local });
  assert.deepEqual(types(scenario.link.last()), [NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP]);
});

for (const [what, answer] of [
  ['none', () => []],
  ['another', () => [notify(COOKIE2, new Uint8Array(16))]],
  ['two', (cookie: Uint8Array) => [notify(COOKIE2, cookie), notify(COOKIE2, cookie)]],
] as const satisfies readonly [string, (cookie: Uint8Array) => NotifyPayload[]][]) {
  test(`an answer with a COOKIE2 that is not ours (${what}) ends the IKE SA`, () => {
    const scenario = onTheMove();
    scenario.link.answer([...scenario.seenFrom(cafe), ...answer(cookieIn(scenario.link.last()))]);
    assert.equal(scenario.ike.state, 'closing');
    scenario.link.answer([]);
    assert.equal(scenario.error?.code, 'peer.misbehaved');
    assert.equal(scenario.error?.detail['rule'], 'the answer has the COOKIE2 of the request');
  });
}

for (const cookie of [true, false]) {
  test(`UNACCEPTABLE_ADDRESSES ${cookie ? 'with' : 'without'} COOKIE2 ends the IKE SA with the gateway's reason`, () => {
    const scenario = onTheMove();
    const echo = cookie ? [notify(COOKIE2, cookieIn(scenario.link.last()))] : [];
    scenario.link.answer([notify(UNACCEPTABLE_ADDRESSES), ...echo]);
    scenario.link.answer([]);
    assert.deepEqual(
      [scenario.error?.code, scenario.error?.detail['notify']],
      ['peer.refused', 'UNACCEPTABLE_ADDRESSES'],
    );
  });
}

test('a lost update goes out again briskly, as the same octets; without any answer the peer is dead', () => {
  const scenario = onTheMove();
  const first = scenario.sent();
  const begun = scenario.now;
  scenario.wake();
  assert.equal(scenario.now - begun, 500);
  assert.deepEqual(scenario.sent(), first);
  while (scenario.ike.state === 'established') assert.ok(scenario.wake());
  assert.equal(scenario.error?.code, 'peer.dead');
  assert.ok(scenario.now - begun < 10_000, `${scenario.now - begun} ms`);
});

test('another move while an update is under way: at once again, and a second update after the answer', () => {
  const scenario = onTheMove();
  const first = scenario.sent();
  const before = scenario.all('transmit').length;
  scenario.command({ kind: 'roam', local: train });
  assert.equal(scenario.all('transmit').length, before + 1, 'the one on the wire, from the new address');
  assert.deepEqual(scenario.sent(), first);
  scenario.acceptUpdate(cafe);
  assert.deepEqual(scenario.all('roamed'), [], 'nobody is at that address any more');
  assert.equal(scenario.updates, 2);
  scenario.acceptUpdate(train);
  assert.deepEqual(scenario.only('roamed').local, train);
  assert.deepEqual(scenario.only('roamed').summary.natDetected, { local: false, remote: false });
});

test('a move during a rekey: its request goes out again, and the update follows before the DELETE', () => {
  const scenario = new MobikeScenario();
  scenario.rekeyFirst();
  const { octets } = scenario.acceptChild();
  const before = scenario.all('transmit').length;
  scenario.command({ kind: 'roam', local: cafe });
  assert.equal(scenario.all('transmit').length, before + 1);
  scenario.deliver(octets);
  assert.ok(isUpdate(scenario.link.last()), 'before the DELETE of the old one');
  scenario.acceptUpdate(cafe);
  assert.equal(payloadsOf(scenario.link.last(), 'D').length, 1);
  assert.deepEqual(scenario.only('roamed').local, cafe);
});

test('without a NAT at first: a liveness check tells when one appears, and an update follows', () => {
  const scenario = new MobikeScenario({ livenessMs: 10_000 });
  scenario.advance(10_000);
  assert.ok(!isUpdate(scenario.link.last()));
  scenario.link.answer(scenario.seenFrom(local));
  assert.equal(scenario.updates, 0);
  scenario.advance(10_000);
  scenario.link.answer(scenario.seenFrom(mapped));
  assert.equal(scenario.updates, 1);
  scenario.acceptUpdate(mapped);
  assert.deepEqual(scenario.only('roamed').summary.natDetected, { local: true, remote: false });
  scenario.advance(10_000);
  scenario.link.answer(scenario.seenFrom(mapped));
  assert.equal(scenario.updates, 1, 'and then it is known');
});

/** Behind a NAT from IKE_SA_INIT on. */
function behindNat(): MobikeScenario {
  const elsewhere = new Uint8Array(20).fill(1);
  return new MobikeScenario(
    { livenessMs: 10_000 },
    { init: (payloads) => [...payloads, notify(NAT_DETECTION_DESTINATION_IP, elsewhere)] },
  );
}

test('behind a NAT: the first silence is answered by an update, as nobody knows what the NAT made of us', () => {
  const scenario = behindNat();
  assert.equal(scenario.only('established').summary.natDetected.local, true);
  scenario.advance(10_000);
  assert.ok(isUpdate(scenario.link.last()));
  scenario.acceptUpdate(mapped);
  scenario.advance(10_000);
  assert.ok(!isUpdate(scenario.link.last()));
  // <-- the NAT has forgotten us, and gave us another port
  scenario.link.answer(scenario.seenFrom(remapped));
  assert.ok(isUpdate(scenario.link.last()));
  scenario.acceptUpdate(remapped);
  assert.equal(scenario.only('roamed').summary.natDetected.local, true);
});

test('a peer that refuses an update without need keeps its connection, and gets no more of them', () => {
  const scenario = behindNat();
  scenario.advance(10_000);
  scenario.link.answer([notify(UNACCEPTABLE_ADDRESSES)]);
  scenario.advance(10_000);
  assert.ok(!isUpdate(scenario.link.last()));
  scenario.link.answer([]);
  assert.equal(scenario.ike.state, 'established');
});

test('after a rekey of the IKE SA what the peer saw is compared on the new one', () => {
  const scenario = new MobikeScenario({ livenessMs: 10_000 });
  const link = scenario.rekeyIke() ?? assert.fail('the engine takes the rekey');
  scenario.link.request([{ kind: 'D', protocol: 1, spis: [] }]);
  scenario.link = link;
  scenario.advance(10_000);
  assert.ok(isUpdate(link.last()));
  scenario.acceptUpdate(local);
  scenario.advance(10_000);
  scenario.link.answer(scenario.seenFrom(mapped));
  assert.ok(isUpdate(link.last()));
});

test("the peer's own check is answered: its COOKIE2 as it came, and what we see of it", () => {
  const scenario = new MobikeScenario();
  const cookie = Buffer.from('the cookie of the peer');
  scenario.link.request([notify(COOKIE2, cookie)]);
  assert.deepEqual(payloadsOf(scenario.link.last(), 'N'), [notify(COOKIE2, new Uint8Array(cookie))]);
  scenario.link.request([...scenario.seenFrom(local), notify(COOKIE2, cookie)]);
  const seen = [NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP, COOKIE2];
  assert.deepEqual(types(scenario.link.last()), seen);
  const fits = notifyOf(scenario.link.last(), NAT_DETECTION_DESTINATION_IP)?.data;
  assert.deepEqual(fits, scenario.hash(gateway));
});

test("a COOKIE2 of a wrong length, or two, and an update of the peer's change nothing", () => {
  const scenario = new MobikeScenario();
  for (const payloads of [
    [notify(COOKIE2, new Uint8Array(7))],
    [notify(COOKIE2, new Uint8Array(65))],
    [notify(COOKIE2, new Uint8Array(8)), notify(COOKIE2, new Uint8Array(8))],
    [notify(UPDATE_SA_ADDRESSES)],
  ]) {
    scenario.fresh();
    scenario.link.request(payloads);
    assert.deepEqual(scenario.link.last().payloads, []);
    assert.deepEqual(scenario.fresh(), ['transmit']);
  }
});

test('other addresses of the gateway are shown, as it named them last, and only so many', () => {
  const four = notify(ADDITIONAL_IP4_ADDRESS, Uint8Array.of(198, 51, 100, 2));
  const six = notify(ADDITIONAL_IP6_ADDRESS, new Uint8Array(16).fill(0xfd));
  const scenario = new MobikeScenario(
    {},
    { last: (payloads) => [...payloads, notify(MOBIKE_SUPPORTED), four, six] },
  );
  const shown = () =>
    (scenario.all('peer-addresses').at(-1) ?? scenario.only('established')).summary.peerAddresses.map(
      formatIpAddress,
    );
  assert.deepEqual(shown(), ['198.51.100.2', 'fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd']);
  scenario.link.request([notify(ADDITIONAL_IP4_ADDRESS, new Uint8Array(3)), four]);
  assert.deepEqual(shown(), ['198.51.100.2']);
  scenario.link.request(Array.from({ length: 20 }, () => six));
  assert.equal(shown().length, 8);
  scenario.link.request([notify(NO_ADDITIONAL_ADDRESSES)]);
  assert.deepEqual(shown(), []);
});

/*
 * No NAT, where the profile says so. @rfc 4555 3.9
 */

const natless: Partial<IkeConfig> = { natsAllowed: false };
const seenElsewhere = notify(NAT_DETECTION_DESTINATION_IP, new Uint8Array(20).fill(1));

test('SK {IDi, ..., N(NO_NATS_ALLOWED)} --> holds both addresses, then both ports, as they leave here', () => {
  const scenario = new Scenario({}, natless).to('authenticating-gateway');
  const data = notifyOf(scenario.responder.open(scenario.sent()), notifyType.NO_NATS_ALLOWED)?.data;
  assert.equal(Buffer.from(data ?? []).toString('hex'), 'c0000207c6336401' + '9c411194');
  const allowed = new Scenario().to('authenticating-gateway');
  assert.equal(notifyOf(allowed.responder.open(allowed.sent()), notifyType.NO_NATS_ALLOWED), undefined);
});

test('behind a NAT the login ends once the gateway has proven itself, whether it knows the rule or not', () => {
  const behind = { init: (payloads: Payload[]) => [...payloads, seenElsewhere] };
  const scenario = new Scenario(behind, natless).to('judging-gateway');
  assert.equal(scenario.ike.state, 'judging-gateway', 'what anybody may have said ends nothing');
  scenario.giveVerdict();
  assert.deepEqual([scenario.error?.code, scenario.eap.seen], ['peer.nat-forbidden', []]);
});

test('<-- SK {N(UNEXPECTED_NAT_DETECTED)}: what the gateway sees counts too', () => {
  const gateway = () => [notify(notifyType.UNEXPECTED_NAT_DETECTED)];
  const scenario = new Scenario({ gateway }, natless).to('judging-gateway');
  assert.equal(scenario.error?.code, 'peer.nat-forbidden');
});

test('a move behind a NAT ends the connection; a move beside it does not', () => {
  for (const [seen, state] of [
    [mapped, 'closing'],
    [cafe, 'established'],
  ] as const) {
    const scenario = new MobikeScenario(natless);
    scenario.command({ kind: 'roam', local: cafe });
    const update = notifyOf(scenario.link.last(), notifyType.NO_NATS_ALLOWED)?.data;
    assert.deepEqual(update?.slice(0, 4), cafe.address.octets);
    scenario.acceptUpdate(seen);
    assert.equal(scenario.ike.state, state);
  }
});
