import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { patienceMs } from './wait.ts';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Why there is no browser; `undefined` when there is one. */
export function browserObstacle(): string | undefined {
  return programs.some((program) => existsSync(program)) ? undefined : 'Chromium is not installed';
}

export interface TestBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** Debian's Chromium with a profile of its own that is thrown away, and nothing that calls home. */
export async function startBrowser(): Promise<TestBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'godwit-browser-'));
  const executablePath = programs.find((program) => existsSync(program)) ?? '';
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    // Only against hanging: where much else runs it takes its time.
    timeout: 2 * patienceMs,
    acceptDownloads: false,
    bypassCSP: false,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--force-color-profile=srgb',
      '--font-render-hinting=none',
    ],
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
