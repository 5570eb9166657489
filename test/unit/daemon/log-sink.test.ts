import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import type { LogValue } from '../../../core/base/log.ts';
import { Secret } from '../../../core/base/secret.ts';
import { lineLogSink } from '../../../core/daemon/log-sink.ts';

function written(fields: Record<string, LogValue>, level: 'info' | 'debug' = 'info'): string {
  let text = '';
  const sink = lineLogSink('info', (line) => (text += line), { forJournal: false });
  sink({ level, event: 'test.event', fields });
  return text;
}

test('a record is one line of names and values', () => {
  assert.equal(
    written({ gateway: '192.0.2.1:500', drops: 3, absent: undefined }),
    'info  test.event gateway=192.0.2.1:500 drops=3\n',
  );
  assert.equal(written({}, 'debug'), '');
});

test('what a peer says can neither forge a line nor flood one', () => {
  const forged = written({ name: 'a\nerror fake \u001b[31m\u202e\u0085b' });
  assert.equal(forged.split('\n').length, 2);
  assert.doesNotMatch(forged.slice(0, -1), /[\p{Cc}\p{Cf}]/u);
  assert.ok(written({ name: 'x'.repeat(1_000_000) }).length < limits.logFieldCharacters + 100);
});

test('a secret that strays into a field does not show', () => {
  assert.doesNotMatch(written({ stray: String(Secret.fromText('hunter2')) }), /hunter2/);
});
