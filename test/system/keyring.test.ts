import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingPrograms } from '../support/net/sandbox.ts';
import { startFakeDaemon } from '../unit/cli/fake-daemon.ts';

/*
 * A real gnome-keyring-daemon on a session bus of its own, with a home of its own: nothing of the machine's keyring is touched.
 */
const skip = missingPrograms(['dbus-run-session', 'gnome-keyring-daemon', 'script']) ?? false;
const godwit = fileURLToPath(new URL('../../bin/godwit', import.meta.url));
const unlock = 'printf master | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1';
const locked = 'gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1';

interface Outcome {
  readonly status: unknown;
  readonly out: string;
}

function home(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'godwit-keyring-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs a shell script in a session; on a terminal when `type` answers what it shows. */
async function session(
  folder: string,
  socket: string,
  script: string,
  type?: (shown: string) => string | undefined,
): Promise<Outcome> {
  const args = ['dbus-run-session', '--', 'sh', '-c', `g='${godwit}'; ${script}`];
  const quoted = args.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child =
    type === undefined
      ? spawn('dbus-run-session', args.slice(1), options(folder, socket))
      : spawn('script', ['-qec', quoted, '/dev/null'], options(folder, socket));
  let out = '';
  const onText = (text: string) => {
    out += text;
    const keys = type?.(out);
    if (keys !== undefined) child.stdin.write(keys);
  };
  child.stdout.setEncoding('utf8').on('data', onText);
  child.stderr.setEncoding('utf8').on('data', onText);
  child.stdin.on('error', () => undefined);
  if (type === undefined) child.stdin.end();
  const [status] = await once(child, 'close');
  return { status, out };
}

function options(folder: string, socket: string) {
  const env = {
    PATH: process.env['PATH'] ?? '',
    TERM: 'xterm',
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    GODWIT_SOCKET: socket,
  };
  return { env, stdio: 'pipe' } as const;
}

test('a secret is kept, listed without itself, used by `up`, and forgotten', { skip }, async (t) => {
  const place = home();
  t.after(() => place.remove());
  const password = 'Grüße \u0001€😀';
  const daemon = await startFakeDaemon(t, { password });
  const { out } = await session(
    place.path,
    daemon.server.socketPath,
    `${unlock}; printf '%s\\n' '${password}' | $g secret set Office alice --password-stdin; $g secret list --json;
     $g up office; echo up $?; $g secret forget Office; $g secret list`,
  );
  assert.match(out, /"secrets":\[\{"profile":"Office","kind":"password","of":"alice"\}\]/);
  assert.match(out, /up 0/);
  assert.deepEqual(daemon.passwords, [password]);
  assert.match(out, /1 secret forgotten\.\s+Nothing is kept/);
  assert.ok(!out.includes('Grüße'));
});

test('what was typed is offered to be kept, and is there the next time', { skip }, async (t) => {
  const place = home();
  t.after(() => place.remove());
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  let step = 0;
  const prompts = [
    ['Password for alice: ', 'hunter2\r'],
    ['in the keyring? [y/N] ', 'y\r'],
  ] as const;
  const { out } = await session(
    place.path,
    daemon.server.socketPath,
    `${unlock}; $g up office >/dev/null; $g down >/dev/null; $g up office >/dev/null; echo up $?`,
    (shown) => {
      const next = prompts[step];
      if (next === undefined || !shown.endsWith(next[0])) return undefined;
      step++;
      return next[1];
    },
  );
  assert.match(out, /up 0/);
  assert.deepEqual(daemon.passwords, ['hunter2', 'hunter2']);
  assert.equal(step, 2);
});

test('a secret that is refused is forgotten', { skip }, async (t) => {
  const place = home();
  t.after(() => place.remove());
  const daemon = await startFakeDaemon(t, { password: 'new' });
  const { out } = await session(
    place.path,
    daemon.server.socketPath,
    `${unlock}; echo old | $g secret set Office alice --password-stdin; $g up office; echo up $?; $g secret list`,
  );
  assert.deepEqual(daemon.passwords, ['old']);
  assert.match(out, /held a secret that was refused; it is forgotten/);
  assert.match(out, /up 5[\s\S]*Nothing is kept/);
});

test('a locked keyring is told with a next step, and `up` asks as if there were none', {
  skip,
}, async (t) => {
  const place = home();
  t.after(() => place.remove());
  const daemon = await startFakeDaemon(t, { password: 'hunter2' });
  const socket = daemon.server.socketPath;
  await session(place.path, socket, `${unlock}; echo x | $g secret set Office alice --password-stdin`);
  const { out } = await session(
    place.path,
    socket,
    `${locked}; $g secret list; $g up office; echo up $?; echo hunter2 | $g up office --password-stdin; echo up $?`,
  );
  assert.match(out, /The keyring is locked, and was not unlocked/);
  assert.match(out, /Unlock the keyring of the desktop/);
  assert.match(out, /up 3[\s\S]*up 0/);
  assert.deepEqual(daemon.passwords, ['hunter2']);
});
