import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../build/testing/run-tests.ts';
import { buildUi } from '../../build/ui/build-ui.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';
import { fakeChecks } from './fake/checks.ts';
import { pictureChecks } from './fake/pictures.ts';
import { liveChecks } from './live/checks.ts';
import { browserObstacle } from './support/browser.ts';
import type { Check } from './support/check.ts';

const usage = `npm run e2e [-- --json --filter RE --quick]

  The built interface in Chromium: with a fake host every state, error and empty screen; live with the daemon and strongSwan.
  Screenshots go to .cache/e2e. --quick takes one of each scene, without it at three sizes, themes and languages.`;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    filter: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

export interface E2eResult {
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly screenshots: readonly string[];
  readonly failures: readonly { readonly name: string; readonly problem: string }[];
}

const folder = join(root, '.cache/e2e');

if (options.help) process.stderr.write(`${usage}\n`);
else {
  const result = await run();
  // The bundler keeps threads that would hold the process open after its work is done.
  const end = (): never => process.exit(result.ok ? 0 : 1);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`, end);
  else end();
}

async function run(): Promise<E2eResult> {
  // The sandbox starts this program again inside; what follows happens once.
  const networkObstacle = (await enterSandbox()) ?? missingPrograms(['ip', 'iperf3']) ?? strongSwanObstacle();
  const noBrowser = browserObstacle();
  if (noBrowser === undefined) await buildUi();
  const wanted = new RegExp(options.filter);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const screenshots: string[] = [];
  const groups: readonly (readonly [checks: readonly Check[], obstacle: string | undefined])[] = [
    [fakeChecks, noBrowser],
    [pictureChecks(options.quick), noBrowser],
    [liveChecks, noBrowser ?? networkObstacle],
  ];
  let passed = 0;
  let skipped = 0;
  const failures: { name: string; problem: string }[] = [];
  for (const [checks, obstacle] of groups) {
    for (const { name, run: runCheck } of checks.filter((each) => wanted.test(each.name))) {
      if (obstacle !== undefined) {
        skipped++;
        say(`skipped  ${name}: ${obstacle}`);
        continue;
      }
      const start = performance.now();
      try {
        await runCheck({
          folder,
          keep: (file) => screenshots.push(file),
        });
        passed++;
        say(`ok       ${name} (${Math.round(performance.now() - start)} ms)`);
      } catch (error) {
        const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
        failures.push({ name, problem });
        say(`FAILED   ${name}\n${problem.replace(/^/gm, '           ')}`);
      }
    }
  }
  return { ok: failures.length === 0, passed, failed: failures.length, skipped, screenshots, failures };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
