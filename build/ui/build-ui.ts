import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uiConfig, uiFolder } from './vite.config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const stampFile = join(uiFolder, '.built-from');

/** What the built interface is made of: when none of it has changed, it need not be built again. */
const sources = ['renderer', 'core/base', 'core/profile', 'core/rpc', 'core/crypto', 'build/ui'];

/** Builds the interface where it is missing or older than its sources. True when it was built. */
export async function buildUi(): Promise<boolean> {
  const stamp = stampOf();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false;
  const { build } = await import('vite');
  await build(uiConfig);
  writeFileSync(stampFile, stamp);
  return true;
}

function stampOf(): string {
  const hash = createHash('sha256');
  for (const folder of sources) {
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
