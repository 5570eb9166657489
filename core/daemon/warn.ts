import { type Failure, formatFailure } from '../base/errors.ts';
import type { LogSink } from '../base/log.ts';

/** Logs what did not go as wished, a record for each. */
export function warn(log: LogSink, event: string, failures: readonly Failure[]): void {
  for (const each of failures) log({ level: 'warn', event, fields: { problem: formatFailure(each) } });
}
