import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { limits } from '../core/base/limits.ts';

/** What the user opened with this program: to be shown to them, and taken or not. */
export interface Opened {
  /** Of the file, without its folder. */
  readonly name: string;
  readonly base64: string;
}

const linkScheme = 'godwit:';
/** The kinds of files that this program is offered for. */
export const profileEndings = ['.godwit', '.json', '.sswan', '.p12', '.pfx'] as const;

/**
 * The profile in a link `godwit://import?name=office.json#BASE64URL`. A link carries the profile itself and never an
 * address to fetch one from: what a web page hands over is all that it can do. `undefined` for any other link.
 */
export function openLink(link: string): Opened | undefined {
  if (link.length > limits.importOctets * 2) return undefined;
  let url: URL;
  try {
    url = new URL(link);
  } catch {
    return undefined;
  }
  if (url.protocol !== linkScheme || url.host !== 'import') return undefined;
  const name = basename(url.searchParams.get('name') ?? 'profile.json').slice(
    0,
    limits.profileNameCharacters,
  );
  const data = url.hash.slice(1);
  if (name === '' || !/^[\w-]+$/.test(data)) return undefined;
  const octets = Buffer.from(data, 'base64url');
  if (octets.length === 0 || octets.length > limits.importOctets) return undefined;
  return { name, base64: octets.toString('base64') };
}

/** A file that the desktop opened with this program; `undefined` for one that cannot be a profile. */
export function openFile(path: string): Opened | undefined {
  if (!profileEndings.some((ending) => ending === extname(path).toLowerCase())) return undefined;
  let fd: number | undefined;
  try {
    // A pipe with such a name is not waited for.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    const { size } = stats;
    if (!stats.isFile() || size === 0 || size > limits.importOctets) return undefined;
    const octets = Buffer.alloc(size);
    const length = readSync(fd, octets, 0, size, 0);
    return { name: basename(path), base64: octets.subarray(0, length).toString('base64') };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What stands behind the program on its command line: links and files; options are Chromium's. */
export function openArguments(argv: readonly string[]): Opened[] {
  return argv.flatMap((argument) => {
    if (argument.startsWith('-')) return [];
    const opened = argument.startsWith(linkScheme) ? openLink(argument) : openFile(argument);
    return opened === undefined ? [] : [opened];
  });
}
