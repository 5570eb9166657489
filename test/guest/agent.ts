import { closeSync, mkdirSync, openSync, read, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { LabProcess } from '../support/net/lab-process.ts';
import { Bench, type GuestRow } from './bench.ts';
import { agentPort, defaultSeconds, type FromGuest, type HostDeed, type ToGuest } from './protocol.ts';
import { rows } from './rows/rows.ts';

/** Plays rows in the guest, as the program outside asks over a virtio port. Started by systemd. */
const readOctets = promisify(read);
// The whole machine is there for the tests.
process.env['GODWIT_TEST_SANDBOX'] = 'guest';
process.env['PATH'] = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const port = openSync(`/dev/virtio-ports/${agentPort}`, 'r+');
const waiting = new Map<number, () => void>();
let deeds = 0;

function tell(message: FromGuest): void {
  const octets = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < octets.length; ) at += writeSync(port, octets, at);
}

async function deed(what: HostDeed): Promise<void> {
  deeds += 1;
  const id = deeds;
  const done = new Promise<void>((resolve) => waiting.set(id, resolve));
  tell({ kind: 'deed', id, deed: what });
  await done;
}

async function prepare(): Promise<Bench> {
  await forgetTheLast();
  for (const folder of ['/run/etc', '/run/netns', '/run/lab']) mkdirSync(folder, { recursive: true });
  // systemd mounts /run so that nothing in it can be run.
  const mounts = 'mount --bind /etc /run/etc && mount -t tmpfs -o mode=755 tmpfs /run/lab';
  const { status } = await new LabProcess(['sh', '-c', mounts], []).exited;
  if (status !== 0) throw new Error(`the guest's mounts failed (${status})`);
  return await Bench.create({ deed, note: (text) => tell({ kind: 'note', text }) });
}

/** Of an agent that ran before: its cards come back when its namespaces go. */
async function forgetTheLast(): Promise<void> {
  const line =
    'ls /run/netns 2>/dev/null | xargs -r -n 1 ip netns pids 2>/dev/null | xargs -r kill -9; ip -all netns delete; umount -l /run/etc; umount -l /run/lab';
  // The machine's own namespace has a name there too, and this process is in it: it is only unnamed.
  const own =
    'ip netns list | grep -q machine && umount /run/netns/guest-machine && rm /run/netns/guest-machine';
  for (const each of [own, line]) await new LabProcess(['sh', '-c', each], []).exited;
}

async function shell(line: string, bench: Bench): Promise<void> {
  const { status, stdout, stderr } = await bench.sh(line);
  tell({ kind: 'said', status, text: stdout + stderr });
}

async function play(row: GuestRow, bench: Bench): Promise<void> {
  let problems: readonly string[];
  try {
    problems = await row.run(bench);
  } catch (error) {
    problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  if (problems.length > 0) tell({ kind: 'note', text: await bench.logs() });
  tell({ kind: 'played', row: row.name, problems });
}

async function listen(hear: (message: ToGuest) => void): Promise<void> {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    const { bytesRead } = await readOctets(port, buffer, 0, buffer.length, null);
    // Nobody is at the other end.
    if (bytesRead === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    text += buffer.toString('utf8', 0, bytesRead);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) hear(JSON.parse(line));
  }
}

try {
  const bench = await prepare();
  void listen((message) => {
    if (message.kind === 'done') {
      waiting.get(message.id)?.();
      waiting.delete(message.id);
      return;
    }
    if (message.kind === 'shell') {
      void shell(message.line, bench);
      return;
    }
    const row = rows.find(({ name }) => name === message.row);
    if (row !== undefined) void play(row, bench);
  });
  tell({
    kind: 'ready',
    rows: rows.map(({ name, theme, seconds = defaultSeconds }) => ({ name, theme, seconds })),
  });
} catch (error) {
  tell({ kind: 'note', text: error instanceof Error ? (error.stack ?? '') : String(error) });
  closeSync(port);
  throw error;
}
