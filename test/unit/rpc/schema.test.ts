import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { checkFromDaemon } from '../../../core/rpc/envelope.ts';
import { allows, describeRpcSchema, methods } from '../../../core/rpc/schema.ts';
import { snapshotSchema } from '../../../core/rpc/values.ts';
import { connectedSnapshot } from './snapshots.ts';

test('the schema is the one that was agreed on', async () => {
  const golden = await readFile(new URL('schema.golden.json', import.meta.url), 'utf8');
  assert.deepEqual(
    describeRpcSchema(),
    JSON.parse(golden),
    'The RPC schema has changed. When that is meant: node_modules/.bin/node build/tools/write-schemas.ts',
  );
});

test('each level of access holds those before it', () => {
  assert.ok(allows('admin', 'read') && allows('admin', 'control') && allows('admin', 'admin'));
  assert.ok(allows('control', 'read') && allows('control', 'control') && !allows('control', 'admin'));
  assert.ok(allows('read', 'read') && !allows('read', 'control') && !allows('read', 'admin'));
});

test('what changes the connection needs control, and what stops the daemon admin', () => {
  const levels = Object.fromEntries(Object.entries(methods).map(([name, { access }]) => [name, access]));
  assert.deepEqual(levels, {
    version: 'read',
    status: 'read',
    profiles: 'read',
    profile: 'control',
    'save-profile': 'control',
    'remove-profile': 'control',
    'look-into-key-file': 'control',
    history: 'read',
    'log-tail': 'control',
    subscribe: 'read',
    connect: 'control',
    disconnect: 'control',
    answer: 'control',
    shutdown: 'admin',
  });
});

test('a password has one way in: no result and no event has a field for it', () => {
  const described = JSON.stringify(describeRpcSchema(), (key, value: unknown) =>
    key === 'params' ? undefined : value,
  );
  assert.doesNotMatch(described, /"secret":true/);
  assert.match(JSON.stringify(describeRpcSchema()), /"secret":true/);
});

test('a full snapshot passes, and one with a field too many does not', () => {
  const snapshot = connectedSnapshot();
  assert.ok(snapshotSchema.safeParse(snapshot).success);
  assert.ok(!snapshotSchema.safeParse({ ...snapshot, password: 'x' }).success);
});

test('a failure crosses as it is', () => {
  const error = failure('certificate.name', { expected: 'a', names: 'b' });
  const checked = checkFromDaemon({ id: 1, ok: false, error });
  assert.deepEqual(checked, { ok: true, value: { id: 1, ok: false, error } });
});

test('a failure that the catalogue does not have is refused: nobody could explain it', () => {
  const error = { code: 'toString', family: 'misuse', detail: {} };
  assert.equal(checkFromDaemon({ id: 1, ok: false, error }).ok, false);
});
