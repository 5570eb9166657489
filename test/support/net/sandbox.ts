import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';

/**
 * A sandbox is a network, mount and PID namespace of its own (and for an ordinary user a user namespace), with a
 * /run of its own. Whatever a test does to links, routes, sockets and files in /run stays in it, and when its first
 * process ends, the kernel ends and removes the rest: nothing is left behind, not even after SIGKILL.
 */
const marker = 'GODWIT_TEST_SANDBOX';

/** A descriptor that the program outside holds open as long as it lives. */
const lifeline = 3;
let lineHeld = false;

const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

const prepare = [
  // The real /etc stays readable at /run/etc: each namespace gets an /etc of its own that points there.
  'mount -t tmpfs -o mode=755 tmpfs /run',
  'mkdir -p /run/etc /run/netns /run/lab',
  'mount --rbind /etc /run/etc',
  'ip link set lo up',
];

/** The system's programs may be outside an ordinary user's PATH. */
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** True in a process that runs in the sandbox. */
export function inSandbox(): boolean {
  return process.env[marker] !== undefined;
}

/**
 * Runs this very program again inside a sandbox and ends with its exit status; returns `undefined` once inside.
 * Where no sandbox can be made it returns the reason, for tests to be skipped with.
 */
export async function enterSandbox(): Promise<string | undefined> {
  if (inSandbox()) {
    endWithOutside();
    return undefined;
  }
  const obstacle = sandboxObstacle();
  if (obstacle !== undefined) return obstacle;
  const script = `${prepare.join(' && ')} || exit 125; "$@"; exit $?`;
  const own = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', [...userOptions(), ...namespaces, 'sh', '-c', script, 'sandbox', ...own], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, [marker]: String(lifeline) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => passOn(signal, child.pid));
  }
  const status = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(125));
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  process.exit(status);
}

/** The lifeline closes when the program outside is gone, however it went: then this one goes too, and all in here. */
function endWithOutside(): void {
  if (lineHeld) return;
  lineHeld = true;
  const line = new Socket({ fd: lifeline, readable: true, writable: false });
  line.on('error', () => {}).on('close', () => process.exit(137));
  line.resume().unref();
}

/** Why no sandbox can be made here, in words for a reader of skipped tests. */
export function sandboxObstacle(): string | undefined {
  const missing = missingPrograms(['unshare', 'nsenter', 'ip']);
  if (missing !== undefined) return missing;
  if (!existsSync('/dev/net/tun')) return 'this machine has no /dev/net/tun';
  const script = [...prepare, 'ip tuntap add dev probe0 mode tun'].join(' && ');
  const probe = spawnSync('unshare', [...userOptions(), ...namespaces, 'sh', '-c', script], {
    encoding: 'utf8',
  });
  if (probe.status === 0) return undefined;
  const said = (probe.stderr ?? '').trim().split('\n')[0] ?? '';
  const who = process.getuid?.() === 0 ? 'root' : 'an ordinary user';
  return `this system does not let ${who} make network namespaces (${said})`;
}

/** A sentence that names what is not installed; undefined when all is there. */
export function missingPrograms(names: readonly string[]): string | undefined {
  const path = (process.env['PATH'] ?? '').split(':');
  const missing = names.filter((name) => !path.some((folder) => existsSync(`${folder}/${name}`)));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

function userOptions(): string[] {
  return process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
}

/**
 * Hands a signal to this program's second self: unshare ignores it, and so does the shell, which is PID 1 there. A
 * terminal's signal has reached it already; a second one does no harm.
 */
function passOn(signal: NodeJS.Signals, unshare: number | undefined): void {
  const shell = unshare === undefined ? undefined : onlyChild(unshare);
  const program = shell === undefined ? undefined : onlyChild(shell);
  const target = program ?? unshare;
  if (target !== undefined) process.kill(target, program === undefined ? 'SIGKILL' : signal);
}

function onlyChild(pid: number): number | undefined {
  try {
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0];
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}
