import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { Secret } from '../../../core/base/secret.ts';
import { keyringSecretStore } from '../../../core/platform/secrets/keyring-secret-store.ts';

test('keyringMs: the keyring is waited for so long and no longer, whatever it is asked', async (t) => {
  const waits: number[] = [];
  t.mock.method(AbortSignal, 'timeout', (ms: number) => {
    waits.push(ms);
    return AbortSignal.abort();
  });
  const key = { profile: 'test', kind: 'password', of: 'alice' } as const;
  const answers = [
    await keyringSecretStore.get(key),
    await keyringSecretStore.set(key, Secret.fromText('never stored')),
    await keyringSecretStore.forget(key),
    await keyringSecretStore.list(),
  ];
  assert.deepEqual(waits, Array(4).fill(limits.keyringMs));
  for (const answer of answers) assert.match(answer.ok ? 'ok' : answer.error.code, /^secret\.store-/);
});
