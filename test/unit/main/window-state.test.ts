import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { JsonFile } from '../../../main/json-file.ts';
import { placeWindow, windowStateSchema } from '../../../main/window-state.ts';
import { temporaryFolder } from '../rpc/transport/harness.ts';

const screen = { x: 0, y: 0, width: 1920, height: 1080 };
const left = { x: -1920, y: 0, width: 1920, height: 1080 };

function stateFile(folder: string, content?: string): JsonFile<ReturnType<typeof windowStateSchema.parse>> {
  const path = join(folder, 'window.json');
  if (content !== undefined) writeFileSync(path, content);
  return new JsonFile(path, windowStateSchema);
}

test('a window comes back where it was, on the screen that it was on', async (t) => {
  const file = stateFile(await temporaryFolder(t));
  const state = { x: -1500, y: 100, width: 900, height: 700, maximized: true };
  assert.ok(file.write(state));
  const { maximized, ...bounds } = state;
  assert.deepEqual(placeWindow(file, [screen, left]), { bounds, maximized });
});

test('when that screen is gone it comes back in its size, where the desktop puts it', async (t) => {
  const file = stateFile(await temporaryFolder(t));
  file.write({ x: -1500, y: 100, width: 900, height: 700, maximized: false });
  assert.deepEqual(placeWindow(file, [screen]), { bounds: { width: 900, height: 700 }, maximized: false });
  // Its upper edge would be below the screen, or its right one left of it.
  for (const at of [
    { x: 100, y: 1079 },
    { x: -880, y: 10 },
  ]) {
    file.write({ ...at, width: 900, height: 700, maximized: false });
    assert.equal('x' in placeWindow(file, [screen]).bounds, false, JSON.stringify(at));
  }
});

test('no file, a broken one or one of somebody else: the usual size', async (t) => {
  const usual = { bounds: { width: 1040, height: 760 }, maximized: false };
  const folder = await temporaryFolder(t);
  assert.deepEqual(placeWindow(stateFile(folder), [screen]), usual);
  for (const content of [
    '',
    '{',
    '[]',
    '{"x":1e99}',
    '{"x":0,"y":0,"width":-5,"height":9,"maximized":false}',
    `"${'a'.repeat(99_999)}"`,
  ])
    assert.deepEqual(placeWindow(stateFile(folder, content), [screen]), usual, content.slice(0, 30));
});
