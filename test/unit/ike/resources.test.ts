import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../core/base/time.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { notifyOf, payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { notateSelector } from '../../../core/wire/ike/payloads/ts.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { type PeerChild, RekeyScenario, rekeyedSpi } from './rekey-peer.ts';
import { Scenario } from './scenario.ts';
import { notify, selector } from './scripted-responder.ts';

/*
 * CHILD SAs with the selectors of one that stands, for further threads. @rfc 9611
 */

const three: Partial<IkeConfig> = { resources: { most: 3, unannounced: false } };
const anyGateway: Partial<IkeConfig> = { resources: { most: 3, unannounced: true } };
/** The gateway says in its last answer that it knows RFC 9611. */
const knowing = { last: (all: Payload[]) => [...all, notify(notifyType.SA_RESOURCE_INFO)] };

function widened(config = three, script: ConstructorParameters<typeof RekeyScenario>[2] = knowing) {
  const scenario = new RekeyScenario(config, undefined, script);
  scenario.command({ kind: 'widen' });
  return scenario;
}

function resourceIn(message: IkeMessage): readonly number[] | undefined {
  const data = notifyOf(message, notifyType.SA_RESOURCE_INFO)?.data;
  return data === undefined ? undefined : [...data];
}

function selectorsIn(message: IkeMessage): readonly string[] {
  return (['TSi', 'TSr'] as const).flatMap((kind) =>
    (payloadOf(message, kind)?.selectors ?? []).map(notateSelector),
  );
}

/** Answers what is asked for; the CHILD SA as the peer has it. */
function accept(scenario: RekeyScenario): PeerChild {
  const { octets, child } = scenario.acceptChild();
  scenario.deliver(octets);
  return child;
}

function isIdle(scenario: RekeyScenario): boolean {
  const sent = scenario.all('transmit').length;
  scenario.advance(60_000);
  return scenario.all('transmit').length === sent;
}

test('SK {…, N(SA_RESOURCE_INFO)} --> with the first CHILD SA, when there is use for several', () => {
  const asked = (config: Partial<IkeConfig>) => {
    const scenario = new Scenario({}, config);
    scenario.to('authenticating-gateway');
    return resourceIn(scenario.responder.open(scenario.sent())) !== undefined;
  };
  assert.equal(asked(three), true);
  assert.equal(asked({}), false);
  assert.equal(asked({ resources: { most: 1, unannounced: true } }), false);
});

test('SK {N(SA_RESOURCE_INFO), SA, …} --> one for each further resource, with the selectors of the first, and no more', () => {
  const scenario = widened();
  const { selectors } = scenario.installed(0).child;
  const first = [...selectors.local, ...selectors.remote].map(notateSelector);
  for (const resource of [1, 2]) {
    const request = scenario.link.last();
    assert.equal(request.header.exchange, 36);
    assert.equal(rekeyedSpi(request), undefined);
    assert.deepEqual(resourceIn(request), [resource]);
    assert.deepEqual(selectorsIn(request), first);
    accept(scenario);
    const made = scenario.installed(resource);
    assert.deepEqual([made.resource, made.wish, made.outbound], [resource, resource, undefined]);
  }
  assert.equal(scenario.installed(0).resource, undefined);
  assert.ok(isIdle(scenario));
  scenario.command({ kind: 'widen' });
  assert.ok(isIdle(scenario), 'there is one for each already');
  assert.equal(scenario.checkDriver().length, 3);
});

test('nothing is asked of a gateway that did not say that it knows of such, unless the profile says so', () => {
  assert.ok(isIdle(widened(three, {})));
  const scenario = widened(anyGateway, {});
  assert.deepEqual(resourceIn(scenario.link.last()), [1]);
});

for (const refusal of ['TS_MAX_QUEUE', 'NO_ADDITIONAL_SAS', 'TS_UNACCEPTABLE'] as const)
  test(`<-- SK {N(${refusal})}: told once, not asked again, and what stands goes on`, () => {
    const scenario = widened();
    accept(scenario);
    scenario.link.answer([notify(notifyType[refusal])]);
    assert.equal(scenario.all('resource-refused').length, 1);
    assert.equal(scenario.all('child-refused').length, 0);
    scenario.command({ kind: 'widen' });
    assert.ok(isIdle(scenario));
    assert.equal(scenario.checkDriver().length, 2);
    assert.equal(scenario.ike.state, 'established');
  });

test('<-- SK {N(TEMPORARY_FAILURE)}: later', () => {
  const scenario = widened();
  scenario.link.answer([notify(notifyType.TEMPORARY_FAILURE)]);
  accept(scenario);
  assert.equal(scenario.installed(1).resource, 2);
  scenario.advance(7_000);
  accept(scenario);
  assert.equal(scenario.installed(2).resource, 1);
});

test('a copy with narrower selectors is deleted at the peer and never installed', () => {
  const scenario = widened();
  const narrower = [selector('10.0.0.0', '10.0.0.255')];
  const { octets } = scenario.acceptChild({ remote: narrower });
  scenario.deliver(octets);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.protocol, 3);
  assert.equal(scenario.all('child-install').length, 1);
  const { error } = scenario.only('resource-refused');
  assert.equal(error.detail['rule'], 'a CHILD SA for another resource has the same selectors');
});

test('each is rekeyed by itself: SK {N(REKEY_SA), N(SA_RESOURCE_INFO), SA, …} -->, and stays where it was', () => {
  const scenario = widened();
  const copy = accept(scenario);
  accept(scenario);
  scenario.command({ kind: 'rekey-child', inboundSpi: copy.inbound });
  const request = scenario.link.last();
  assert.equal(rekeyedSpi(request), copy.inbound);
  assert.deepEqual(resourceIn(request), [1]);
  accept(scenario);
  assert.equal(scenario.installed(-1).resource, 1);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [copy.outbound] }]);
  scenario.rekeyFirst();
  assert.equal(resourceIn(scenario.link.last()), undefined);
  accept(scenario);
  assert.equal(scenario.installed(-1).resource, undefined);
});

test('the peer deletes a copy: the rest carries on, and it is asked for anew after a while', () => {
  const scenario = widened();
  accept(scenario);
  const second = accept(scenario);
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [second.outbound] }]);
  assert.equal(scenario.ike.state, 'established');
  scenario.advance(10_100);
  assert.deepEqual(resourceIn(scenario.link.last()), [2]);
  accept(scenario);
  assert.equal(scenario.installed(-1).resource, 2);
});

test('the peer takes a copy for a replacement and deletes the first: the copy takes its place, and there are no more', () => {
  const scenario = widened();
  const { octets, child } = scenario.acceptChild();
  const { first } = scenario;
  scenario.deliver(octets);
  const secondAsked = scenario.sent();
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
  assert.equal(scenario.all('resource-refused').length, 1);
  assert.deepEqual(scenario.checkDriver(), [child.inbound], 'nothing is sent on the first any more');
  // The second copy was on the wire already.
  scenario.link.answer([notify(notifyType.TS_MAX_QUEUE)], secondAsked);
  assert.ok(isIdle(scenario));
  scenario.command({ kind: 'rekey-child', inboundSpi: child.inbound });
  assert.equal(resourceIn(scenario.link.last()), undefined);
  accept(scenario);
  assert.deepEqual([scenario.installed(-1).resource, scenario.installed(-1).wish], [undefined, 0]);
});

test('the first goes while a copy is on the wire: the copy takes its place', () => {
  const scenario = widened();
  const { octets } = scenario.acceptChild();
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.equal(scenario.ike.state, 'established');
  scenario.deliver(octets);
  assert.equal(scenario.installed(1).wish, 0);
  assert.equal(scenario.ike.state, 'established');
});

test('the peer deletes the first after a while: its flows go by the copies at once, and it is asked for anew', () => {
  const scenario = widened();
  const copies = [accept(scenario), accept(scenario)];
  scenario.advance(11_000);
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.deepEqual(
    scenario.checkDriver(),
    copies.map(({ inbound }) => inbound),
  );
  scenario.advance(10_100);
  assert.deepEqual(resourceIn(scenario.link.last()), []);
  accept(scenario);
  assert.deepEqual([scenario.installed(-1).resource, scenario.installed(-1).wish], [undefined, 0]);
});

test('SK {D(ESP)} --> nothing goes to sleep while one of several carries; then the copies go, and the first sleeps', () => {
  const scenario = widened({ resources: { most: 2, unannounced: false }, inactivityMs: 60_000 });
  const copy = accept(scenario);
  const { first } = scenario;
  scenario.advance(50_000);
  scenario.command({ kind: 'child-carried', inboundSpi: copy.inbound, at: instant(scenario.now) });
  const sent = scenario.all('transmit').length;
  scenario.advance(59_900);
  assert.equal(scenario.all('transmit').length, sent);
  scenario.advance(2_000);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [copy.inbound]);
  assert.deepEqual(scenario.checkDriver(), [first.inbound]);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [copy.outbound] }]);
  scenario.advance(2_000);
  assert.equal(scenario.only('child-sleep').inboundSpi, first.inbound);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
  scenario.command({ kind: 'wake-child', inboundSpi: first.inbound });
  assert.deepEqual(resourceIn(scenario.link.last()), [], 'the first comes back; there may be copies again');
});
