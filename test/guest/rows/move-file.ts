import { addresses } from '../../support/topology.ts';
import { type Bench, patienceMs } from '../bench.ts';

const program = ['/mnt/node', '/mnt/file-transfer.js'];
const port = '5005';

/** One TCP connection each way through the tunnel, with the hash checked at both ends. */
export async function moveFile(bench: Bench, octets: number, seconds = 120): Promise<string[]> {
  const problems: string[] = [];
  const own = /inet ([\d.]+)/.exec(await bench.must('ip -4 -o addr show dev godwit0'))?.[1] ?? '';
  const ways = [
    { name: 'down', from: bench.lan, to: bench.guest, address: addresses.lan.v4 },
    { name: 'up', from: bench.guest, to: bench.lan, address: own },
  ];
  for (const { name, from, to, address } of ways) {
    const server = from.spawn([...program, 'serve', address, port, String(octets)]);
    const [, served] = await server.waitFor(/ready (\w+)/, patienceMs);
    const { status, stdout, stderr } = await to.run([
      'timeout',
      String(seconds),
      ...program,
      'fetch',
      address,
      port,
    ]);
    await server.stop();
    if (status !== 0) problems.push(`${octets} octets ${name}: ended with ${status} ${stderr}`);
    else {
      const fetched: { octets: number; seconds: number; sha256: string } = JSON.parse(stdout);
      if (fetched.sha256 !== served) problems.push(`${octets} octets ${name}: not as they were sent`);
      bench.note(
        `${fetched.octets} octets ${name} in ${fetched.seconds.toFixed(1)} s: ${((fetched.octets * 8e-6) / fetched.seconds).toFixed(1)} Mbit/s`,
      );
    }
  }
  return problems;
}
