import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from '../testing/run-tests.ts';
import { isAllowed } from './allowed.ts';
import { known, type TextPlace } from './elsewhere.ts';

/** One work of others that a package of ours brings. */
export interface Notice {
  /** As people know it: mostly the name of the npm package. */
  readonly title: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  /** As published, without trailing white space. At least one. */
  readonly texts: readonly string[];
  readonly note: string | undefined;
  /** The texts are those of other works too, which are in it. */
  readonly isCollection: boolean;
  /** The names of the parts of Godwit that it is in. */
  readonly parts: readonly string[];
}

/** A part of what is packed, and the files that it is made of, as `sourcesOf` tells them. */
export interface Part {
  readonly name: string;
  readonly sources: readonly string[];
}

/**
 * The works of others in `parts`, sorted by name. Throws one Error with a sentence for each that lacks a licence text, or
 * has a licence that is not on the list. `folder` is where `node_modules` lies.
 */
export function collectNotices(parts: readonly Part[], folder: string = root): readonly Notice[] {
  const problems: string[] = [];
  const owners = new Map<string, { parts: Set<string>; sources: string[] }>();
  for (const { name, sources } of parts) {
    for (const source of sources) {
      const owner = ownerOf(source);
      if (owner === undefined) continue;
      const { parts, sources: all } = owners.get(owner) ?? { parts: new Set(), sources: [] };
      owners.set(owner, { parts: parts.add(name), sources: [...all, source] });
    }
  }
  const notices: Notice[] = [];
  for (const [owner, { parts, sources }] of owners) {
    const read = readNotice(folder, owner, sources, problems);
    if (read !== undefined) notices.push({ ...read, parts: [...parts] });
  }
  if (problems.length > 0) throw new Error(problems.sort().join('\n'));
  return notices.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function keyOf({ title, version }: Notice): string {
  return `${title.toLowerCase()} ${version}`;
}

/** The folder of the package that a file belongs to, `undefined` for our own. */
function ownerOf(source: string): string | undefined {
  const made = /^\0((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1];
  if (made !== undefined) return `node_modules/${made}`;
  if (source.startsWith('\0')) return `node_modules/${source.slice(1)}`;
  return /^.*(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+/.exec(source)?.[0];
}

function readNotice(
  folder: string,
  owner: string,
  sources: readonly string[],
  problems: string[],
): Omit<Notice, 'parts'> | undefined {
  const place = resolve(folder, owner);
  if (!existsSync(join(place, 'package.json'))) {
    problems.push(`${sources.join(', ')} is packed, and nobody knows whose it is: ${owner} is no package.`);
    return undefined;
  }
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  const [name, version] = [String(manifest['name']), String(manifest['version'])];
  const { title = name, note, isCollection = false, texts: places } = known[name] ?? {};
  const license = licenseOf(manifest);
  const kind = sources.every((source) => /\.(woff2?|ttf|otf)$/.test(source)) ? 'font' : 'code';
  if (!isAllowed(license, kind)) {
    problems.push(
      `${name} ${version} is packed, and its licence (${license || 'none'}) is not on the list in build/notices/allowed.ts: read it, then add it there or take another library.`,
    );
  }
  const texts = (places ?? licenseFiles(place)).map((each) => readText(place, each)).filter(Boolean);
  if (texts.length === 0) {
    problems.push(
      `${name} ${version} is packed, and its licence text was not found: say in build/notices/elsewhere.ts where it is.`,
    );
  }
  for (const [crate, inside] of texts.flatMap(cratesIn)) {
    if (!isAllowed(inside, 'code')) problems.push(`${name} ${version} has ${crate} in it, under ${inside}.`);
  }
  return { title, name, version, license, texts, note, isCollection };
}

/** The field as it is written today, or as it once was. */
function licenseOf({ license, licenses }: Record<string, unknown>): string {
  if (typeof license === 'string') return license;
  const entries: readonly unknown[] = Array.isArray(licenses) ? licenses : [license];
  const types = entries.map((entry) =>
    typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'type') : entry,
  );
  return types.filter((type) => typeof type === 'string').join(' OR ');
}

/** Apache-2.0 wants what NOTICE says to be handed on too. */
function licenseFiles(place: string): readonly TextPlace[] {
  const files = readdirSync(place, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => entry.name)
    .filter((name) => /^(licen[cs]e|copying|copyright|notice)/i.test(name))
    .sort()
    .map((file) => ({ file }));
}

/** What a terminal would obey, and what turns the direction of text round. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const unprintable = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Empty when the file or the heading is not there. */
function readText(place: string, { file, section }: TextPlace): string {
  const path = join(place, file);
  const text = existsSync(path)
    ? readFileSync(path, 'utf8').replace(/\r\n/g, '\n').replace(unprintable, '')
    : '';
  return (section === undefined ? text : sectionOf(text, section)).trimEnd().replace(/^\n+/, '');
}

/** What stands in a Markdown text under a heading, up to the next of its rank. */
function sectionOf(text: string, heading: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '').trim() === heading);
  if (start < 0) return '';
  const rank = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 1;
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${rank}} `).test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}

/** `| crate | version | licence |`: the table that binaries of Rust bring. */
function cratesIn(text: string): readonly (readonly [string, string])[] {
  return [...text.matchAll(/^\| (\S+) \| (\d\S*) \| (.+) \|$/gm)].map(
    ([, crate = '', version = '', license = '']) => [`${crate} ${version}`, license] as const,
  );
}
