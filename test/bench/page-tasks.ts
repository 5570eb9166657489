import type { BrowserContext, Page } from 'playwright-core';

/** One event of a trace, as far as it is looked at. Times are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  /** On the processor, unlike `dur`: what other programs took meanwhile is not in it. */
  readonly tdur?: number;
}

export interface LongestTasks {
  /** Milliseconds of its own on the processor, from the first of the page to the mark. */
  readonly beforeMark: number;
  readonly afterMark: number;
}

const mark = 'godwit-bench';

/** Sets the mark that divides the tasks of a page in two. */
export async function markTasks(page: Page): Promise<void> {
  await page.evaluate(`(performance.mark('${mark}'), 0)`);
}

/** Traces the tasks of the page from now until the returned function is called. */
export async function traceTasks(context: BrowserContext, page: Page): Promise<() => Promise<LongestTasks>> {
  const session = await context.newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value as unknown[]) if (isEvent(event)) events.push(event);
  });
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'blink.user_timing'] },
  });
  return async () => {
    await session.send('Tracing.end');
    await complete;
    await session.detach();
    return longestOf(events);
  };
}

function longestOf(events: readonly TraceEvent[]): LongestTasks {
  const at = events.find(({ name }) => name === mark);
  if (at === undefined) throw new Error('the trace has no mark in it');
  const tasks = events.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && pid === at.pid && tid === at.tid && name.endsWith('RunTask'),
  );
  const longest = (wanted: (task: TraceEvent) => boolean) =>
    tasks.filter(wanted).reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1_000), 0);
  return { beforeMark: longest(({ ts }) => ts < at.ts), afterMark: longest(({ ts }) => ts >= at.ts) };
}

function isEvent(value: unknown): value is TraceEvent {
  return typeof value === 'object' && value !== null && 'name' in value && 'ph' in value && 'ts' in value;
}
