import { parseArgs } from 'node:util';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { godwit, godwitToStrongSwan } from './pairs/godwit.ts';
import { libipsec } from './pairs/libipsec.ts';
import type { BenchPair } from './pairs/pair.ts';
import { say, table } from './report.ts';
import { benchTunnel } from './tunnel.ts';

const usage = `npm run bench -- tunnel [--json] [--rounds N] [--seconds S] [--only NAME,NAME]

  tunnel   one TCP flow through the tunnel, both directions, Godwit and its peers side by side`;

const pairs: readonly BenchPair[] = [libipsec, godwit, godwitToStrongSwan];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help || positionals[0] !== 'tunnel') {
  say(usage);
  process.exitCode = options.help ? 0 : 2;
} else {
  const obstacle = missingPrograms(['iperf3']) ?? (await enterSandbox());
  if (obstacle !== undefined) fail(`The bench cannot run: ${obstacle}.`);
  else await tunnel();
}

async function tunnel(): Promise<void> {
  const wanted = options.only?.split(',');
  const able = pairs.filter((pair) => {
    if (wanted !== undefined && !wanted.includes(pair.name)) return false;
    const obstacle = pair.obstacle();
    if (obstacle !== undefined) say(`${pair.name} is left out: ${obstacle}`);
    return obstacle === undefined;
  });
  try {
    const result = await benchTunnel(able, {
      rounds: Number(options.rounds),
      seconds: Number(options.seconds),
    });
    process.stdout.write(`${options.json ? JSON.stringify(result) : table(result)}\n`);
  } catch (error) {
    fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function fail(reason: string): void {
  say(reason);
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ok: false, name: 'tunnel', reason, rows: [], ratios: {} })}\n`);
  process.exitCode = 1;
}
