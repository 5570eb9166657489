import { noticesFile } from '../../core/platform/notices.ts';
import { installedFolder } from '../package/linux-files.ts';
import type { Notice } from './collect.ts';

/** A paragraph of the file: which files of the .deb, and what is in them. */
export interface DebianFiles {
  /** Patterns without the first slash. */
  readonly patterns: readonly string[];
  /** The names of the parts that lie there. */
  readonly parts: readonly string[];
  /** Whether there is anything of Godwit's own in them. */
  readonly ours: boolean;
}

const noticesPlace = `${installedFolder}/resources/godwit/${noticesFile}`;
const ourLicense = 'On Debian systems the whole text is /usr/share/common-licenses/Apache-2.0.';

/**
 * The notices in Debian's machine-readable form (DEP-5), behind `head`: what is said of all files. Where several paragraphs
 * fit a file the last one counts, so what lies further inside comes later.
 */
export function debianCopyright(
  head: string,
  notices: readonly Notice[],
  places: readonly DebianFiles[],
): string {
  const paragraphs = places.map((place) => filesParagraph(place, notices));
  return `${[head.trimEnd(), ...paragraphs, ...licenseParagraphs(notices)].join('\n\n')}\n`;
}

function filesParagraph({ patterns, parts, ours }: DebianFiles, notices: readonly Notice[]): string {
  const inside = notices.filter((notice) => parts.some((part) => notice.parts.includes(part)));
  const licenses = new Set([...(ours ? ['Apache-2.0'] : []), ...inside.map(debianName)]);
  const holders = new Set([...(ours ? ['2026 The Godwit authors'] : []), ...inside.flatMap(copyrightLines)]);
  const names = inside.map(({ title, version, license }) => `${title} ${version} (${license})`);
  return [
    field('Files', [patterns.join(' ')]),
    field('Copyright', [...holders]),
    field('License', [[...licenses].sort().join(' and ')]),
    field('Comment', ['Works of others in these files:', ...names]),
  ].join('\n');
}

/**
 * Each licence once, with the text of each work as it was published: they differ by whom they name. The long texts of works
 * with others inside hold the Apache License and the GPL, of which Debian wants no copies here: they are pointed to.
 */
function licenseParagraphs(notices: readonly Notice[]): readonly string[] {
  const byName = new Map<string, string[]>([['Apache-2.0', [ourLicense]]]);
  for (const notice of notices) {
    const name = debianName(notice);
    const head = `[ ${notice.title} ${notice.version} ]`;
    const where = `The text is in ${noticesPlace}, under ${notice.title} ${notice.version}.`;
    byName.set(name, [...(byName.get(name) ?? []), head, ...(notice.isCollection ? [where] : notice.texts)]);
  }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, texts]) => field('License', [name, ...texts.join('\n\n').split('\n')]));
}

/** What is MIT elsewhere is Expat there. A work with others inside has a name of its own for what all of them ask. */
function debianName({ license, name, isCollection }: Notice): string {
  if (isCollection) return `${name.replace(/^@/, '').replace('/', '-')}-and-what-is-in-it`;
  return license.replace(/\bMIT\b/g, 'Expat').replace(/\b(AND|OR|WITH)\b/g, (word) => word.toLowerCase());
}

/** The lines in which a text names who holds the rights, and its authors where none does. */
function copyrightLines({ texts, title, isCollection }: Notice): readonly string[] {
  if (isCollection) return [`the authors of ${title}, and those that its licence text names`];
  const lines = texts.flatMap((text) =>
    [...text.matchAll(/^[\s*"]*((?:copyright\b|\(c\) |©).*)$/gim)].map(([, line = '']) => line.trim()),
  );
  const names = lines
    .filter((line) => /^copyright:?\s+(\(c\)|©|\d{4}|\p{Lu})|^(\(c\)|©)/iu.test(line))
    .filter((line) => !/^copyright (notice|holder|owner|law|license|disclaimer|statement|and|or)/i.test(line))
    .filter((line) => !/[[{](yyyy|year|name)/i.test(line))
    .map((line) => line.replace(/^copyright:?\s*/i, '').replace(/^(\(c\)|©)\s*/i, ''));
  return names.length === 0 ? [`the authors of ${title}`] : [...new Set(names)];
}

/** A field: its first line behind the name, further ones set in by a blank, empty ones as a dot. */
function field(name: string, [first = '', ...rest]: readonly string[]): string {
  const further = rest.map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`));
  return [`${name}: ${first}`.trimEnd(), ...further].join('\n');
}
