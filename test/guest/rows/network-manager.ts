import { type Bench, type GuestRow, patienceMs } from '../bench.ts';

const theme = 'NetworkManager';

export const networkManagerRows: readonly GuestRow[] = [
  {
    theme,
    name: 'it leaves the tunnel alone, and its own restarts and reconnects do no harm',
    run: coexists,
  },
  {
    theme,
    name: 'a cable that is pulled, with another network at hand, costs a pause and no more',
    run: roams,
  },
];

async function coexists(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office', { dns: { domains: ['corp.example'] } });
  const before = await bench.look();
  await bench.up('office');
  const connected = await bench.look();
  const { stdout: device } = await bench.sh("nmcli -t -f DEVICE,STATE device | grep '^godwit0:'");
  const problems = /^godwit0:(unmanaged|connected \(externally\))$/m.test(device)
    ? []
    : [`NetworkManager says of the tunnel: ${device}`];
  bench.note(device);
  for (const deed of [
    'nmcli connection up home',
    'nmcli device reapply "$(nmcli -g GENERAL.DEVICES connection show home)"',
    'nmcli networking off && nmcli networking on',
    'systemctl restart NetworkManager',
    'nmcli connection reload',
  ]) {
    await bench.must(deed);
    const restored = await bench.until(
      `all as before after ${deed}`,
      async () => (await bench.leftovers(connected)).length === 0,
      patienceMs,
    );
    if (restored.length > 0) problems.push(...restored, ...(await bench.leftovers(connected)));
    problems.push(...(await bench.ping()).map((each) => `after ${deed}: ${each}`));
  }
  problems.push(...(await bench.down()));
  const left = await bench.until('nothing is left', async () => (await bench.leftovers(before)).length === 0);
  return [...problems, ...(left.length === 0 ? [] : await bench.leftovers(before))];
}

async function roams(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office');
  await bench.must('nmcli connection up home');
  const before = await bench.look();
  await bench.up('office');
  const problems = await bench.ping();
  const spi = async (): Promise<unknown> => (await bench.tunnel())?.ike.initiatorSpi;
  const first = await spi();
  await bench.must('nmcli connection up cafe');
  for (const [card, up] of [
    ['home', false],
    ['home', true],
  ] as const) {
    const start = performance.now();
    await bench.deed({ do: 'link', card, up });
    problems.push(
      ...(await bench.until(`a ping after the cable is ${up ? 'in' : 'out'}`, async () => {
        const { status } = await bench.guest.run(['ping', '-c', '1', '-W', '2', '10.77.0.10']);
        return status === 0;
      })),
    );
    bench.note(`cable ${up ? 'in' : 'out'}: pings pass after ${Math.round(performance.now() - start)} ms`);
    problems.push(
      ...(await bench.until(`NetworkManager has home ${up ? 'up' : 'down'}`, async () => {
        const { stdout } = await bench.sh('nmcli -g GENERAL.STATE connection show home');
        return (stdout.trim() === 'activated') === up;
      })),
      ...(await bench.ping()),
    );
  }
  if ((await spi()) !== first) problems.push('another IKE SA: it logged in again where MOBIKE would do');
  await bench.must('nmcli connection down cafe');
  problems.push(...(await bench.ping()), ...(await bench.down()));
  const left = await bench.until('nothing is left', async () => (await bench.leftovers(before)).length === 0);
  return [...problems, ...(left.length === 0 ? [] : await bench.leftovers(before))];
}
