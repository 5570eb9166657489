import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  explain,
  type FailureCode,
  failure,
  failureCatalogue,
  formatFailure,
} from '../../../core/base/errors.ts';

const codes = Object.keys(failureCatalogue) as FailureCode[];

test('every failure has a sentence and a next step, in whole sentences', () => {
  for (const code of codes) {
    const { what, next } = explain(failure(code));
    for (const text of [what, next]) assert.match(text, /^[A-Z{].*[.!?]$/u, `${code}: ${text}`);
    assert.doesNotMatch(what + next, /[{}]/, code);
  }
});

test('the evidence of a failure is put into its sentence', () => {
  const error = failure('certificate.name', { expected: 'vpn.example', names: 'a.example, b.example' });
  assert.match(explain(error).what, /expected to be vpn\.example.*says a\.example, b\.example/);
  assert.equal(formatFailure(error), 'certificate.name (expected vpn.example, names a.example, b.example)');
});

test('a failure survives JSON as it is', () => {
  const error = failure('peer.misbehaved', { rule: 'x', got: 3 });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), error);
});
