import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { serverText } from '../../../core/wire/server-text.ts';

test("a login server's words stay words", () => {
  assert.equal(serverText(utf8.encode('Enter the code\r\n\tsent to **42\0')), 'Enter the code sent to **42');
  assert.equal(serverText(utf8.encode('\u001b[2Jgone\u202eesrever')), '\\u{1b}[2Jgone\\u{202e}esrever');
  assert.equal(serverText(utf8.encode('co\u00adde\u{e0041}\ufff9')), 'co\\u{ad}de\\u{e0041}\\u{fff9}');
  assert.equal(serverText(utf8.encode(' \r\n ')), '');
  assert.equal(serverText(Uint8Array.of(0x61, 0xff)), 'a\ufffd');
});

test('a long text is cut, whatever it is made of', () => {
  for (const unit of ['a', '\u{1f511}', '\u202e']) {
    const shown = serverText(utf8.encode(unit.repeat(100_000)));
    assert.ok(shown.endsWith('…'));
    assert.ok(shown.length <= limits.promptTextCharacters * 10 + 1);
  }
});
