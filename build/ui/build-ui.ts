import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { sourceRecorder } from '../notices/sources.ts';
import { uiConfig, uiFolder, uiRoot } from './vite.config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const stampFile = join(uiFolder, '.built-from');
/** What the interface was built from: a hash of all that it could be, and the files that are in it. */
const stampSchema = z.object({ stamp: z.string(), sources: z.array(z.string()) });

/** What the built interface is made of: when none of it has changed, it need not be built again. */
const folders = ['renderer', 'core/base', 'core/profile', 'core/rpc', 'core/crypto', 'build/ui'];

/** Builds the interface where it is missing or older than its sources. True when it was built. */
export async function buildUi(): Promise<boolean> {
  const stamp = stampOf();
  if (readStamp()?.stamp === stamp) return false;
  const { build } = await import('vite');
  const recorder = sourceRecorder(uiRoot);
  await build({ ...uiConfig, plugins: [uiConfig.plugins, recorder.plugin] });
  const sources = recorder.sources();
  writeFileSync(stampFile, JSON.stringify({ stamp, sources }));
  return true;
}

/** The sources that the built interface is made of: modules, stylesheets and the typeface. */
export function uiSources(): readonly string[] {
  return readStamp()?.sources ?? [];
}

function readStamp(): z.output<typeof stampSchema> | undefined {
  if (!existsSync(stampFile)) return undefined;
  try {
    return stampSchema.parse(JSON.parse(readFileSync(stampFile, 'utf8')));
  } catch {
    return undefined;
  }
}

function stampOf(): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
}

if (import.meta.main) {
  const built = await buildUi();
  process.stderr.write(built ? `The interface is built: ${uiFolder}\n` : 'The interface is up to date.\n');
}
