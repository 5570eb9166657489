import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { childNotify, high, low, RekeyScenario } from './rekey-peer.ts';
import { notify } from './scripted-responder.ts';

test('both rekey the same CHILD SA, the lowest nonce is in ours: we delete what we made, the peer the old one', () => {
  const scenario = new RekeyScenario();
  const { first } = scenario;
  // SK {N(REKEY_SA), SA, Ni, KEi, TSi, TSr} -->      <-- SK {N(REKEY_SA), SA, Ni, TSi, TSr}
  scenario.rekeyFirst();
  const ours = scenario.acceptChild({ nonce: low });
  const theirs = scenario.rekeyChild(first.outbound, { nonce: high });
  assert.ok(theirs !== undefined);
  scenario.fresh();
  scenario.deliver(ours.octets);
  assert.deepEqual(scenario.fresh(), ['proven', 'child-install', 'transmit']);
  assert.equal(scenario.installed(-1).outbound, 'standby', 'nothing is sent on what loses');
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [ours.child.inbound]);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [ours.child.outbound] }]);
  scenario.fresh();
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
  assert.deepEqual(scenario.fresh(), ['transmit', 'child-switch-outbound', 'rekeyed']);
  scenario.advance(3_000);
  assert.deepEqual(scenario.checkDriver(), [theirs.inbound]);
});

test('both rekey the same CHILD SA, the lowest nonce is in theirs: we delete the old one, the peer what it made', () => {
  const scenario = new RekeyScenario();
  const { first } = scenario;
  scenario.rekeyFirst();
  const ours = scenario.acceptChild({ nonce: high });
  const theirs = scenario.rekeyChild(first.outbound, { nonce: low });
  assert.ok(theirs !== undefined);
  scenario.fresh();
  scenario.deliver(ours.octets);
  assert.deepEqual(scenario.fresh(), ['proven', 'child-install', 'rekeyed', 'transmit']);
  assert.equal(scenario.installed(-1).outbound, undefined);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [first.inbound]);
  scenario.link.answer([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
  scenario.command({ kind: 'child-used', inboundSpi: theirs.inbound });
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [theirs.outbound] }]);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [theirs.inbound]);
  assert.deepEqual(scenario.all('child-switch-outbound'), [], 'never onto what loses');
  scenario.advance(3_000);
  assert.deepEqual(scenario.checkDriver(), [ours.child.inbound]);
  assert.equal(scenario.ike.state, 'established');
});

test('the peer answers our rekey with TEMPORARY_FAILURE and its own stands', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const request = scenario.sent();
  const theirs = scenario.rekeyChild(scenario.first.outbound);
  assert.ok(theirs !== undefined);
  scenario.link.answer([notify(notifyType.TEMPORARY_FAILURE)], request);
  const sent = scenario.all('transmit').length;
  scenario.advance(30_000);
  assert.equal(scenario.all('transmit').length, sent, 'no second rekey of what is replaced');
  assert.deepEqual(scenario.all('rekey-failed'), []);
});

test('the peer deletes the old one before our answer comes, and then says CHILD_SA_NOT_FOUND: its own stands', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const request = scenario.sent();
  const theirs = scenario.rekeyChild(scenario.first.outbound);
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.equal(scenario.only('child-switch-outbound').inboundSpi, theirs?.inbound);
  scenario.link.answer([childNotify(notifyType.CHILD_SA_NOT_FOUND, scenario.first.inbound)], request);
  assert.equal(scenario.ike.state, 'established');
  scenario.advance(3_000);
  assert.deepEqual(scenario.checkDriver(), [theirs?.inbound]);
});

test('the peer takes its redundant one back before our answer comes: the old one goes on until ours is there', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const ours = scenario.acceptChild({ nonce: high });
  const theirs = scenario.rekeyChild(scenario.first.outbound, { nonce: low });
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [theirs?.outbound ?? 0] }]);
  assert.equal(scenario.ike.state, 'established');
  scenario.deliver(ours.octets);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [scenario.first.inbound]);
  scenario.link.answer([]);
  scenario.advance(3_000);
  assert.deepEqual(scenario.checkDriver(), [ours.child.inbound]);
});

test('the peer deletes what we are rekeying: answered with a Delete; its CHILD_SA_NOT_FOUND is the end', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const request = scenario.sent();
  // <-- SK {D(old)}
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [scenario.first.outbound] }]);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D')?.spis, [scenario.first.inbound]);
  assert.equal(scenario.ike.state, 'established');
  scenario.link.answer([childNotify(notifyType.CHILD_SA_NOT_FOUND, scenario.first.inbound)], request);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D'), { kind: 'D', protocol: 1, spis: [] });
  scenario.link.answer([]);
  assert.equal(scenario.error?.code, 'peer.closed');
  assert.deepEqual(scenario.checkDriver(), []);
});

test('the peer rekeys what we are deleting: TEMPORARY_FAILURE, and CHILD_SA_NOT_FOUND when it is gone', () => {
  const scenario = new RekeyScenario();
  const { first } = scenario;
  scenario.rekeyFirst();
  scenario.deliver(scenario.acceptChild().octets);
  const deletion = scenario.sent();
  assert.equal(scenario.rekeyChild(first.outbound), undefined);
  assert.equal(scenario.refusal(), notifyType.TEMPORARY_FAILURE);
  // Both delete at once: ours is answered without a Delete, and so is theirs. @rfc 7296 2.25.1
  scenario.link.request([{ kind: 'D', protocol: 3, spis: [first.outbound] }]);
  assert.deepEqual(scenario.link.last().payloads, []);
  scenario.link.answer([], deletion);
  assert.equal(scenario.rekeyChild(first.outbound), undefined);
  assert.equal(scenario.refusal(), notifyType.CHILD_SA_NOT_FOUND);
});

test('disconnect during a rekey: DELETE follows its answer, and nothing is left', () => {
  const scenario = new RekeyScenario();
  scenario.rekeyFirst();
  const { octets } = scenario.acceptChild();
  scenario.command('disconnect');
  assert.equal(scenario.rekeyChild(scenario.first.outbound), undefined);
  assert.equal(scenario.refusal(), notifyType.TEMPORARY_FAILURE);
  scenario.deliver(octets);
  assert.deepEqual(payloadOf(scenario.link.last(), 'D'), { kind: 'D', protocol: 1, spis: [] });
  scenario.link.answer([]);
  assert.equal(scenario.error, undefined);
  assert.deepEqual(scenario.checkDriver(), []);
});
