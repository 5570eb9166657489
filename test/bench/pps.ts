import { Lab } from '../support/net/lab.ts';
import { layCable } from './cable.ts';
import { runIperf } from './iperf.ts';
import type { BenchPair } from './pairs/pair.ts';
import { ratio, round2, worse } from './ratios.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

/** Inner packets of 64 octets: 20 of IPv4, 8 of UDP, 36 of payload. */
const payloadOctets = 36;

/** How many packets of 64 octets a second come out at the far end when as many as go are sent. */
export async function benchPps(
  pairs: readonly BenchPair[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<BenchResult> {
  const samples = new Map<string, number[]>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const pair of pairs) {
      const lab = new Lab(`bench-${pair.name}`);
      try {
        const network = await layCable(lab);
        const tunnel = await pair.open(network);
        for (const reverse of [false, true]) {
          const udp = { bitsPerSecond: 0, octets: payloadOctets };
          const { datagrams, seconds: took } = await runIperf(network, { seconds, reverse, udp });
          const metric = reverse ? 'download' : 'upload';
          const key = `${pair.name} ${metric}`;
          samples.set(key, [...(samples.get(key) ?? []), datagrams / took]);
          say(
            `round ${round}: ${pair.name.padEnd(18)} ${metric.padEnd(10)} ${Math.round(datagrams / took)} packets/s`,
          );
        }
        await tunnel.close();
      } finally {
        await lab.close();
      }
    }
  }
  const rows = [...samples].map(([key, of]): BenchRow => {
    const [peer = '', metric = ''] = key.split(' ');
    return { peer, metric, unit: '1/s', ...spread(of) };
  });
  const ratios: Record<string, number> = {};
  for (const peer of new Set(rows.map((row) => row.peer))) {
    if (peer.startsWith('godwit')) continue;
    const each = ['upload', 'download'].map((metric) => ratio(rows, 'godwit', peer, metric));
    ratios[`godwit/${peer}`] = round2(worse(each, 'higher is better'));
  }
  return { ok: true, name: 'pps', rows, ratios };
}
