import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpAddress } from '../../../core/base/address.ts';
import { type FailureCode, failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { newAttempt } from '../../../core/tunnel/attempt.ts';
import { arrange, mayDoBetterElsewhere } from '../../../core/tunnel/candidates.ts';
import { address } from './fixtures.ts';

const at = (gateway: string, ...addresses: string[]) => ({
  destination: { gateway, host: gateway },
  addresses: addresses.map(address),
});
const order = (...given: Parameters<typeof arrange>) =>
  arrange(...given).map(({ remote, headStart }) => `${formatIpAddress(remote)} ${headStart}`);

test('families take turns, the system’s first one ahead, a quarter of a second apart', () => {
  const found = at('a', '2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1');
  const expected = ['2001:db8::1 0', '192.0.2.1 250', '2001:db8::2 500', '2001:db8::3 750'];
  assert.deepEqual(order([found], undefined), expected);
});

test('the family that worked before goes first, where there is one', () => {
  const both = at('a', '2001:db8::1', '192.0.2.1');
  assert.deepEqual(order([both], 4), ['192.0.2.1 0', '2001:db8::1 250']);
  assert.deepEqual(order([at('a', '192.0.2.1')], 6), ['192.0.2.1 0']);
});

test('gateways that come together begin together', () => {
  const found = [at('a', '192.0.2.1', '192.0.2.2'), at('b', '192.0.2.9')];
  assert.deepEqual(order(found, undefined), ['192.0.2.1 0', '192.0.2.9 0', '192.0.2.2 250']);
});

test('a name with very many addresses has only the first of them tried', () => {
  const many = at('a', ...Array.from({ length: 50 }, (_, index) => `192.0.2.${index}`));
  assert.equal(arrange([many], undefined).length, limits.addressesOfGateway);
});

test('what was said before the gateway was proven sends us elsewhere; a refused password never does', () => {
  const attempt = newAttempt({ gateway: 'a', host: 'a' }, address('192.0.2.1'));
  const elsewhere = (code: FailureCode, detail: Record<string, string> = {}) =>
    mayDoBetterElsewhere(attempt, failure(code, detail));
  assert.ok(elsewhere('peer.silent'));
  assert.ok(elsewhere('peer.no-proposal-chosen'));
  assert.ok(elsewhere('auth.refused-early', { side: 'local' }));
  assert.ok(elsewhere('certificate.expired'));
  for (const code of ['auth.password', 'auth.refused', 'tunnel.cancelled', 'secret.missing'] as const)
    assert.ok(!elsewhere(code), code);
  attempt.proven = true;
  assert.ok(!elsewhere('peer.misbehaved'));
  assert.ok(!elsewhere('auth.refused-early', { side: 'local' }));
  assert.ok(elsewhere('peer.no-address'), 'another gateway may have an address left');
});
