import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { explain } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { passwordLine, readPasswordFile } from '../../../core/platform/password-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-password-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function read(octets: Uint8Array): Promise<string> {
  const file = join(folder, 'password');
  writeFileSync(file, octets, { mode: 0o600 });
  const password = await readPasswordFile(file, () => true);
  if (password.ok) return utf8.decode(password.value.expose());
  const { what } = explain(password.error);
  assert.ok(what.includes(file), 'the file is named, as it is at fault');
  return `${password.error.code}: ${password.error.detail['reason']}`;
}

describe('the first line of a password file', () => {
  const most = limits.passwordOctets;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', new Uint8Array(0), 'secret.unreadable: its first line is empty'],
    ['a line end alone', utf8.encode('\r\nsecret\n'), 'secret.unreadable: its first line is empty'],
    ['zeros', new Uint8Array(8), '\0'.repeat(8)],
    [
      'every octet, of which the tenth ends the line',
      Uint8Array.from({ length: 256 }, (_, octet) => octet),
      '\0\x01\x02\x03\x04\x05\x06\x07\b\t',
    ],
    ['octets that are no UTF-8', Uint8Array.of(0x70, 0xff, 0xfe), 'secret.unreadable: it is not UTF-8'],
    ['half of a character', Uint8Array.of(0x70, 0xf0, 0x9f, 0x90), 'secret.unreadable: it is not UTF-8'],
    ['half of a surrogate pair', Uint8Array.of(0xed, 0xa0, 0x80), 'secret.unreadable: it is not UTF-8'],
    ['characters beyond the basic plane', utf8.encode('🐦𝄞\n'), '🐦𝄞'],
    ['as much as is allowed', new Uint8Array(most).fill(0x7a), 'z'.repeat(most)],
    ['one octet more', new Uint8Array(most + 1).fill(0x7a), `secret.unreadable: more than ${most} octets`],
    [
      '10,000 octets',
      new Uint8Array(10_000).fill(0x7a),
      `secret.unreadable: it is larger than ${most + 2} octets`,
    ],
  ];
  for (const [name, octets, expected] of cases) {
    it(name, async () => assert.equal(await read(octets), expected));
  }

  it('is what was written, whatever its characters, and the octets it came from are overwritten', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (text) => {
        fc.pre(!/[\r\n]/.test(text));
        const octets = utf8.encode(`${text}\nnext`);
        const line = passwordLine(octets, 'x');
        assert.ok(line.ok);
        assert.equal(utf8.decode(line.value.expose()), text);
        assert.ok(octets.every((octet) => octet === 0));
      }),
      { numRuns: 200 },
    );
  });
});
