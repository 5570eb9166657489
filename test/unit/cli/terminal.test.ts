import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { godwitRuns, startFakeDaemon } from './fake-daemon.ts';

const skip = spawnSync('script', ['--version']).status !== 0 && 'needs the command `script` for a terminal';

/** Types each of `keys` when its prompt is there. */
function typist(...keys: readonly string[]): (shown: string, type: (keys: string) => void) => void {
  let typed = 0;
  return (shown, type) => {
    const next = keys[typed];
    if (next === undefined || shown.split('Password for alice: ').length - 1 <= typed) return;
    typed++;
    type(next);
  };
}

test('the password is asked for on a terminal and not shown', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal: typist('hunter2\r') });
  assert.equal(run.exitCode, 0, run.stdout);
  assert.deepEqual(daemon.passwords, ['hunter2']);
  assert.doesNotMatch(run.stdout, /hunter2/);
  assert.match(run.stdout, /✓.* Logging in/);
  assert.match(run.stdout, /Connected to/);
});

test('editing keys work, letters of every script arrive, and arrows type nothing', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'Grüße€😀' });
  const keys = 'oops\u0015Grüßx\u007fe\u001b[D\u001bOA€😀\r';
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal: typist(keys) });
  assert.equal(run.exitCode, 0, run.stdout);
  assert.deepEqual(daemon.passwords, ['Grüße€😀']);
});

test('a wrong password can be typed again', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2', tries: 3 });
  const run = await godwitRuns(daemon, ['up', 'office'], { terminal: typist('wrong\r', 'hunter2\r') });
  assert.equal(run.exitCode, 0, run.stdout);
  assert.match(run.stdout, /The user name or the password is wrong/);
  assert.deepEqual(daemon.passwords, ['wrong', 'hunter2']);
});

for (const [what, key, exitCode] of [
  ['Ctrl-C', '\u0003', 130],
  ['Ctrl-D', '\u0004', 3],
  ['an empty line', '\r', 3],
] as const) {
  test(`${what} at the prompt ends the attempt`, { skip }, async (t) => {
    const daemon = await startFakeDaemon(t, { password: 'hunter2' });
    const run = await godwitRuns(daemon, ['up', 'office'], { terminal: typist(key) });
    assert.equal(run.exitCode, exitCode, run.stdout);
    assert.deepEqual(daemon.passwords, []);
    assert.match((await godwitRuns(daemon, ['status'])).stdout, /Not connected/);
  });
}

test('the terminal is as before after the prompt', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const godwit = new URL('../../../bin/godwit', import.meta.url).pathname;
  const shell = `before=$(stty -g); '${godwit}' up office; test "$before" = "$(stty -g)" && echo SAME`;
  let typed = false;
  const { spawn } = await import('node:child_process');
  const child = spawn('script', ['-qec', `sh -c '${shell.replaceAll("'", "'\\''")}'`, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', GODWIT_SOCKET: daemon.server.socketPath },
  });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    if (typed || !shown.includes('Password for alice: ')) return;
    typed = true;
    child.stdin.write('\u0003');
  });
  await new Promise((resolve) => child.once('close', resolve));
  assert.match(shown, /SAME/);
});

test('NO_COLOR is respected on a terminal', { skip }, async (t) => {
  const daemon = await startFakeDaemon(t);
  const coloured = await godwitRuns(daemon, ['status'], { terminal: () => undefined });
  assert.ok(coloured.stdout.includes('\u001b[2m'));
  const plain = await godwitRuns(daemon, ['status'], { terminal: () => undefined, env: { NO_COLOR: '1' } });
  assert.ok(!plain.stdout.includes('\u001b'));
  assert.match(plain.stdout, /Not connected/);
});
