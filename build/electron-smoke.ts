import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { electronMissing, findElectron } from './electron-binary.ts';
import { bundleApp } from './package/bundle-app.ts';
import { root } from './testing/run-tests.ts';
import { buildUi } from './ui/build-ui.ts';

/** Why the real app cannot be started here; `undefined` where it can. */
export function whyNoSmoke(
  electron: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  uid: number | undefined,
): string | undefined {
  if (electron === undefined) return electronMissing;
  if (uid === 0) return "Chromium's sandbox does not run as root: start this as an ordinary user.";
  if (env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined)
    return 'There is no display: start this on a desktop, or with xvfb-run.';
  return undefined;
}

/** Starts the real app and looks at what only Electron itself can show. Throws what is wrong. */
async function smoke(electron: string): Promise<string[]> {
  await buildUi();
  await bundleApp();
  const { _electron } = await import('playwright-core');
  const home = mkdtempSync(join(tmpdir(), 'godwit-smoke-'));
  const app = await _electron.launch({ executablePath: electron, args: [root, `--user-data-dir=${home}`] });
  try {
    const page = await app.firstWindow();
    await page.waitForSelector('body *');
    const seen = await page.evaluate(() => ({
      bridge: typeof Reflect.get(globalThis, 'godwitLine'),
      require: typeof Reflect.get(globalThis, 'require'),
      process: typeof Reflect.get(globalThis, 'process'),
    }));
    const preferences = await app.evaluate(({ webContents }) =>
      webContents.getAllWebContents().map((contents) => {
        // Not among Electron's documented methods.
        const { sandbox, contextIsolation, nodeIntegration } = Reflect.get(
          contents,
          'getLastWebPreferences',
        ).call(contents);
        return { sandbox, contextIsolation, nodeIntegration };
      }),
    );
    const got = JSON.stringify({ ...seen, preferences });
    const wanted = JSON.stringify({
      bridge: 'object',
      require: 'undefined',
      process: 'undefined',
      preferences: [{ sandbox: true, contextIsolation: true, nodeIntegration: false }],
    });
    if (got !== wanted) throw new Error(`The page has ${got}, and should have ${wanted}.`);
    return [`The window is open at ${page.url()}: ${await page.title()}`, got];
  } finally {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const electron = findElectron(join(root, 'node_modules/electron'));
  const why = whyNoSmoke(electron, process.env, process.getuid?.());
  if (why !== undefined || electron === undefined) {
    process.stdout.write(`Skipped. ${why}\n`);
  } else {
    process.stdout.write(`${(await smoke(electron)).join('\n')}\n`);
  }
}
