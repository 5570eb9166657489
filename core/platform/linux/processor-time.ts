import { readFileSync } from 'node:fs';

export interface ProcessorTime {
  /** Seconds since the machine started. */
  readonly up: number;
  /** Seconds that its processors had nothing to do, all of them together. */
  readonly idle: number;
}

/** As the kernel counts it, in hundredths of a second; `undefined` where it does not tell. */
export function readProcessorTime(): ProcessorTime | undefined {
  try {
    return parseProcessorTime(readFileSync('/proc/uptime', 'latin1'));
  } catch {
    return undefined;
  }
}

/** Of /proc/uptime. */
export function parseProcessorTime(text: string): ProcessorTime | undefined {
  const [, up, idle] = /^(\d+\.\d+) (\d+\.\d+)\s*$/.exec(text) ?? [];
  return up === undefined || idle === undefined ? undefined : { up: Number(up), idle: Number(idle) };
}
