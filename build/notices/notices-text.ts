import { limits } from '../../core/base/limits.ts';
import type { Notice } from './collect.ts';

const width = 80;

/** The notices as a file for people: a list of the works, then the licence of each in full. Throws when it is too long to be shown. */
export function noticesText(notices: readonly Notice[], version: string): string {
  const longest = Math.max(0, ...notices.map((notice) => heading(notice).length));
  const list = notices.map((notice) => `  ${heading(notice).padEnd(longest)}  ${notice.license}`);
  const introduction = [
    `THIRD-PARTY NOTICES OF GODWIT ${version}`,
    '',
    'Godwit is under the Apache License 2.0. With it come the works of others that are listed here,',
    'each under a licence of its own. The texts follow the list.',
    '',
    ...list,
  ];
  const text = `${[...introduction, ...notices.flatMap(entry)].join('\n')}\n`;
  if (text.length > limits.noticesCharacters)
    throw new Error(
      `The notices have ${text.length} characters; the interface shows ${limits.noticesCharacters}.`,
    );
  return text;
}

function heading({ title, version }: Notice): string {
  return `${title} ${version}`;
}

function entry(notice: Notice): readonly string[] {
  const { name, title, license, note, parts, texts } = notice;
  return [
    '',
    '='.repeat(width),
    heading(notice),
    ...(name === title ? [] : [`Package: ${name}`]),
    `Licence: ${license}`,
    `Part of: ${parts.join(', ')}`,
    ...(note === undefined ? [] : [note]),
    ...texts.flatMap((text) => ['-'.repeat(width), '', text, '']),
  ].slice(0, -1);
}
