import type { Bench, GuestRow } from '../bench.ts';

const theme = 'package';

export const removalRows: readonly GuestRow[] = [
  {
    theme,
    name: 'an upgrade while connected keeps profiles and what was switched off',
    // One more installation and two logins.
    seconds: 1_200,
    run: upgrade,
  },
  { theme, name: 'removing it while connected disconnects; purging it leaves nothing', run: remove },
];

async function upgrade(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office');
  await bench.must('mkdir -p /var/lib/godwit/kept && touch /var/lib/godwit/kept/file');
  const before = await bench.look();
  await bench.up('office');
  const { status, stdout, stderr } = await bench.apt(['install', '--yes', bench.successor]);
  const problems = status === 0 ? [] : [`apt-get ended with ${status}: ${stdout}${stderr}`];
  if (!(await bench.answers())) problems.push('apt-get is done before the daemon answers');
  problems.push(...(await bench.leftovers(before)));
  const facts: readonly (readonly [string, RegExp])[] = [
    ["dpkg-query -Wf '${Version}' godwit", /\+next$/],
    ['systemctl is-active godwitd', /^active$/],
    ['systemctl is-enabled godwitd', /^enabled$/],
    ['ls /etc/godwit/profiles /var/lib/godwit/kept', /office\.json[\s\S]*office\.password[\s\S]*file/],
    ['stat -c %a /etc/godwit/profiles/office.password', /^600$/],
  ];
  for (const [line, expected] of facts) {
    const { stdout } = await bench.sh(line);
    if (!expected.test(stdout.trim())) problems.push(`${line}: ${stdout}`.trim());
  }
  await bench.up('office');
  problems.push(...(await bench.ping()), ...(await bench.down()));
  // As dpkg runs it at an upgrade.
  await bench.must('systemctl disable --now godwitd && /var/lib/dpkg/info/godwit.postinst configure 0.1.0');
  const off = await bench.sh('systemctl is-active godwitd; systemctl is-enabled godwitd');
  if (off.stdout !== 'inactive\ndisabled\n')
    problems.push(`what was off is on after an upgrade: ${off.stdout}`);
  await bench.must('systemctl enable --now godwitd');
  return problems;
}

async function remove(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway();
  bench.storeProfile('office', { dns: { domains: ['corp.example'] } });
  const before = await bench.look();
  await bench.up('office');
  const problems = await bench.ping();
  const removal = await bench.apt(['remove', '--yes', 'godwit']);
  if (removal.status !== 0) problems.push(`apt-get remove: ${removal.stdout}${removal.stderr}`);
  problems.push(...(await bench.leftovers(before)));
  const sas = await bench.charon.sas();
  if (sas.length > 0) problems.push('the gateway was not told');
  const kept = await bench.sh('ls /etc/godwit/profiles/office.json');
  if (kept.status !== 0) problems.push('removing took the profiles, which only purging does');
  const purge = await bench.apt(['purge', '--yes', 'godwit']);
  if (purge.status !== 0) problems.push(`apt-get purge: ${purge.stdout}${purge.stderr}`);
  const complaint = /^.*\b(warning|not removed|failed)\b.*$/im.exec(
    removal.stdout + purge.stdout + purge.stderr,
  )?.[0];
  if (complaint !== undefined) problems.push(`while removing: ${complaint}`);
  // On purpose: files may still belong to it.
  if ((await bench.sh('getent group godwit')).status !== 0) problems.push('a purge took the group');
  const found = await bench.must(
    "find /etc /usr /opt /var /run -xdev -iname '*godwit*' ! -path '/var/log/*' ! -path '/var/cache/apt/*' ! -path '/run/lab/*' ! -path '/run/udev/*' 2>/dev/null; systemctl list-unit-files --no-legend 'godwit*' || true",
  );
  if (found !== '') problems.push(`left behind: ${found.trim().replaceAll('\n', ', ')}`);
  bench.removed();
  return problems;
}
