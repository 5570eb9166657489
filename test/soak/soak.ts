import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, bundleFolder } from '../../build/bundle.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';
import { runSoak, type SoakResult } from './run-soak.ts';

const usage = `npm run soak -- [--seconds S] [--gibibytes G] [--flows N] [--loss PERCENT] [--json]

TCP through a tunnel to strongSwan, over a path that loses datagrams, with keys replaced every 20 seconds: every octet is compared.
Ten minutes, 5 GiB, 32 flows and 1 percent unless told otherwise.`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    gibibytes: { type: 'string', default: '5' },
    flows: { type: 'string', default: '32' },
    loss: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stderr.write(`${usage}\n`);
else await main();

async function main(): Promise<void> {
  const obstacle = (await enterSandbox()) ?? strongSwanObstacle() ?? missingPrograms(['nft']);
  if (obstacle !== undefined) return fail(`It cannot run here: ${obstacle}.`);
  try {
    // What is shipped is what is tried.
    await bundle();
    process.env['GODWIT_DAEMON'] = join(bundleFolder, 'godwitd.js');
    const { seconds, gibibytes, flows, loss } = values;
    const options = { seconds: Number(seconds), gibibytes: Number(gibibytes) };
    tell(await runSoak({ ...options, flows: Number(flows), lossPercent: Number(loss) }));
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function tell(result: SoakResult): void {
  process.stdout.write(`${JSON.stringify(result, undefined, values.json ? undefined : 2)}\n`);
  if (!result.ok) process.exitCode = 1;
}

function fail(reason: string): void {
  process.stderr.write(`${reason}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ ok: false, reason })}\n`);
  process.exitCode = 1;
}
