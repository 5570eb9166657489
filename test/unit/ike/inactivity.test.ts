import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../core/base/time.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { RekeyScenario, rekeyedSpi } from './rekey-peer.ts';
import { notify } from './scripted-responder.ts';

/*
 * What becomes of a CHILD SA that nobody uses. @rfc 7296 1.4.1
 */

const idle: Partial<IkeConfig> = { inactivityMs: 60_000 };

function deletedEsp(message: IkeMessage): readonly (number | bigint)[] | undefined {
  const payload = payloadOf(message, 'D');
  return payload?.protocol === 3 ? payload.spis : undefined;
}

function carried(scenario: RekeyScenario, at = scenario.now, inboundSpi = scenario.first.inbound): void {
  scenario.command({ kind: 'child-carried', inboundSpi, at: instant(at) });
}

function asleep(): RekeyScenario {
  const scenario = new RekeyScenario(idle);
  scenario.advance(60_000);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  return scenario;
}

test('SK {D(ESP)} --> a minute after the last packet, not earlier; nothing is sent on it from then on', () => {
  const scenario = new RekeyScenario(idle);
  const sent = scenario.all('transmit').length;
  scenario.advance(50_000);
  carried(scenario);
  scenario.advance(59_900);
  assert.equal(scenario.all('transmit').length, sent);
  scenario.advance(100);
  assert.deepEqual(deletedEsp(scenario.link.last()), [scenario.first.inbound]);
  assert.deepEqual(scenario.only('child-sleep').inboundSpi, scenario.first.inbound);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  scenario.advance(7_000_000);
  assert.equal(scenario.ike.state, 'established', 'the IKE SA stays for hours');
  assert.deepEqual(scenario.all('child-remove'), [], 'who it was for is not forgotten');
});

test('a packet wakes it: one CREATE_CHILD_SA with its selectors, and the sleeping one is gone', () => {
  const scenario = asleep();
  const { inbound } = scenario.first;
  scenario.command({ kind: 'wake-child', inboundSpi: inbound });
  const sent = scenario.all('transmit').length;
  scenario.command({ kind: 'wake-child', inboundSpi: inbound });
  const request = scenario.link.last();
  assert.deepEqual([request.header.exchange, rekeyedSpi(request)], [36, undefined]);
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  assert.equal(scenario.all('transmit').length, sent, 'asked once');
  assert.deepEqual([scenario.installed(-1).wish, scenario.installed(-1).outbound], [0, undefined]);
  assert.deepEqual(scenario.checkDriver(), [child.inbound]);
  // And it sleeps again.
  scenario.advance(60_000);
  assert.deepEqual(deletedEsp(scenario.link.last()), [child.inbound]);
});

test('wanted while its DELETE is on the wire: the new one is asked for right after the answer', () => {
  const scenario = new RekeyScenario(idle);
  scenario.advance(60_000);
  const deletion = scenario.sent();
  scenario.command({ kind: 'wake-child', inboundSpi: scenario.first.inbound });
  assert.equal(scenario.sent(), deletion, 'one request at a time');
  scenario.link.answer([], deletion);
  assert.equal(scenario.link.last().header.exchange, 36);
});

test('<-- SK {D(ESP)} of one that sleeps: the peer may mean another by that SPI, so nothing changes', () => {
  const scenario = asleep();
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.deepEqual(scenario.link.last().payloads, []);
  scenario.command({ kind: 'wake-child', inboundSpi: scenario.first.inbound });
  assert.equal(scenario.link.last().header.exchange, 36);
});

test('what nobody knows, or what does not sleep, wakes nothing', () => {
  const scenario = new RekeyScenario(idle);
  const sent = scenario.all('transmit').length;
  for (const inboundSpi of [1, scenario.first.inbound]) scenario.command({ kind: 'wake-child', inboundSpi });
  assert.equal(scenario.all('transmit').length, sent);
});

test('its successor inherits when it was used last', () => {
  const scenario = new RekeyScenario(idle);
  carried(scenario, scenario.now);
  scenario.advance(30_000);
  scenario.rekeyFirst();
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  scenario.link.answer([]);
  scenario.advance(30_000);
  assert.deepEqual(deletedEsp(scenario.link.last()), [child.inbound]);
});

test('a rekey that is on the wire is waited for', () => {
  const scenario = new RekeyScenario(idle);
  scenario.advance(59_999);
  scenario.rekeyFirst();
  const { octets, child } = scenario.acceptChild();
  scenario.advance(10);
  assert.deepEqual(scenario.all('child-sleep'), []);
  scenario.deliver(octets);
  scenario.link.answer([]);
  scenario.advance(2_000);
  assert.equal(scenario.only('child-sleep').inboundSpi, child.inbound);
});

test('<-- SK {N(TS_UNACCEPTABLE)} when it should wake: there is nothing left, and the connection ends', () => {
  const scenario = asleep();
  scenario.command({ kind: 'wake-child', inboundSpi: scenario.first.inbound });
  scenario.link.answer([notify(notifyType.TS_UNACCEPTABLE)]);
  assert.equal(scenario.ike.state, 'closing');
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.not-rekeyed');
});

test('<-- SK {D(ESP)} of the peer at the same time: answered without a Delete, and it sleeps all the same', () => {
  const scenario = new RekeyScenario(idle);
  scenario.advance(60_000);
  const deletion = scenario.sent();
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.deepEqual(scenario.link.last().payloads, []);
  scenario.link.answer([], deletion);
  assert.equal(scenario.ike.state, 'established');
  scenario.command({ kind: 'wake-child', inboundSpi: scenario.first.inbound });
  assert.equal(scenario.link.last().header.exchange, 36);
});

test('where the profile wants that, the end of the connection, with the reason', () => {
  const scenario = new RekeyScenario({ ...idle, whenInactive: 'close' });
  scenario.advance(30_000);
  carried(scenario);
  scenario.advance(59_000);
  assert.equal(scenario.ike.state, 'established');
  scenario.advance(1_000);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.protocol, 1);
  scenario.link.answer([]);
  assert.deepEqual([scenario.error?.code, scenario.error?.detail['seconds']], ['tunnel.idle', 60]);
});

test('without the setting a CHILD SA stands idle for as long as its keys live', () => {
  const scenario = new RekeyScenario();
  const sent = scenario.all('transmit').length;
  scenario.advance(2_000_000);
  assert.equal(scenario.all('transmit').length, sent);
});
