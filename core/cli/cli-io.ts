import type { ReadStream } from 'node:tty';
import pc from 'picocolors';

/** All that a command touches of its process, so that a test can stand in for it. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream | ReadStream;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  /** The user's id, to see whose a password file is. */
  readonly uid: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `listener` on SIGINT and SIGTERM in place of dying, until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

export interface CliOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Whether the stream is a screen on which lines can be drawn over. */
export function isScreen(output: CliOutput, env: CliIo['env']): boolean {
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

/** Colours for the stream, or none: https://no-color.org */
export function colorsFor(output: CliOutput, env: CliIo['env']): ReturnType<typeof pc.createColors> {
  return pc.createColors(isScreen(output, env) && (env['NO_COLOR'] ?? '') === '');
}
