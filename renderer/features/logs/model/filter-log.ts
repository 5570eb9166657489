import type { LogLine } from '../../../../core/rpc/values.ts';
import { holdsAll, searchWords } from '../../../ui/search-words.ts';

export type LogLevelChoice = LogLine['level'];

const rank: Readonly<Record<LogLevelChoice, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** One line as text: `state.connected ikeRekeys=0 espRekeys=1`. */
export function formatLine({ event, fields }: LogLine): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return [event, ...parts].join(' ');
}

/** The lines of `level` and graver that hold each word, in any order, newest first. */
export function filterLog(
  lines: readonly LogLine[],
  level: LogLevelChoice,
  words: string,
): readonly LogLine[] {
  const wanted = searchWords(words);
  return lines
    .filter((line) => {
      if (rank[line.level] > rank[level]) return false;
      const text = `${line.level} ${formatLine(line)}`.toLowerCase();
      return holdsAll(text, wanted);
    })
    .toReversed();
}
