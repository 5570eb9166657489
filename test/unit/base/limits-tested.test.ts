import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { limits } from '../../../core/base/limits.ts';

const tests = fileURLToPath(new URL('../..', import.meta.url));
const own = fileURLToPath(import.meta.url);

/** All that is in the tests that run by themselves, with nothing but what Node brings. */
function words(): ReadonlySet<string> {
  const files = ['unit', 'property'].flatMap((folder) =>
    readdirSync(join(tests, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(tests, folder, name),
    ),
  );
  const texts = files
    .filter((file) => file.endsWith('.ts') && file !== own)
    .map((file) => readFileSync(file, 'utf8'));
  return new Set(texts.flatMap((text) => text.match(/\w+/g) ?? []));
}

test('every limit is named by a test that shows what happens there', () => {
  const known = words();
  assert.deepEqual(
    Object.keys(limits).filter((name) => !known.has(name)),
    [],
  );
});
