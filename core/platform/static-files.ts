import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';

/** One file of the built interface. */
export interface StaticFile {
  readonly type: string;
  readonly octets: Buffer;
  /** The same in gzip, where that is smaller. */
  readonly gzip: Buffer | undefined;
  /** Its name holds a hash of its contents: it never changes. */
  readonly lasting: boolean;
}

/** The Content-Security-Policy of the interface. `connect`: where its scripts may send requests. */
export function pagePolicy(connect: "'self'" | "'none'"): string {
  return [
    "default-src 'none'",
    ...['script-src', 'style-src', 'font-src', 'img-src'].map((kind) => `${kind} 'self'`),
    `connect-src ${connect}`,
    ...['base-uri', 'form-action', 'frame-ancestors'].map((kind) => `${kind} 'none'`),
  ].join('; ');
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/**
 * The built interface, whole in memory: what is not among these files when the command starts is not served, so no path
 * of a request ever reaches the file system. Fails with `ui.missing` when it is not built.
 */
export async function readStaticFiles(
  folder: string,
): Promise<Result<ReadonlyMap<string, StaticFile>, Failure>> {
  const files = new Map<string, StaticFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const octets = await readFile(file);
    const gzip = entry.name.endsWith('.woff2') ? undefined : gzipSync(octets);
    const path = `/${relative(folder, file).replaceAll('\\', '/')}`;
    files.set(path, { type, octets, gzip, lasting: path.startsWith('/assets/') });
  }
  const index = files.get('/index.html');
  if (index === undefined) return err(failure('ui.missing', { file: join(folder, 'index.html') }));
  files.set('/', index);
  return ok(files);
}
