import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { sourcesOf } from './notices/sources.ts';
import { root } from './testing/run-tests.ts';

/** Programs and worker threads, by the names that `programFile` looks for. */
const programs = {
  godwitd: 'core/daemon/main.ts',
  godwit: 'core/cli/main.ts',
  'outbound-worker': 'core/dataplane/outbound-worker.ts',
  'inbound-worker': 'core/dataplane/inbound-worker.ts',
  'key-main': 'core/daemon/keys/key-main.ts',
} as const;

/** Packages with binaries: they stay where they are. */
const external = ['koffi', '@napi-rs/keyring'];

/** Where the bundle lies: as far from package.json as `core/platform` is, which names our version. */
export const bundleFolder = join(root, 'dist/lib');

/**
 * Daemon, command line and threads as JavaScript in one folder: what is packaged. It starts sooner than the sources and
 * takes less memory, since no thread has to strip types. Returns the sources that it is made of.
 */
export async function bundle(folder: string = bundleFolder, sourcemap = false): Promise<readonly string[]> {
  rmSync(folder, { recursive: true, force: true });
  const input = Object.fromEntries(Object.entries(programs).map(([name, file]) => [name, join(root, file)]));
  // Of packages that have both, their modules: UMD hides its parts from a bundler.
  const resolve = { mainFields: ['module', 'main'] };
  const build = await rolldown({ input, platform: 'node', external, resolve, logLevel: 'warn' });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    chunkFileNames: 'chunk-[hash].js',
    sourcemap,
  });
  await build.close();
  return sourcesOf(output);
}

if (import.meta.main) await bundle();
