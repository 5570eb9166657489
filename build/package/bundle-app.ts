import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { sourcesOf } from '../notices/sources.ts';
import { root } from '../testing/run-tests.ts';

/** Where the Electron main process lies: beside `dist/renderer`, as main/main.ts expects. */
const appFolder = join(root, 'dist/app');

/**
 * The Electron main process as JavaScript: `main.js`, a module that brings all it needs except Electron, and
 * `preload.cjs`. A preload in a sandbox must be one CommonJS file. Returns the sources that they are made of.
 */
export async function bundleApp(folder: string = appFolder, sourcemap = false): Promise<readonly string[]> {
  rmSync(folder, { recursive: true, force: true });
  const common = { platform: 'node', logLevel: 'warn' } as const;
  const external = ['electron'];
  const resolve = { mainFields: ['module', 'main'] };
  const main = await rolldown({ ...common, external, input: { main: join(root, 'main/main.ts') }, resolve });
  const written = await main.write({
    dir: folder,
    format: 'esm',
    chunkFileNames: 'chunk-[hash].js',
    sourcemap,
  });
  await main.close();
  const preload = await rolldown({ ...common, external, input: { preload: join(root, 'main/preload.ts') } });
  const other = await preload.write({ dir: folder, format: 'cjs', entryFileNames: '[name].cjs', sourcemap });
  await preload.close();
  return sourcesOf([...written.output, ...other.output]);
}

if (import.meta.main) await bundleApp();
