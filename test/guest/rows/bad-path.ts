import type { Bench, GuestRow } from '../bench.ts';
import { moveFile } from './move-file.ts';

const theme = 'bad path';

/** Each way, in the words of tc-netem(8). */
const paths = [
  { name: 'far: 150 ms each way', netem: 'delay 150ms 10ms' },
  { name: 'loses one packet of twenty', netem: 'delay 20ms loss 5%' },
  { name: 'reorders a quarter of the packets', netem: 'delay 30ms 5ms reorder 75% 50%' },
  { name: 'doubles and damages some', netem: 'delay 10ms duplicate 5% corrupt 1%' },
  { name: 'all of it', netem: 'delay 60ms 20ms loss 2% duplicate 2% reorder 90% 25%' },
];

export const badPathRows: readonly GuestRow[] = paths.map(({ name, netem }) => ({
  theme,
  name: `login and a file over a path that is so: ${name}`,

  run: (bench: Bench) => overPath(bench, netem),
}));

async function overPath(bench: Bench, netem: string): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office');
  const before = await bench.look();
  const devices = ['home', 'wan'];
  for (const device of devices)
    await bench.router.must(['tc', 'qdisc', 'replace', 'dev', device, 'root', 'netem', ...netem.split(' ')]);
  const problems: string[] = [];
  try {
    const start = performance.now();
    await bench.up('office');
    bench.note(`connected after ${Math.round(performance.now() - start)} ms`);
    problems.push(...(await moveFile(bench, 256 * 1024)));
  } finally {
    for (const device of devices) await bench.router.run(['tc', 'qdisc', 'del', 'dev', device, 'root']);
  }
  problems.push(...(await bench.down()), ...(await bench.leftovers(before)));
  return problems;
}
