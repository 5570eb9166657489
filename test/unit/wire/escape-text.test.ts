import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeText } from '../../../core/wire/escape-text.ts';

test('ordinary text of any script stays as it is', () => {
  assert.equal(escapeText('Zugriff verweigert – доступ 🔒', 100), 'Zugriff verweigert – доступ 🔒');
});

test('controls, direction marks, line separators, lone surrogates and backslashes are shown', () => {
  assert.equal(
    escapeText('\u0007\u007f\u0085\u061c\u200f\u2028\u202a\u2066\ufeff\ud800\\', 100),
    '\\u{7}\\u{7f}\\u{85}\\u{61c}\\u{200f}\\u{2028}\\u{202a}\\u{2066}\\u{feff}\\u{d800}\\u{5c}',
  );
});

test('text of the given length is whole, longer text is cut between characters', () => {
  assert.equal(escapeText('🔒🔒', 2), '🔒🔒');
  assert.equal(escapeText('🔒🔒🔒', 2), '🔒🔒…');
});
