import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaksIn, registerSecret } from '../../interop/secrets.ts';

const secret = 'Grüße "an" die Welt';
registerSecret('the password', secret);
registerSecret('too short', 'short');

for (const [form, said] of [
  ['plain', Buffer.from(secret)],
  ['JSON', Buffer.from(JSON.stringify({ secret }))],
  ['UTF-16LE', Buffer.from(secret, 'utf16le')],
  ['hex', Buffer.from(Buffer.from(secret).toString('hex').toUpperCase())],
  ['base64', Buffer.from(Buffer.from(`a ${secret} in the middle`).toString('base64'))],
  ['UTF-16LE in base64', Buffer.from(Buffer.from(`x${secret}y`, 'utf16le').toString('base64'))],
] as const) {
  test(`a secret is found in ${form}, wherever it stands`, () => {
    const leaks = leaksIn(Buffer.concat([Buffer.from('before'), said, Buffer.from('short after')]));
    assert.ok(leaks.includes(`the password stands there in ${form}`), leaks.join('; '));
  });
}

test('what is no secret is none', () => {
  assert.deepEqual(leaksIn(Buffer.from('Grüße an die Welt, short')), []);
});
