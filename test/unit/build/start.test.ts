import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findElectron } from '../../../build/electron-binary.ts';
import { whyNoSmoke } from '../../../build/electron-smoke.ts';
import { start } from '../../../build/start.ts';
import { root } from '../../../build/testing/run-tests.ts';
import { temporaryFolder } from '../rpc/transport/harness.ts';

/** As the `electron` package lies there once its program has been fetched. */
async function electronPackage(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  writeFileSync(join(folder, 'path.txt'), 'electron');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist/electron'), '', { mode: 0o755 });
  return folder;
}

test("Electron's program is found where its package or the user says, and never fetched", async (t) => {
  const folder = await electronPackage(t);
  assert.equal(findElectron(folder, {}), join(folder, 'dist/electron'));
  assert.equal(findElectron(join(folder, 'none'), {}), undefined);
  const empty = await temporaryFolder(t);
  writeFileSync(join(empty, 'path.txt'), 'electron');
  assert.equal(findElectron(empty, {}), undefined);
  const override = { ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'dist') };
  assert.equal(findElectron(empty, override), join(folder, 'dist/electron'));
  assert.equal(findElectron(join(folder, 'none'), override), join(folder, 'dist/electron'));
});

async function started(electron: string | undefined, answer?: string) {
  const said: string[] = [];
  const done: string[] = [];
  const status = await start(
    {
      electron,
      say: (text) => void said.push(text),
      build: async () => void done.push('build'),
      run: async (program, args) => {
        done.push([program, ...args].join(' '));
        return 7;
      },
      ...(answer === undefined ? {} : { ask: async () => answer }),
    },
    ['--hidden'],
  );
  return { status, said: said.join('\n'), done };
}

test('npm start builds and starts Electron, and ends as it ends', async () => {
  const { status, said, done } = await started('/e/electron');
  assert.deepEqual(done, ['build', `/e/electron ${root} --hidden`]);
  assert.equal(status, 7);
  assert.equal(said, '');
});

test('without Electron npm start says how to get it, and offers the browser', async () => {
  const script = await started(undefined);
  assert.match(script.said, /node node_modules\/electron\/install\.js/);
  assert.match(script.said, /bin\/godwit ui/);
  assert.deepEqual([script.status, script.done], [1, []]);
  const no = await started(undefined, 'n');
  assert.deepEqual([no.status, no.done], [1, []]);
  for (const answer of ['', 'Y', 'yes', 'ja']) {
    const yes = await started(undefined, answer);
    assert.deepEqual([yes.status, yes.done], [7, ['build', `${join(root, 'bin/godwit')} ui`]]);
  }
});

test('the smoke test says why it is skipped', () => {
  assert.match(whyNoSmoke(undefined, { DISPLAY: ':0' }, 1000) ?? '', /Electron's program is not here/);
  assert.match(whyNoSmoke('/e', { DISPLAY: ':0' }, 0) ?? '', /root/);
  assert.match(whyNoSmoke('/e', {}, 1000) ?? '', /no display/);
  assert.equal(whyNoSmoke('/e', { WAYLAND_DISPLAY: 'w' }, 1000), undefined);
});
