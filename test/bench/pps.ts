import { eachPair } from './each-pair.ts';
import { runIperf } from './iperf.ts';
import type { BenchPair } from './pairs/pair.ts';
import { ratio, round2, worse } from './ratios.ts';
import type { BenchResult } from './report.ts';

/** Inner packets of 64 octets: 20 of IPv4, 8 of UDP, 36 of payload. */
const payloadOctets = 36;

/** How many packets of 64 octets a second come out at the far end when as many as go are sent. */
export async function benchPps(
  pairs: readonly BenchPair[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<BenchResult> {
  const rows = await eachPair(pairs, rounds, async (network, _tunnel, note) => {
    for (const reverse of [false, true]) {
      const udp = { bitsPerSecond: 0, octets: payloadOctets };
      const { datagrams, seconds: took } = await runIperf(network, { seconds, reverse, udp });
      note(reverse ? 'download' : 'upload', '1/s', datagrams / took);
    }
  });
  const ratios: Record<string, number> = {};
  for (const peer of new Set(rows.map((row) => row.peer))) {
    if (peer.startsWith('godwit')) continue;
    const each = ['upload', 'download'].map((metric) => ratio(rows, 'godwit', peer, metric));
    ratios[`godwit/${peer}`] = round2(worse(each, 'higher is better'));
  }
  return { ok: true, name: 'pps', rows, ratios };
}
