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

const octets = (text: string) => new TextEncoder().encode(text);

for (const [name, text, expected] of [
  ['characters beyond the basic plane', '🐦𝄞', octets('🐦𝄞')],
  [
    'every octet in hexadecimal',
    `0x${Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)).toString('hex')}`,
    Uint8Array.from({ length: 256 }, (_, i) => i),
  ],
  ['10,000 octets', 'z'.repeat(10_000), octets('z'.repeat(10_000))],
  ['control characters', '\0\x1b[0m', octets('\0\x1b[0m')],
] as const) {
  test(`a shared key of ${name} is taken octet by octet`, () => {
    assert.deepEqual(Uint8Array.from(decodeSharedSecret(Secret.fromText(text))?.expose() ?? []), expected);
  });
}
