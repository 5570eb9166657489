import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { UiServer } from '../../../core/cli/ui/ui-server.ts';
import { startBrowser, type TestBrowser } from './browser.ts';
import { FakeHost, type Scene } from './fake-host.ts';
import { serveUi, watchErrors } from './ui-page.ts';
import { allDrawn, patienceMs } from './wait.ts';

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
  readonly language: 'en' | 'de';
}

export const plainLook: Look = { width: 1280, height: 800, theme: 'light', language: 'en' };

export interface Stage {
  readonly page: Page;
  readonly host: FakeHost;
  /** What went wrong in the page, the refusals of its Content-Security-Policy included. */
  readonly errors: readonly string[];
}

let shared: Promise<{ readonly browser: TestBrowser; readonly server: UiServer }> | undefined;

/** Shows a scene in a page of its own, hands it to `use`, and closes it. The browser and the server are shared. */
export async function onStage(scene: Scene, look: Look, use: (stage: Stage) => Promise<void>): Promise<void> {
  shared ??= open();
  const { browser, server } = await shared;
  const page = await browser.context.newPage();
  page.setDefaultTimeout(patienceMs);
  try {
    const host = new FakeHost(scene);
    const errors = watchErrors(page);
    await page.setViewportSize({ width: look.width, height: look.height });
    await page.emulateMedia({ colorScheme: look.theme, reducedMotion: 'reduce' });
    // The browser is shared, and a page before may have chosen.
    await page.addInitScript(
      `localStorage.setItem('godwit.language', '${look.language}'); localStorage.removeItem('godwit.theme');`,
    );
    await host.attach(page);
    await page.goto(server.origin);
    // Until the host has told all that it has to tell, there is a screen without an emblem.
    await page.locator('main .emblem').first().waitFor({ state: 'attached' });
    await page.bringToFront();
    await allDrawn(page);
    await use({ page, host, errors });
  } finally {
    await page.close();
  }
}

async function open() {
  const server = await serveUi('/nonexistent/godwitd.sock');
  return { server, browser: await startBrowser() };
}

/** At the end, so that nothing stays behind. */
export async function closeStage(): Promise<void> {
  const opened = await shared;
  shared = undefined;
  await opened?.browser.close();
  await opened?.server.close();
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds against WCAG 2.2 AA and its best practices, a line each. Empty: nothing. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations: AxeViolation[] = await page.evaluate(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }).then((found) => found.violations)`);
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) =>
        `${id} (${impact}): ${html.slice(0, 160)} ${failureSummary.slice(0, 300)}`,
    ),
  );
}

/** Whether the page is wider than its window: then people must scroll sideways. @see WCAG 1.4.10 */
export async function overflow(page: Page): Promise<string | undefined> {
  const [wide, room]: [number, number] = await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  );
  return wide > room ? `${wide} px in a window of ${room} px` : undefined;
}
