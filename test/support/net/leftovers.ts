import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Namespace } from './lab.ts';

/** What a connection may change in a namespace and must put back, as lines of text. */
export interface NamespaceState {
  readonly lines: ReadonlySet<string>;
}

/** In this order: what follows from a link is read after it, and cannot be missed beside it. */
const views: readonly (readonly [kind: string, command: string])[] = [
  ['link', 'ip -o link show'],
  ['address', 'ip -o address show'],
  ['route', 'ip -o -4 route show table all'],
  ['route', 'ip -o -6 route show table all'],
  ['rule', 'ip -4 rule show'],
  ['rule', 'ip -6 rule show'],
  ['UDP socket', 'cat /proc/self/net/udp /proc/self/net/udp6 /proc/self/net/packet'],
  // Settings of devices that come and go with the tunnel show as links.
  [
    'setting',
    'cd /proc/sys/net; grep . ipv4/conf/*/rp_filter ipv4/conf/*/src_valid_mark ipv4/ip_forward /dev/null',
  ],
];
/** 127.0.0.1: threads of a daemon in reserve rehearse there, for a moment (decision 0107); no connection has anything to do there. */
const loopback = '0100007F:';
const border = '----';
const script = views.map(([, command]) => `${command}; echo ${border}`).join('\n');

const settledAtMostMs = 10_000;

/**
 * Links, addresses, routes of every table, rules, sockets, name servers and kernel settings of a namespace, once the kernel has
 * nothing more to do about a link: a new cable takes up to a second to be seen as plugged in, and its addresses come then.
 */
export async function readState(namespace: Namespace): Promise<NamespaceState> {
  let network = await readNetwork(namespace);
  for (const end = performance.now() + settledAtMostMs; !isSettled(network) && performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    network = await readNetwork(namespace);
  }
  const lines = new Set(network);
  for (const line of readFileSync(namespace.resolvConf, 'utf8').split('\n')) {
    if (line.trim() !== '') lines.add(`resolv.conf: ${line}`);
  }
  for (const file of readdirSync(namespace.resolvConf.replace(/\/resolv\.conf$/, '')))
    lines.add(`/etc: ${file}`);
  return { lines };
}

async function readNetwork(namespace: Namespace): Promise<string[]> {
  const { stdout } = await namespace.run(['sh', '-c', script]);
  return stdout.split(`${border}\n`).flatMap((text, index) => {
    const kind = views[index]?.[0] ?? '';
    return text.split('\n').flatMap((line) => {
      if (kind === 'UDP socket') {
        const local = /^\s*\d+: (\S+)/.exec(line)?.[1];
        return local === undefined || local.startsWith(loopback) ? [] : [`${kind}: ${local}`];
      }
      return line.trim() === '' ? [] : [`${kind}: ${normal(line)}`];
    });
  });
}

/** False while a carrier that came or went has not been acted on, or an IPv6 address is not yet in use. */
function isSettled(network: readonly string[]): boolean {
  return network.every((line) => {
    const link = /^link: \S+ <(\S*)> .*\bstate (\S+)/.exec(line);
    if (link !== null) {
      const flags = link[1]?.split(',') ?? [];
      return flags.includes('UP') === false || flags.includes('LOWER_UP') !== /DOWN/.test(link[2] ?? '');
    }
    const address = /^address: .* inet6 ([^/ ]+)/.exec(line)?.[1];
    if (address === undefined || line.includes('dadfailed')) return true;
    return !line.includes('tentative') && network.some((each) => each.startsWith(`route: local ${address} `));
  });
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
