import { limits } from '../base/limits.ts';
import type { LogLevel, LogRecord, LogSink } from '../base/log.ts';

const rank: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** syslog's severities, which journald reads from the front of a line on standard error. */
const severity: Readonly<Record<LogLevel, string>> = { error: '<3>', warn: '<4>', info: '<6>', debug: '<7>' };

/**
 * Writes records of `level` and graver as lines `event name=value …` through `write`. Control characters are escaped and
 * each value is cut, so that nothing a peer says can forge or flood a line.
 */
export function lineLogSink(
  level: LogLevel,
  write: (line: string) => void,
  options: { readonly forJournal: boolean },
): LogSink {
  return (record) => {
    if (rank[record.level] > rank[level]) return;
    const prefix = options.forJournal ? severity[record.level] : `${record.level.padEnd(5)} `;
    write(`${prefix}${formatRecord(record)}\n`);
  };
}

function formatRecord(record: LogRecord): string {
  const fields = Object.entries(record.fields ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${formatValue(String(value))}`],
  );
  return [record.event, ...fields].join(' ');
}

function formatValue(text: string): string {
  const cut = text.length > limits.logFieldCharacters ? `${text.slice(0, limits.logFieldCharacters)}…` : text;
  return /^[\w.:/[\]+-]+$/.test(cut)
    ? cut
    : JSON.stringify(cut).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
