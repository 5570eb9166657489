import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/base/secret.ts';
import { decodeSharedSecret } from '../../../core/daemon/shared-secrets.ts';

for (const [text, expected] of [
  ['plain text', 'plain text'],
  ['0x48616c6c6f', 'Hallo'],
  ['0sSGFsbG8=', 'Hallo'],
  ['0x4', undefined],
  ['0xzz', undefined],
  ['0s', undefined],
  ['0s***', undefined],
] as const) {
  test(`a shared key written as ${text}`, () => {
    const secret = decodeSharedSecret(Secret.fromText(text));
    assert.equal(secret && Buffer.from(secret.expose()).toString(), expected);
  });
}
