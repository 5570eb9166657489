import { type KeyLike, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type OfferedUpdate, signedText } from '../../main/app-update.ts';

/** The text of a `latest-linux.yml` with its signature at the end, in place of one that it had. */
export function signFeed(feed: string, key: KeyLike): string {
  const bare = `${feed.replace(/^godwitSignature:.*\n?/gm, '').trimEnd()}\n`;
  const version = /^version: '?([^'\n]+)'?$/m.exec(bare)?.[1];
  const files: OfferedUpdate['files'][number][] = [];
  for (const [, url = '', sha512 = ''] of bare.matchAll(/^ {2}- url: (\S+)\n {4}sha512: (\S+)$/gm))
    files.push({ url, sha512 });
  if (version === undefined || files.length === 0)
    throw new Error('This is no latest-linux.yml: it names no version or no files.');
  const signature = sign(null, Buffer.from(signedText({ version, files })), key).toString('base64');
  return `${bare}godwitSignature: ${signature}\n`;
}

if (import.meta.main) {
  const [feed, key] = process.argv.slice(2);
  if (feed === undefined || key === undefined) {
    process.stderr.write(
      'Usage: node build/run.mjs build/package/sign-update.ts LATEST-LINUX.YML PRIVATE-KEY.PEM\n',
    );
    process.exitCode = 2;
  } else {
    writeFileSync(feed, signFeed(readFileSync(feed, 'utf8'), readFileSync(key, 'utf8')));
  }
}
