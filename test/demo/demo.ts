import { parseArgs } from 'node:util';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { strongSwanObstacle } from '../support/peers/strongswan.ts';
import { type DemoResult, runDemo } from './run-demo.ts';
import { Screen } from './screen.ts';

const usage = `npm run demo [-- --gateway embedded|strongswan] [--json] [--nat kernel|relay]

Makes a small world of network namespaces, starts a gateway and the Godwit daemon in it, logs in as alice through a
NAT, moves a file, and takes everything away again. Works as root and as an ordinary user.

  --gateway   the gateway to log in to: Godwit's own embedded one (default), or strongSwan
  --nat       who translates addresses: the kernel (default where nftables are), or a relay of the demo's own
  --json      print the result as one JSON object`;

const { values: options } = parseArgs({
  options: {
    gateway: { type: 'string', default: 'embedded' },
    json: { type: 'boolean', default: false },
    nat: { type: 'string', default: 'kernel' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  process.stdout.write(`${usage}\n`);
} else if (options.gateway === 'embedded' || options.gateway === 'strongswan') {
  await main(options.gateway);
} else {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
}

async function main(gateway: DemoResult['gateway']): Promise<void> {
  const screen = new Screen(options.json ? process.stderr : process.stdout);
  const programs = missingPrograms(['ping']);
  const peer = gateway === 'strongswan' ? strongSwanObstacle() : undefined;
  const obstacle = programs ?? peer ?? (await enterSandbox());
  if (obstacle !== undefined) {
    screen.line(`The demo cannot run here: ${obstacle}.`);
    print({ ok: false, gateway, skipped: obstacle });
    process.exitCode = 1;
    return;
  }
  try {
    const result = await runDemo(gateway, { relay: options.nat === 'relay' }, screen);
    print(result);
    process.exitCode = result.ok ? 0 : 1;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    screen.line(`\nThe demo failed: ${reason}`);
    print({ ok: false, gateway, reason });
    process.exitCode = 1;
  }
}

function print(result: object): void {
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
}
