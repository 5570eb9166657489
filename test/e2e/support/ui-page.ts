import type { Page } from 'playwright-core';
import { uiFolder } from '../../../build/ui/vite.config.ts';
import { failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import { startUiServer, type UiServer } from '../../../core/cli/ui/ui-server.ts';
import { readStaticFiles } from '../../../core/platform/static-files.ts';
import type { ViewName } from '../../../core/rpc/bridge.ts';
import { connectRpc } from '../../../core/rpc/transport/client.ts';

/** The real server of `godwit ui`, for a daemon at this socket. */
export async function serveUi(socketPath: string): Promise<UiServer> {
  const files = await readStaticFiles(uiFolder);
  if (!files.ok) throw new Error('the interface is not built');
  const started = await startUiServer({
    files: files.value,
    port: 0,
    reach: () => connectRpc(socketPath),
    methods: {
      host: () =>
        ok({ kind: 'browser', version: '0.1.0', preferences: [], update: { state: 'off', why: 'browser' } }),
      notices: () => ok({ text: 'NOTICES' }),
      'check-for-updates': () => ok({ update: { state: 'off', why: 'browser' } }),
      'set-preference': () => err(failure('rpc.denied', { method: 'set-preference' })),
    },
  });
  if (!started.ok) throw new Error(JSON.stringify(started.error));
  return started.value;
}

const viewOrder: readonly ViewName[] = ['connection', 'profiles', 'details', 'logs', 'settings'];

/** Goes to a view by its button, as a user does. */
export async function goTo(page: Page, view: ViewName): Promise<void> {
  await page.locator('.nav-item').nth(viewOrder.indexOf(view)).click();
  // The first time a view is fetched.
  await page.locator(`main[data-view="${view}"] h1:visible`).first().waitFor();
}

/** Errors that the page had: exceptions, and what the Content-Security-Policy refused. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}
