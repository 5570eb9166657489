import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failure } from '../../base/errors.ts';
import { err, ok } from '../../base/result.ts';
import { readNotices } from '../../platform/notices.ts';
import { readStaticFiles } from '../../platform/static-files.ts';
import { version } from '../../platform/version.ts';
import { connectRpc } from '../../rpc/transport/client.ts';
import type { CliIo } from '../cli-io.ts';
import { Report } from '../report.ts';
import { startUiServer, type UiServer } from './ui-server.ts';

export interface UiOptions {
  readonly socket: string;
  readonly json: boolean;
  /** 0: any that is free. */
  readonly port: number;
  readonly open: boolean;
}

/** In the sources, and beside a bundle of this command. */
const places = ['../../../dist/renderer', './renderer', '../renderer'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
);
const folder = places.find((place) => existsSync(join(place, 'index.html'))) ?? places[0] ?? '';

/** `godwit ui`: serves the interface to this user's browser until it is interrupted. Returns the exit code. */
export async function ui(options: UiOptions, io: CliIo): Promise<number> {
  const report = new Report(io, options.json);
  const files = await readStaticFiles(folder);
  if (!files.ok) return report.failure([files.error]);
  const started = await startUiServer({
    files: files.value,
    port: options.port,
    reach: () => connectRpc(options.socket),
    methods: {
      host: () => ok({ kind: 'browser', version, preferences: [], update: { state: 'off', why: 'browser' } }),
      'check-for-updates': () => ok({ update: { state: 'off', why: 'browser' } }),
      notices: async () => {
        const read = await readNotices();
        return read.ok ? ok({ text: read.value }) : read;
      },
      'set-preference': () => err(failure('rpc.denied', { method: 'set-preference' })),
    },
  });
  if (!started.ok) return report.failure([started.error]);
  const server = started.value;
  const interrupted = new Promise<void>((resolve) => {
    const off = io.onInterrupt(() => {
      off();
      resolve();
    });
  });
  const lines = [
    'Open this address in your browser; it is good once:',
    '',
    `  ${server.url}`,
    '',
    'Ctrl-C ends this command; a connection that stands goes on.',
  ];
  const code = report.success(lines, { url: server.url });
  const hand = options.open ? await openBrowser(server, io) : undefined;
  await interrupted;
  await server.close();
  await hand?.();
  return code;
}

/**
 * Opens the desktop's browser by way of a file that only this user reads: an address on a command line can be seen by
 * everyone on the machine. Returns what takes the file away again; `undefined` where there is no desktop.
 */
async function openBrowser(
  { url, entered }: UiServer,
  io: CliIo,
): Promise<(() => Promise<void>) | undefined> {
  const desktop = io.env['WAYLAND_DISPLAY'] ?? io.env['DISPLAY'];
  if (desktop === undefined || io.uid === 0) return undefined;
  const place = await mkdtemp(join(tmpdir(), 'godwit-ui-'));
  const file = join(place, 'open.html');
  const refresh = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${url}">`;
  await writeFile(file, refresh, { mode: 0o600 });
  const opener = spawn('xdg-open', [file], { stdio: 'ignore', detached: true });
  opener.on('error', () => undefined);
  opener.unref();
  const remove = () => rm(place, { recursive: true, force: true });
  void entered.then(remove);
  return remove;
}
