import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { profileJsonSchema } from '../../core/profile/schema.ts';
import { describeRpcSchema } from '../../core/rpc/schema.ts';

/** Writes the files that are made from the schemas: run it after a change of one, and look at the difference. */
for (const [path, value] of [
  ['docs/profile.schema.json', profileJsonSchema()],
  ['test/unit/rpc/schema.golden.json', describeRpcSchema()],
] as const) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  writeFileSync(file, JSON.stringify(value));
  execFileSync(fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url)), [
    'format',
    '--write',
    file,
  ]);
}
