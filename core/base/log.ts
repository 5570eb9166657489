export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogValue = string | number | boolean | undefined;

/** One event worth telling. `event` is a stable dotted name; `fields` never hold a secret or a key. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields?: Readonly<Record<string, LogValue>>;
}

/** Where records go. Pure code receives one; only a composition root decides what it does. */
export type LogSink = (record: LogRecord) => void;

export const silent: LogSink = () => undefined;
