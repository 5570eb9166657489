import { pagePolicy, type StaticFile } from '../core/platform/static-files.ts';
import { isPageAddress } from './page-address.ts';

/** Stricter than what stands in the page itself: nothing but its own files, and no request at all. */
const policy = pagePolicy("'none'");

/** Answers a request on the page's own scheme from the files that were read at the start; nothing reaches the disk. */
export function servePage(files: ReadonlyMap<string, StaticFile>): (request: Request) => Response {
  return ({ url, method }) => {
    const headers = { 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' };
    if (method !== 'GET' || !isPageAddress(url)) return new Response(null, { status: 403, headers });
    const file = files.get(new URL(url).pathname);
    if (file === undefined) return new Response(null, { status: 404, headers });
    return new Response(new Uint8Array(file.octets), { headers: { ...headers, 'Content-Type': file.type } });
  };
}
