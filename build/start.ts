import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { electronMissing, findElectron } from './electron-binary.ts';
import { bundleApp } from './package/bundle-app.ts';
import { root } from './testing/run-tests.ts';
import { buildUi } from './ui/build-ui.ts';

/** What `start` needs of its surroundings; a test hands in others. */
export interface StartSurroundings {
  readonly electron: string | undefined;
  /** Asks on the terminal; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  readonly say: (text: string) => void;
  readonly build: () => Promise<void>;
  /** Runs a program on this terminal; resolves with its exit status. */
  readonly run: (program: string, args: readonly string[]) => Promise<number>;
}

/**
 * `npm start`: the desktop app from the sources. Without Electron's program it offers the same interface in the browser:
 * asks on a terminal, else names the command and ends with 1. Resolves with the exit status.
 */
export async function start(around: StartSurroundings, args: readonly string[]): Promise<number> {
  if (around.electron !== undefined) {
    await around.build();
    return await around.run(around.electron, [root, ...args]);
  }
  around.say(electronMissing);
  const browser = 'The same interface runs in your browser:';
  if (around.ask === undefined) {
    around.say(`${browser}    npm run -s build:ui && bin/godwit ui`);
    return 1;
  }
  const answer = (await around.ask(`${browser} bin/godwit ui. Start it? [Y/n] `)).trim().toLowerCase();
  if (answer !== '' && !'yes'.startsWith(answer) && !'ja'.startsWith(answer)) return 1;
  await around.build();
  return await around.run(join(root, 'bin/godwit'), ['ui']);
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => void lines.once('close', () => resolve('n')));
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    lines.close();
  }
}

function run(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  // The terminal's Ctrl-C reaches the child by itself; what it does with it is its own affair.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}

async function build(): Promise<void> {
  await buildUi();
  await bundleApp();
}

if (import.meta.main) {
  const electron = findElectron(join(root, 'node_modules/electron'));
  const terminal = process.stdin.isTTY && process.stderr.isTTY;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const around = { electron, say, build, run, ...(terminal ? { ask } : {}) };
  process.exitCode = await start(around, process.argv.slice(2));
}
