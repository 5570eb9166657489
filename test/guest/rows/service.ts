import { addresses } from '../../support/topology.ts';
import { type Bench, type GuestRow, patienceMs } from '../bench.ts';

const theme = 'service';

export const serviceRows: readonly GuestRow[] = [
  { theme, name: 'login to the kernel ESP, split names through systemd-resolved, nothing left', run: office },
  { theme, name: 'systemctl restart disconnects, leaves nothing, and a login follows', run: restarts },
  { theme, name: 'after SIGKILL systemd starts it again, and it takes back what it changed', run: killed },
  {
    theme,
    name: 'after suspend to RAM the connection is found dead and made again',

    run: sleeps,
  },
];

async function office(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  const charon = await bench.startGateway();
  const { outside, inside } = await bench.startNames();
  bench.storeProfile('office', { dns: { domains: ['corp.example'] } });
  const before = await bench.look();
  const start = performance.now();
  await bench.up('office', 'alice');
  bench.note(`connected after ${Math.round(performance.now() - start)} ms`);
  const problems = await bench.ping();
  const states = await bench.gateway.must(['ip', '-s', 'xfrm', 'state']);
  if (!/espinudp/.test(states)) problems.push(`the kernel has no ESP in UDP: ${states}`);
  const [child] = (await charon.sas()).flatMap(({ children }) => children);
  if (child === undefined || child.packetsIn < 3 || child.packetsOut < 3)
    problems.push(`the kernel counts ${child?.packetsIn} packets in, ${child?.packetsOut} out`);
  problems.push(
    ...(await resolves(bench, 'host.corp.example', addresses.lan.v4)),
    ...(await resolves(bench, 'www.example.net', addresses.internet.v4)),
  );
  if (/corp\.example/.test(outside.stdout)) problems.push('a name of the company was asked for outside');
  if (!/host\.corp\.example/.test(inside.stdout)) problems.push('no name was asked for inside');
  if (/www\.example\.net/.test(inside.stdout)) problems.push('a name of the world was asked for inside');
  const { status, stderr } = await bench.godwit('alice', ['down']);
  if (status !== 0) problems.push(`godwit down ended with ${status}: ${stderr}`);
  problems.push(...(await bench.leftovers(before)));
  const xfrm = await bench.gateway.must(['ip', 'xfrm', 'state']);
  if (xfrm !== '') problems.push(`the gateway was not told: ${xfrm}`);
  return problems;
}

async function resolves(bench: Bench, name: string, address: string): Promise<string[]> {
  const { status, stdout, stderr } = await bench.sh(`resolvectl --cache=no -4 query ${name}`);
  return status === 0 && stdout.includes(address) ? [] : [`resolvectl query ${name}: ${stdout}${stderr}`];
}

async function restarts(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office');
  const before = await bench.look();
  await bench.up('office');
  const problems = await bench.ping();
  await bench.must('systemctl restart godwitd');
  // At once: systemd waits until the daemon says so.
  if (!(await bench.answers())) problems.push('systemctl is done before the daemon answers');
  problems.push(...(await bench.leftovers(before)));
  const sas = await bench.charon.sas();
  if (sas.length > 0) problems.push(`the gateway still has ${sas.length} IKE SAs`);
  await bench.up('office');
  problems.push(...(await bench.ping()), ...(await bench.down()), ...(await bench.leftovers(before)));
  return problems;
}

async function killed(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office', { dns: { domains: ['corp.example'] } });
  const before = await bench.look();
  await bench.up('office');
  const pid = await bench.must('systemctl show -P MainPID godwitd');
  await bench.must('systemctl kill --kill-whom=main --signal=KILL godwitd');
  const problems = await bench.until('systemd starts the daemon again', async () => {
    const now = await bench.must('systemctl show -P MainPID godwitd');
    return now !== pid && now.trim() !== '0';
  });
  problems.push(
    ...(await bench.until('the daemon answers', () => bench.answers())),
    ...(await bench.leftovers(before)),
  );
  await bench.up('office');
  problems.push(...(await bench.ping()), ...(await bench.down()), ...(await bench.leftovers(before)));
  return problems;
}

/** While the machine sleeps the gateway gives up on it: the goodbye is lost on the way. */
async function sleeps(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  const charon = await bench.startGateway();
  bench.storeProfile('office', { livenessSeconds: 300 });
  const before = await bench.look();
  await bench.up('office');
  const problems = await bench.ping();
  const [first] = await charon.sas();
  await bench.router.nft('add chain inet lab cut { type filter hook forward priority 0; policy drop; }');
  await charon.vici.request('terminate', { ike: 'gateway', force: 'yes', timeout: '-1' });
  const gone = await bench.until('the gateway forgets', async () => (await charon.sas()).length === 0);
  if (gone.length > 0) return gone;
  await bench.deed({ do: 'wake', afterMs: 10_000 });
  await bench.must('systemctl suspend && sleep 1 && systemctl is-active suspend.target >/dev/null; true');
  problems.push(
    ...(await bench.until('the machine has slept', async () => {
      const { stdout } = await bench.sh('journalctl -b -k --no-pager -o cat | grep -c "PM: suspend exit"');
      return Number(stdout) > 0;
    })),
  );
  await bench.router.nft('delete chain inet lab cut');
  // Far earlier than the 300 seconds of silence after which it would ask without a sleep.
  problems.push(
    ...(await bench.until(
      'a new IKE SA',
      async () => {
        const [now] = await charon.sas();
        return now?.state === 'ESTABLISHED' && now.initiatorSpi !== first?.initiatorSpi;
      },
      2 * patienceMs,
    )),
    ...(await bench.ping()),
    ...(await bench.down()),
    ...(await bench.leftovers(before)),
  );
  return problems;
}
