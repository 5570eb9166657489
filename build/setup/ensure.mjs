// Brings a fresh clone to the state in which every script runs. Plain JavaScript for any Node from 20 on, nothing
// installed: this file is what installs. Quick when there is nothing to do.
//
//   node build/setup/ensure.mjs                node_modules as package-lock.json says
//   node build/setup/ensure.mjs --peers        and the Debian packages of all test peers
//   node build/setup/ensure.mjs --peers=demo   and those that the demo uses
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePeers } from './peers.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const pinnedNode = join(root, 'node_modules/.bin/node');

/** Makes node_modules what package-lock.json says. Throws an Error with a plain sentence when it cannot. */
export function ensureModules() {
  const reason = outdated();
  if (reason === undefined) return;
  say(`Installing dependencies (${reason}) …`);
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((entry) => !entry.endsWith('node_modules/.bin'))
    .join(delimiter);
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (npm.error)
    throw new Error(`npm could not be started: ${npm.error.message}. Install npm, then try again.`);
  if (npm.status !== 0)
    throw new Error(`npm ci failed (exit status ${npm.status}); its reason stands above.`);
  linkPinnedNode();
  const still = outdated();
  if (still !== undefined) throw new Error(`npm ci ended well, but ${still}.`);
  say('Dependencies are installed.');
}

/** npm before 11 installs the package of the pinned Node and makes no link to a program called node. */
function linkPinnedNode() {
  const target = `node-${process.platform}-${process.arch}/bin/node`;
  if (existsSync(pinnedNode) || !existsSync(join(root, 'node_modules', target))) return;
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(`../${target}`, pinnedNode);
}

/** Why node_modules must be made again; undefined when it is as the lock file says. */
function outdated() {
  const wanted = readLock(join(root, 'package-lock.json'));
  if (wanted === undefined)
    throw new Error('package-lock.json is missing or unreadable: is this a whole checkout?');
  const present = readLock(join(root, 'node_modules/.package-lock.json'));
  if (present === undefined) return 'node_modules is absent';
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '' || entry.link) continue;
    const found = present[name];
    if (found === undefined && !entry.optional) return `${name} is missing`;
    if (found !== undefined && found.version !== entry.version) return `${name} is not ${entry.version}`;
  }
  for (const name of Object.keys(present))
    if (wanted[name] === undefined) return `${name} is not in package-lock.json`;
  try {
    accessSync(pinnedNode, constants.X_OK);
  } catch {
    return `there is no ${process.platform}-${process.arch} Node at node_modules/.bin/node`;
  }
  return undefined;
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/** Progress goes to standard error: standard output belongs to the command that was asked for. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs `step`; a failure is one sentence and exit status 1, not a stack. */
export function orExit(step) {
  try {
    return step();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

/** `--peers` or `--peers=SET` from the front of `args`: the set's name, or undefined. */
export function peersOption(argument) {
  const match = /^--peers(?:=(\w+))?$/.exec(argument ?? '');
  return match === null ? undefined : (match[1] ?? 'all');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  orExit(() => {
    ensureModules();
    const set = peersOption(process.argv[2]);
    if (set !== undefined) ensurePeers(set, say);
  });
}
