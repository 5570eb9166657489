import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import loadWabt from 'wabt';

/**
 * Assembles core/dataplane/offload/checksum.wat into checksum-code.ts beside it: run it after a change. A test compares
 * the two.
 */
export async function assembleChecksum(): Promise<string> {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat('checksum.wat', readFileSync(place('checksum.wat'), 'utf8'), { simd: true });
  const base64 = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
  parsed.destroy();
  return base64;
}

function place(name: string): string {
  return fileURLToPath(new URL(`../../core/dataplane/offload/${name}`, import.meta.url));
}

if (import.meta.main) {
  const text = `/** Made from checksum.wat by build/tools/assemble-checksum.ts: a WebAssembly module in Base64. */
export const checksumCode =
  '${await assembleChecksum()}';
`;
  writeFileSync(place('checksum-code.ts'), text);
  execFileSync(fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url)), [
    'format',
    '--write',
    place('checksum-code.ts'),
  ]);
}
