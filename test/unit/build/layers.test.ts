import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLayers } from '../../../build/lint/layers.ts';

/** The messages for a tree, each with `file:line`. */
function check(tree: Record<string, string>): string[] {
  return checkLayers(new Map(Object.entries(tree))).map(
    ({ file, line, message }) => `${file}:${line} ${message}`,
  );
}

describe('the layering check', () => {
  it('is content with imports to the left', () => {
    const problems = check({
      'core/base/result.ts': 'export const ok = 1;',
      'core/wire/ike/message.ts': "import { ok } from '../../base/result.ts';\nexport const m = ok;",
      'core/pki/chain.ts': 'export type Chain = number;',
      'core/ike/engine.ts':
        "import { m } from '../wire/ike/message.ts';\nimport type { Chain } from '../pki/chain.ts';\nexport const e: Chain = m;",
      'core/daemon/main.ts':
        "import { e } from '../ike/engine.ts';\nimport { exit } from 'node:process';\nexit(e);",
    });
    assert.deepEqual(problems, []);
  });

  it('refuses an import to the right, types included', () => {
    const problems = check({
      'core/base/a.ts': "\nimport type {\n  B,\n} from '../wire/b.ts';\nexport type A = B;",
      'core/wire/b.ts': 'export type B = 1;',
    });
    assert.deepEqual(problems, [
      'core/base/a.ts:4 base imports core/wire/b.ts (wire), but base may import nothing',
    ]);
  });

  it('keeps ike and esp apart', () => {
    const problems = check({
      'core/ike/a.ts': "export { b } from '../esp/b.ts';",
      'core/esp/b.ts': 'export const b = 1;',
      'core/esp/c.ts': "const c = await import('../ike/d.ts');\nexport { c };",
      'core/ike/d.ts': 'export const d = 1;',
    });
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', /ike imports core\/esp\/b\.ts/);
    assert.match(problems[1] ?? '', /esp imports core\/ike\/d\.ts/);
  });

  it('reports a cycle once', () => {
    const problems = check({
      'core/base/a.ts': "import './b.ts';",
      'core/base/b.ts': "import './c.ts';",
      'core/base/c.ts': "import './a.ts';",
    });
    assert.deepEqual(problems, [
      'core/base/a.ts:1 cycle: core/base/a.ts → core/base/b.ts → core/base/c.ts → core/base/a.ts',
    ]);
  });

  it('reports a file without a layer, and an import of nothing', () => {
    const problems = check({ 'core/misc/a.ts': '', 'core/base/b.ts': "import './gone.ts';" });
    assert.match(problems[0] ?? '', /core\/misc\/a\.ts:1 belongs to no layer/);
    assert.match(problems[1] ?? '', /imports core\/base\/gone\.ts, which does not exist/);
  });

  it('keeps pure layers free of built-ins and of packages that are not listed', () => {
    const problems = check({
      'core/ike/a.ts':
        "import { createHash } from 'node:crypto';\nimport zod from 'zod';\nexport { createHash, zod };",
      'core/profile/a.ts': "import { z } from 'zod';\nexport { z };",
      'core/platform/linux/a.ts': "import { openSync } from 'node:fs';\nexport { openSync };",
    });
    assert.equal(problems.length, 2);
    assert.match(problems[0] ?? '', /core\/ike\/a\.ts:1 ike is pure and imports node:crypto/);
    assert.match(problems[1] ?? '', /core\/ike\/a\.ts:2 ike is pure and imports the package zod/);
  });

  for (const use of [
    'Date.now()',
    'new Date()',
    'Math.random()',
    'performance.now()',
    'setTimeout(f, 1)',
    'console.log(1)',
    'process.exit(1)',
    'fetch("x")',
    'Buffer.from("x")',
    'globalThis.crypto',
    '`a ${Math.random()} b`',
  ]) {
    it(`finds ${use} in a pure layer`, () => {
      const problems = check({ 'core/esp/a.ts': `const a = 1;\nexport const b = ${use};` });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', /^core\/esp\/a\.ts:2 esp is pure and uses /);
      assert.deepEqual(check({ 'core/daemon/a.ts': `export const b = ${use};` }), []);
    });
  }

  it('takes no word in a comment, a string, a template or a regular expression for code', () => {
    const source = [
      "// import x from 'node:fs'; Date.now()",
      '/* Math.random() */',
      'const a = \'process.exit(1)\' + "console.log(1)" + `Date.now() ${1} fetch()`;',
      'const b = /[/\'"]console.log/.test(a);',
      'const c = { now: 1, setTimeout: 2 }.now + other.setTimeout(1);',
      'export { a, b, c };',
    ].join('\n');
    assert.deepEqual(check({ 'core/ike/a.ts': source }), []);
  });
});
