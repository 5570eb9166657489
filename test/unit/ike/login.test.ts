import assert from 'node:assert/strict';
import { test } from 'node:test';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { Scenario } from './scenario.ts';
import { clear } from './scripted-responder.ts';

test('a login with EAP goes through, and its outputs come in the order of the protocol', () => {
  const scenario = new Scenario().to('established');
  assert.equal(scenario.ike.state, 'established');
  assert.deepEqual(
    scenario.outputs.map((output) => (output.kind === 'phase' ? output.phase : output.kind)),
    [
      ...['init', 'transmit'],
      ...['authenticating-gateway', 'transmit'],
      ...['proven', 'ask'],
      ...['logging-in', 'ask'],
      'transmit',
      ...['proven', 'requesting-address', 'transmit'],
      ...['proven', 'config-assigned', 'child-install', 'established', 'established'],
    ],
  );
});

test('HDR, SAi1, KEi, Ni goes to port 500, all that follows to port 4500', () => {
  const scenario = new Scenario().to('established');
  const [first, ...rest] = scenario.all('transmit');
  assert.equal(first?.via, 'ike');
  assert.equal(payloadOf(clear(first?.octets ?? new Uint8Array(0)), 'KE')?.group, 19);
  assert.ok(rest.length > 0 && rest.every((output) => output.via === 'nat-traversal'));
});
