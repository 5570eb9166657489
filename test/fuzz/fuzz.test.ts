import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { fromHex } from '../../core/base/octets.ts';
import { execute, fuzz } from './run-target.ts';
import type { FuzzTarget } from './target.ts';
import { allTargets } from './targets.ts';

const regression = z.strictObject({ target: z.string(), why: z.string(), octets: z.string() });
const targets = allTargets();

describe('fuzzing', () => {
  for (const target of targets) {
    it(`finds nothing in ${target.name}`, async () => {
      const { crashes, executions } = await fuzz(target, 600, 1);
      assert.deepEqual(
        crashes.map(({ what }) => what),
        [],
      );
      assert.ok(executions > 0);
    });
  }

  const directory = new URL('regressions/', import.meta.url);
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
    it(`does not find ${file} again`, () => {
      const { target: name, octets } = regression.parse(
        JSON.parse(readFileSync(new URL(file, directory), 'utf8')),
      );
      const target = targets.find((candidate) => candidate.name === name);
      assert.ok(target !== undefined, `no target ${name}`);
      assert.equal(execute(target, fromHex(octets)).crash, undefined);
    });
  }
});

describe('the fuzzer', () => {
  const corpus = [new Uint8Array(40)];

  it('sees an exception', async () => {
    const run = (octets: Uint8Array): string => {
      if (octets[3] === 0x80) throw new Error('found');
      return String(octets[3]);
    };
    const { crashes } = await fuzz({ name: 'throws', corpus, run }, 2_000, 1);
    assert.match(crashes[0]?.what ?? '', /found/);
    assert.equal(crashes[0]?.octets[3], 0x80);
  });

  it('follows what is new step by step', async () => {
    const run = (octets: Uint8Array): string => {
      const depth = [7, 77, 177, 210].findIndex((octet, at) => octets[at] !== octet);
      if (depth < 0) throw new Error('found');
      return String(depth);
    };
    const { crashes } = await fuzz({ name: 'deep', corpus, run }, 10_000, 1);
    assert.match(crashes[0]?.what ?? '', /found/);
  });

  it('sees a hang', async () => {
    const run = (octets: Uint8Array): string => {
      const end = performance.now() + (octets.length > 60 ? 60 : 0);
      while (performance.now() < end);
      return 'done';
    };
    const { crashes } = await fuzz({ name: 'hangs', corpus, run }, 3_000, 1);
    assert.match(crashes[0]?.what ?? '', /ms for one input/);
  });

  it('sees an unhandled rejection', () => {
    // In a process of its own: the test runner listens for rejections too.
    const module = new URL('run-target.ts', import.meta.url).href;
    const program = `
      import { fuzz } from ${JSON.stringify(module)};
      const run = (octets) => {
        if (octets.length < 40) Promise.reject(new Error('nobody looks'));
        return 'done';
      };
      const { crashes } = await fuzz({ name: 'rejects', corpus: [new Uint8Array(40)], run }, 1_000, 1);
      process.stdout.write(crashes[0]?.what ?? 'nothing');`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.match(output, /nobody looks/);
  });

  it('sees memory grow', async () => {
    const kept: Uint8Array[][] = [];
    const leaking: FuzzTarget = {
      name: 'leaks',
      corpus,
      run(octets) {
        kept.push(Array.from({ length: 200 }, () => octets.slice(0, 8)));
        return 'done';
      },
    };
    const { crashes } = await fuzz(leaking, 1_500, 1);
    assert.match(crashes[0]?.what ?? '', /the heap grew/);
    kept.length = 0;
  });
});
