import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Namespace } from './lab.ts';

/** What a connection may change in a namespace and must put back, as lines of text. */
export interface NamespaceState {
  readonly lines: ReadonlySet<string>;
}

/** Links, addresses, routes of every table, rules, sockets, name servers and kernel settings of a namespace. */
export async function readState(namespace: Namespace): Promise<NamespaceState> {
  const views: readonly (readonly [string, readonly string[]])[] = [
    ['link', ['ip', '-o', 'link', 'show']],
    ['address', ['ip', '-o', 'address', 'show']],
    ['route', ['ip', '-o', '-4', 'route', 'show', 'table', 'all']],
    ['route', ['ip', '-o', '-6', 'route', 'show', 'table', 'all']],
    ['rule', ['ip', '-4', 'rule', 'show']],
    ['rule', ['ip', '-6', 'rule', 'show']],
  ];
  const lines = new Set<string>();
  const results = await Promise.all(views.map(([, argv]) => namespace.run(argv)));
  for (const [index, { stdout }] of results.entries()) {
    const kind = views[index]?.[0] ?? '';
    for (const line of stdout.split('\n')) if (line.trim() !== '') lines.add(`${kind}: ${normal(line)}`);
  }
  for (const line of readFileSync(namespace.resolvConf, 'utf8').split('\n')) {
    if (line.trim() !== '') lines.add(`resolv.conf: ${line}`);
  }
  for (const file of readdirSync(namespace.resolvConf.replace(/\/resolv\.conf$/, '')))
    lines.add(`/etc: ${file}`);
  const sockets = await namespace.run([
    'sh',
    '-c',
    'cat /proc/self/net/udp /proc/self/net/udp6 /proc/self/net/packet',
  ]);
  for (const line of sockets.stdout.split('\n')) {
    const local = /^\s*\d+: (\S+)/.exec(line)?.[1];
    if (local !== undefined) lines.add(`UDP socket: ${local}`);
  }
  // Settings of devices that come and go with the tunnel show as links.
  const settings = await namespace.run([
    'sh',
    '-c',
    'cd /proc/sys/net && grep . ipv4/conf/*/rp_filter ipv4/conf/*/src_valid_mark ipv4/ip_forward',
  ]);
  for (const line of settings.stdout.split('\n')) if (line !== '') lines.add(`setting: ${line}`);
  return { lines };
}

/** What is there now and was not before, and what was there and is no more. Empty: nothing was left behind. */
export function differences(before: NamespaceState, after: NamespaceState): string[] {
  const added = [...after.lines]
    .filter((line) => !before.lines.has(line))
    .map((line) => `left behind: ${line}`);
  const lost = [...before.lines].filter((line) => !after.lines.has(line)).map((line) => `lost: ${line}`);
  return [...added, ...lost];
}

/** Processes (zombies apart) whose command line has `word`. */
export function processesNamed(word: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const read = (file: string): string => {
      try {
        return existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/${file}`, 'utf8') : '';
      } catch {
        return '';
      }
    };
    const command = read('cmdline').replaceAll('\0', ' ').trim();
    const state = /^State:\s+(\w)/m.exec(read('status'))?.[1];
    if (command.includes(word) && state !== 'Z') found.push(`${pid} ${command}`);
  }
  return found;
}

/** Without what changes by itself: lifetimes, counters, and the indexes of interfaces. */
function normal(line: string): string {
  return line
    .replace(/\\/g, ' ')
    .replace(/^\d+: /, '')
    .replace(/\b(?:valid_lft|preferred_lft|expires) \S+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
