import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { buildUi } from '../../build/ui/build-ui.ts';
import { uiFolder } from '../../build/ui/vite.config.ts';
import { startBrowser } from '../e2e/support/browser.ts';
import { FakeHost } from '../e2e/support/fake-host.ts';
import { connected, namedScenes } from '../e2e/support/scenes.ts';
import { serveUi } from '../e2e/support/ui-page.ts';
import { markTasks, traceTasks } from './page-tasks.ts';
import { type BenchResult, say } from './report.ts';
import { spread } from './statistics.ts';

/** What the interface may cost: first paint, the bundle, and a task of the page by its own time on the processor. */
const budget = { firstPaintMs: 300, bundleKilobytes: 350, longestTaskMs: 50 } as const;
const updateSeconds = 4;

/** First paint, size, and how 60 updates a second are borne. `ok` says that all stay within the budget. */
export async function benchUi({ rounds }: { readonly rounds: number }): Promise<BenchResult> {
  await buildUi();
  const scene = namedScenes().find(({ name }) => name === 'connected')?.scene;
  if (scene === undefined) throw new Error('there is no scene to show');
  const server = await serveUi('/nonexistent/godwitd.sock');
  const browser = await startBrowser();
  const paints: number[] = [];
  const states: number[] = [];
  const tasks: number[] = [];
  const waits: number[] = [];
  const loads: number[] = [];
  const frames: number[] = [];
  try {
    // The first page of a browser pays for the browser.
    for (let round = -1; round < rounds; round++) {
      const page = await browser.context.newPage();
      await new FakeHost(scene).attach(page);
      const traced = round < 0 ? undefined : await traceTasks(browser.context, page);
      await page.goto(server.origin);
      await page.locator('.state-word').filter({ hasText: 'Connected' }).waitFor();
      const shown: number = await page.evaluate('performance.now()');
      const paint = await firstPaint(page);
      await page.locator('.chart canvas').first().waitFor();
      if (traced !== undefined) {
        paints.push(paint);
        states.push(shown);
        await markTasks(page);
        const busy = await bearUpdates(page, JSON.stringify({ ...scene.snapshot, tunnel: connected() }));
        const own = await traced();
        tasks.push(own.afterMark);
        loads.push(own.beforeMark);
        waits.push(busy.longestTaskMs);
        frames.push(busy.frames / updateSeconds);
        say(
          `round ${round + 1}: paint ${Math.round(paint)} ms, longest task ${Math.round(own.afterMark)} ms (by the wall ${Math.round(busy.longestTaskMs)} ms), of the load ${Math.round(own.beforeMark)} ms`,
        );
      }
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
  const kilobytes = bundleKilobytes();
  const row = (metric: string, unit: string, values: readonly number[]) => ({
    peer: 'godwit',
    metric,
    unit,
    ...spread(values),
  });
  const rows = [
    row('first contentful paint', 'ms', paints),
    row('state shown', 'ms', states),
    row('longest task', 'ms', tasks),
    row('longest task of the load', 'ms', loads),
    row('longest task, with what other programs took', 'ms', waits),
    row('frames', '1/s', frames),
    row('bundle, gzipped', 'kB', [kilobytes]),
  ];
  const ok =
    median(paints) < budget.firstPaintMs &&
    kilobytes < budget.bundleKilobytes &&
    median(tasks) <= budget.longestTaskMs &&
    median(loads) <= budget.longestTaskMs;
  return { ok, name: 'ui', rows, ratios: {} };
}

function median(values: readonly number[]): number {
  return spread(values).median;
}

async function firstPaint(page: Page): Promise<number> {
  return await page.evaluate(
    `new Promise((resolve) => {
      const found = performance.getEntriesByName('first-contentful-paint')[0];
      if (found) return resolve(found.startTime);
      new PerformanceObserver((list, observer) => {
        const entry = list.getEntriesByName('first-contentful-paint')[0];
        if (entry) { observer.disconnect(); resolve(entry.startTime); }
      }).observe({ type: 'paint', buffered: true });
    })`,
  );
}

/** Sixty states and samples a second, made in the page itself, and the longest task meanwhile. */
async function bearUpdates(
  page: Page,
  snapshot: string,
): Promise<{ readonly longestTaskMs: number; readonly frames: number }> {
  return await page.evaluate(`new Promise((resolve) => {
    let longest = 0;
    let frames = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    });
    observer.observe({ type: 'longtask' });
    const snapshot = ${snapshot};
    const count = () => { frames++; requestAnimationFrame(count); };
    requestAnimationFrame(count);
    let sent = 0;
    const timer = setInterval(() => {
      sent++;
      snapshot.tunnel.provenAgeMs = sent % 900;
      window.godwitDeliver(JSON.stringify({ event: 'state', data: snapshot }));
      window.godwitDeliver(JSON.stringify({ event: 'sample', data: {
        at: Date.now(), attempt: 1, outboundRate: sent * 1000, inboundRate: sent * 9000,
        outboundOctets: sent, inboundOctets: sent, provenAgeMs: 5, roundTripMs: 20 + sent % 9,
      } }));
      if (sent < 60 * ${updateSeconds}) return;
      clearInterval(timer);
      setTimeout(() => { observer.disconnect(); resolve({ longestTaskMs: longest, frames }); }, 100);
    }, 1000 / 60);
  })`);
}

function bundleKilobytes(): number {
  const entries = readdirSync(uiFolder, { recursive: true, withFileTypes: true });
  const octets = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    // A typeface is compressed already.
    .reduce((sum, file) => sum + Math.min(file.length, gzipSync(file, { level: 9 }).length), 0);
  return octets / 1_000;
}
