import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLockFile } from '../../../build/lint/lock-file.ts';

const integrity = 'sha512-x';
const manifest = { dependencies: { a: '1.0.0' } };

describe('the lock file check', () => {
  it('finds packages beside and above', () => {
    const lock = {
      packages: {
        '': { dependencies: { a: '1.0.0' } },
        'node_modules/a': {
          version: '1.0.0',
          integrity,
          dependencies: { b: '1' },
          optionalDependencies: { '@s/c': '2' },
        },
        'node_modules/a/node_modules/b': { version: '1.0.0', integrity, dependencies: { '@s/c': '2' } },
        'node_modules/@s/c': { version: '2.0.0', integrity },
      },
    };
    assert.deepEqual(checkLockFile(lock, manifest), []);
  });

  it('reports what npm ci would refuse', () => {
    const lock = {
      packages: {
        '': { dependencies: { a: '1.0.0' } },
        'node_modules/a': { version: '1.0.1', optionalDependencies: { 'a-windows': '1.0.0' } },
      },
    };
    assert.deepEqual(checkLockFile(lock, manifest), [
      'node_modules/a wants a-windows, which has no entry',
      'node_modules/a has no integrity',
      'package.json wants a 1.0.0, the lock file has 1.0.1',
    ]);
  });
});
