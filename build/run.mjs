// Runs a TypeScript program of this repository on the pinned Node, whatever Node and state the machine has:
//
//   node build/run.mjs [--peers[=SET]] SCRIPT.ts ARGUMENTS…
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ensureModules, orExit, peersOption, pinnedNode, say } from './setup/ensure.mjs';
import { ensurePeers } from './setup/peers.mjs';

const args = process.argv.slice(2);
const set = peersOption(args[0]);
if (set !== undefined) args.shift();
orExit(() => {
  if (args[0] === undefined)
    throw new Error('usage: node build/run.mjs [--peers[=SET]] SCRIPT.ts ARGUMENTS…');
  ensureModules();
  if (set !== undefined) ensurePeers(set, say);
});

const child = spawn(pinnedNode, args, { stdio: 'inherit' });
// A terminal sends its signals to the whole group; others reach only us. The child decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) => {
  say(`The pinned Node does not start: ${error.message}`);
  process.exit(1);
});
child.on('exit', (status, signal) => {
  process.exit(status ?? 128 + (constants.signals[signal] ?? 0));
});
