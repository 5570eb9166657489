import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { notifyOf, payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload, TrafficSelector } from '../../../core/wire/ike/payload.ts';
import { notateSelector } from '../../../core/wire/ike/payloads/ts.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { espOctets, RekeyScenario, rekeyedSpi } from './rekey-peer.ts';
import { Scenario } from './scenario.ts';
import { notify, selector } from './scripted-responder.ts';

/*
 * CHILD SAs beside the first, and an IKE SA without one. @rfc 7296 1.3.1 @rfc 6023
 */

const office = selector('10.1.0.0', '10.1.255.255');
const only = (protocol: number, port?: number): TrafficSelector => ({
  ...selector('10.2.0.0', '10.2.255.255'),
  protocol,
  ...(port === undefined ? {} : { startPort: port, endPort: port }),
});
const two: Partial<IkeConfig> = { children: [{ remote: [office] }, { remote: [only(6, 22)] }] };
/** The gateway grants the login's CHILD SA as it was asked for. */
const granting = {
  last: (all: Payload[]) =>
    all.map((payload) => (payload.kind === 'TSr' ? { ...payload, selectors: [office] } : payload)),
};

function withTwo(): RekeyScenario {
  return new RekeyScenario(two, undefined, granting);
}

function asked(scenario: RekeyScenario, kind: 'TSi' | 'TSr'): readonly string[] | undefined {
  return payloadOf(scenario.link.last(), kind)?.selectors.map(notateSelector);
}

test('SK {SA, Ni, KEi, TSi, TSr} --> right after the login, with the selectors of the second wish', () => {
  const scenario = withTwo();
  const request = scenario.link.last();
  assert.equal(request.header.exchange, 36);
  assert.equal(rekeyedSpi(request), undefined);
  assert.deepEqual(asked(scenario, 'TSr'), [notateSelector(only(6, 22))]);
  // Our own address, and the same protocol with any port.
  assert.deepEqual(asked(scenario, 'TSi'), [
    notateSelector({ ...selector('10.9.0.5', '10.9.0.5'), protocol: 6 }),
  ]);
  scenario.deliver(scenario.acceptChild().octets);
  const { child, wish, outbound } = scenario.installed(1);
  assert.deepEqual([wish, outbound], [1, undefined]);
  assert.deepEqual(child.selectors.remote.map(notateSelector), [notateSelector(only(6, 22))]);
  assert.equal(scenario.all('rekeyed').length, 0, 'it replaces nothing');
});

test('<-- SK {N(TS_UNACCEPTABLE)}: told, not asked again, and everything else goes on', () => {
  const scenario = withTwo();
  scenario.link.answer([notify(notifyType.TS_UNACCEPTABLE)]);
  assert.deepEqual(
    [scenario.only('child-refused').wish, scenario.only('child-refused').error.code],
    [1, 'peer.ts-unacceptable'],
  );
  const sent = scenario.all('transmit').length;
  scenario.advance(600_000);
  assert.equal(scenario.all('transmit').length, sent);
  assert.equal(scenario.ike.state, 'established');
});

test('<-- SK {N(TEMPORARY_FAILURE)}: later, and not without end', () => {
  const scenario = withTwo();
  let tries = 0;
  for (; scenario.all('child-refused').length === 0 && tries < 50; tries++) {
    scenario.link.answer([notify(notifyType.TEMPORARY_FAILURE)]);
    scenario.advance(7_000);
  }
  assert.equal(tries, limits.childTries + 1);
});

test('<-- SK {N(INVALID_KE_PAYLOAD)}: once more with the group that the peer wants', () => {
  const scenario = withTwo();
  scenario.link.answer([notify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 20))]);
  assert.equal(payloadOf(scenario.link.last(), 'KE')?.group, 20);
  scenario.deliver(scenario.acceptChild({ group: 20 }).octets);
  assert.equal(scenario.installed(1).wish, 1);
});

test('the peer deletes one of two: the other carries on, and that one is asked for anew after a while', () => {
  const scenario = withTwo();
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [child.outbound] }]);
  assert.equal(scenario.ike.state, 'established');
  scenario.advance(10_100);
  assert.deepEqual(asked(scenario, 'TSr'), [notateSelector(only(6, 22))]);
  scenario.deliver(scenario.acceptChild().octets);
  assert.equal(scenario.installed(-1).wish, 1);
  assert.equal(scenario.checkDriver().length, 2);
});

test('the peer deletes both: both are asked for anew at once', () => {
  const scenario = withTwo();
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [child.outbound, scenario.first.outbound] }]);
  assert.deepEqual(asked(scenario, 'TSr'), [notateSelector(only(6, 22))]);
  scenario.deliver(scenario.acceptChild().octets);
  assert.deepEqual(asked(scenario, 'TSr'), [notateSelector(office)]);
  scenario.deliver(scenario.acceptChild().octets);
  assert.deepEqual([scenario.installed(-2).wish, scenario.installed(-1).wish], [1, 0]);
  assert.equal(scenario.ike.state, 'established');
});

test('a rekey of the second keeps its selectors and its place', () => {
  const scenario = withTwo();
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  scenario.command({ kind: 'rekey-child', inboundSpi: child.inbound });
  assert.deepEqual(asked(scenario, 'TSr'), [notateSelector(only(6, 22))]);
  scenario.deliver(scenario.acceptChild().octets);
  assert.equal(scenario.installed(-1).wish, 1);
});

function wantsChild(scenario: RekeyScenario, remote: TrafficSelector, spi = 0xd100_0000): void {
  const transforms = [
    { type: 1, id: 20, keyBits: 256 },
    { type: 5, id: 0 },
  ];
  scenario.link.request(
    [
      { kind: 'SA', proposals: [{ number: 1, protocol: 3, spi: espOctets(spi), transforms }] },
      { kind: 'Nonce', nonce: new Uint8Array(32) },
      notify(notifyType.IPCOMP_SUPPORTED, Uint8Array.of(0, 1, 2)),
      { kind: 'TSi', selectors: [remote] },
      { kind: 'TSr', selectors: [selector('0.0.0.0', '255.255.255.255')] },
    ],
    36,
  );
}

test('<-- SK {SA, Ni, N(IPCOMP_SUPPORTED), TSi, TSr}: taken as far as our wishes go, without compression', () => {
  const scenario = withTwo();
  scenario.deliver(scenario.acceptChild().octets);
  wantsChild(scenario, selector('10.1.7.0', '10.3.0.0'));
  const answer = scenario.link.last();
  assert.deepEqual(payloadOf(answer, 'TSr')?.selectors.map(notateSelector), [
    notateSelector(selector('10.9.0.5', '10.9.0.5')),
  ]);
  assert.deepEqual(payloadOf(answer, 'TSi')?.selectors.map(notateSelector), [
    notateSelector(selector('10.1.7.0', '10.1.255.255')),
    notateSelector(only(6, 22)),
  ]);
  assert.equal(notifyOf(answer, notifyType.IPCOMP_SUPPORTED), undefined);
  const { child, outbound } = scenario.installed(-1);
  assert.equal(child.outbound.spi, 0xd100_0000);
  // It may be meant in place of another one, and the peer has not got our answer yet.
  assert.equal(outbound, 'standby');
  scenario.command({ kind: 'child-used', inboundSpi: child.inbound.spi });
  assert.equal(scenario.all('child-switch-outbound').at(-1)?.inboundSpi, child.inbound.spi);
});

test('<-- the same for what we never wished for: TS_UNACCEPTABLE', () => {
  const scenario = withTwo();
  scenario.deliver(scenario.acceptChild().octets);
  wantsChild(scenario, selector('172.16.0.0', '172.16.255.255'));
  assert.equal(scenario.refusal(), notifyType.TS_UNACCEPTABLE);
});

test('<-- the same without end: NO_ADDITIONAL_SAS', () => {
  const scenario = withTwo();
  scenario.deliver(scenario.acceptChild().octets);
  for (let i = 0; i < limits.childSas; i++) wantsChild(scenario, office, 0xd100_0000 + i);
  assert.equal(scenario.refusal(), notifyType.NO_ADDITIONAL_SAS);
  assert.equal(scenario.checkDriver().length, limits.childSas);
});

const childlessGateway = {
  init: (all: Payload[]) => [...all, notify(notifyType.CHILDLESS_IKEV2_SUPPORTED)],
  last: (all: Payload[]) => all.filter(({ kind }) => kind === 'AUTH' || kind === 'CP'),
};

test('childless: IKE_AUTH without SA and TS, then the CHILD SA with a key exchange; only then all stands', () => {
  const login = new Scenario(childlessGateway, { childless: true }).to('authenticating-gateway');
  const first = login.responder.open(login.sent());
  assert.ok(payloadOf(first, 'CP') !== undefined);
  for (const kind of ['SA', 'TSi', 'TSr'] as const) assert.equal(payloadOf(first, kind), undefined, kind);

  const scenario = new RekeyScenario({ childless: true }, undefined, childlessGateway);
  assert.equal(scenario.all('established').length, 0);
  assert.equal(payloadOf(scenario.link.last(), 'KE')?.group, 19);
  assert.deepEqual(asked(scenario, 'TSi'), [notateSelector(selector('10.9.0.5', '10.9.0.5'))]);
  scenario.deliver(scenario.acceptChild({ group: 19 }).octets);
  assert.equal(scenario.only('established').summary.espProposal, 'aes256gcm16-ecp256');
  assert.equal(scenario.installed(0).wish, 0);
});

test('childless, and the gateway refuses the CHILD SA: goodbye, with its reason', () => {
  const scenario = new RekeyScenario({ childless: true }, undefined, childlessGateway);
  scenario.link.answer([notify(notifyType.TS_UNACCEPTABLE)]);
  assert.equal(scenario.ike.state, 'closing');
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.ts-unacceptable');
});

test('childless with a gateway that does not say that it can: a login as ever', () => {
  const scenario = new RekeyScenario({ childless: true });
  assert.equal(scenario.only('established').summary.espProposal, 'aes256gcm16');
});

for (const when of ['our rekey', 'a further CHILD SA'] as const) {
  test(`${when}: its answer is lost, the peer deletes what it made, the answer comes: nothing dead is installed`, () => {
    const scenario = when === 'our rekey' ? new RekeyScenario() : withTwo();
    if (when === 'our rekey') scenario.rekeyFirst();
    const { octets, child } = scenario.acceptChild();
    const installed = scenario.all('child-install').length;
    // <-- SK {D(the new one)}
    scenario.link.request([{ kind: 'D', protocol: 3, spis: [child.outbound] }]);
    scenario.deliver(octets);
    assert.equal(scenario.all('child-install').length, installed);
    assert.deepEqual(scenario.all('child-remove'), []);
    // It is tried again after a while.
    scenario.advance(10_100);
    const again = scenario.acceptChild();
    scenario.deliver(again.octets);
    assert.equal(scenario.installed(-1).child.outbound.spi, again.child.outbound);
  });
}

test('<-- SK {N(INVALID_SPI)} for a CHILD SA of ours: a rekey shows whether the peer has it', () => {
  const scenario = new RekeyScenario();
  scenario.link.request([notify(notifyType.INVALID_SPI, espOctets(scenario.first.outbound))]);
  assert.equal(rekeyedSpi(scenario.link.last()), scenario.first.inbound);
});

test('<-- SK {N(INVALID_SPI)} for anything else, or cut: nothing', () => {
  const scenario = new RekeyScenario();
  const noise = [espOctets(0xdddd_0000), espOctets(7), new Uint8Array(3), new Uint8Array(0)];
  for (const data of noise) scenario.link.request([notify(notifyType.INVALID_SPI, data)]);
  assert.equal(scenario.all('transmit').filter(({ octets }) => octets[18] === 36).length, 0);
  assert.equal(scenario.ike.state, 'established');
});

test('<-- SK {N(SET_WINDOW_SIZE(8))}: the peer would take more, and we still ask one thing at a time', () => {
  const scenario = new RekeyScenario(two, undefined, {
    last: (all) => [
      ...granting.last(all),
      notify(notifyType.SET_WINDOW_SIZE, Uint8Array.of(0, 0, 0, 8)),
      notify(notifyType.ESP_TFC_PADDING_NOT_SUPPORTED),
      notify(40_000, new Uint8Array(99)),
    ],
  });
  assert.equal(scenario.ike.state, 'established', 'notifies that we do not know change nothing');
  const sent = scenario.all('transmit').length;
  scenario.rekeyFirst();
  assert.equal(scenario.all('transmit').length, sent, 'the further CHILD SA is on the wire');
});
