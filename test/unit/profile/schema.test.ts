import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { profileJsonSchema } from '../../../core/profile/schema.ts';

const docs = new URL('../../../docs/', import.meta.url);

test('the published JSON Schema is that of the code', async () => {
  const published: unknown = JSON.parse(await readFile(new URL('profile.schema.json', docs), 'utf8'));
  assert.deepEqual(
    published,
    profileJsonSchema(),
    'docs/profile.schema.json is old: node_modules/.bin/node build/tools/write-schemas.ts',
  );
});

/** Dotted names of all fields of a JSON Schema. */
function fieldsOf(schema: unknown, prefix = ''): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, oneOf } = schema as { properties?: Record<string, unknown>; oneOf?: unknown[] };
  const own = Object.entries(properties ?? {}).flatMap(([name, inner]) => [
    `${prefix}${name}`,
    ...fieldsOf(inner, `${prefix}${name}.`),
  ]);
  return [...own, ...(oneOf ?? []).flatMap((variant) => fieldsOf(variant, prefix))];
}

test('docs/profile.md tells of every field', async () => {
  const text = await readFile(new URL('profile.md', docs), 'utf8');
  // The other proofs have the fields of the first.
  const ownFields = fieldsOf(profileJsonSchema()).filter((field) => !/^secondAuthentication\./.test(field));
  const untold = ownFields.filter((field) => !text.includes(`\`${field}\``));
  assert.deepEqual(untold, []);
});

test('every example in docs/profile.md is a valid profile', async () => {
  const text = await readFile(new URL('profile.md', docs), 'utf8');
  const examples = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  assert.ok(examples.length >= 3);
  for (const example of examples) {
    const profile = parseProfile(example, 'example.json');
    assert.ok(profile.ok, `${example}\n${JSON.stringify(profile)}`);
  }
});

test('what a rule of the schema says is a code with words in each language, not a sentence', (t) => {
  const folder = fileURLToPath(new URL('../../../core/profile', import.meta.url));
  const sentence =
    /(?:refine|min|max|int|regex|message:|superRefine)[^\n]*['"`](?:must|is not|is too|has|holds)\s/;
  for (const file of globSync('{*,authentication/*}.ts', { cwd: folder })) {
    const found = sentence.exec(readFileSync(join(folder, file), 'utf8'));
    if (found !== null)
      t.diagnostic(`${file}: put it into field-problem.ts, and say rule('its-code'): ${found[0]}`);
  }
});
