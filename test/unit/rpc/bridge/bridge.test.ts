import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../../core/base/limits.ts';
import { bridgeMethodNames, hostMethods, readBridgeRequest } from '../../../../core/rpc/bridge.ts';
import { methods } from '../../../../core/rpc/schema.ts';

test('the allow-list is what the RPC schema has below the level admin, and the methods of the host', () => {
  const below = Object.entries(methods).flatMap(([name, { access }]) => (access === 'admin' ? [] : [name]));
  assert.deepEqual(bridgeMethodNames(), [...below, ...Object.keys(hostMethods)]);
  assert.ok(!below.includes('shutdown'));
});

test('a method of the level admin is denied by name, and an unknown one is not understood', () => {
  const read = (method: string) => readBridgeRequest(JSON.stringify({ id: 4, method, params: {} }));
  for (const [method, code] of [
    ['shutdown', 'rpc.denied'],
    ['__proto__', 'rpc.invalid'],
    ['toString', 'rpc.invalid'],
  ] as const) {
    const refused = read(method);
    assert.ok(!refused.ok);
    assert.deepEqual([refused.error.id, refused.error.error.code], [4, code]);
  }
});

test('parameters are checked, and what is wrong with them is told without the value', () => {
  const secret = 'hunter2';
  const refused = readBridgeRequest(
    JSON.stringify({ id: 1, method: 'answer', params: { askId: 'x', answer: { kind: 'password', secret } } }),
  );
  assert.ok(!refused.ok);
  assert.equal(refused.error.error.code, 'rpc.invalid');
  assert.ok(!JSON.stringify(refused).includes(secret));
});

test('whatever text comes, it is read or turned down, and never more than the schema lets through', () => {
  const allowed = new Set<string>(bridgeMethodNames());
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify(value)),
      ),
      (text) => {
        const read = readBridgeRequest(text);
        if (read.ok) assert.ok(allowed.has(read.value.method));
        else assert.ok(read.error.error.code.startsWith('rpc.'));
      },
    ),
    { numRuns: 500 },
  );
  const long = readBridgeRequest(`"${'x'.repeat(limits.rpcFrameOctets)}"`);
  assert.ok(!long.ok);
});
