import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Bench, GuestRow } from '../bench.ts';

const theme = 'package';

/** NET_ADMIN, SETUID, SETGID, KILL, CHOWN: what the unit leaves to the daemon. */
const capabilities = [12, 7, 6, 5, 0].reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);

export const packageRows: readonly GuestRow[] = [
  { theme, name: 'apt installs the package, and its scripts start the service', run: installs },
  { theme, name: 'the unit holds the daemon in', run: holdsIn },
  { theme, name: 'members of the group use the daemon, others are told how', run: letsIn },
  { theme, name: 'polkit lets members of the group reach smart cards, and nobody else', run: reachesCards },
];

async function installs(bench: Bench): Promise<readonly string[]> {
  const { status, stdout, stderr } = await bench.install();
  if (status !== 0) return [`apt-get ended with ${status}: ${stdout}${stderr}`];
  const problems: string[] = [];
  const complaint = /^.*\b(error|warning|failed|cannot)\b.*$/im.exec(stdout + stderr)?.[0];
  if (complaint !== undefined) problems.push(`while installing: ${complaint}`);
  const facts: readonly (readonly [string, RegExp])[] = [
    ['systemctl is-active godwitd', /^active$/],
    ['systemctl is-enabled godwitd', /^enabled$/],
    ['getent group godwit', /^godwit:x:\d+:/],
    ['stat -c "%a %U %G" /run/godwit/godwitd.sock', /^660 root godwit$/],
    ['stat -c "%a %U" /etc/godwit/profiles', /^755 root$/],
    ['stat -c "%a %U" /var/lib/godwit', /^700 root$/],
    ['systemd-analyze verify godwitd.service 2>&1 | grep -i godwit; true', /^$/],
    ['systemctl --failed --no-legend --plain', /^$/],
    [
      'test "$(godwit --version)" = "$(dpkg-query -Wf \'${source:Upstream-Version}\' godwit)" && echo same',
      /^same$/,
    ],
  ];
  for (const [line, expected] of facts) {
    const { stdout, stderr } = await bench.sh(line);
    if (!expected.test(stdout.trim())) problems.push(`${line}: ${stdout}${stderr}`.trim());
  }
  return problems;
}

async function holdsIn(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  const problems: string[] = [];
  const pid = (await bench.must('systemctl show -P MainPID godwitd')).trim();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  for (const set of ['CapBnd', 'CapEff', 'CapPrm']) {
    if (BigInt(`0x${of(set)}`) !== capabilities) problems.push(`${set} is ${of(set)}`);
  }
  if (of('NoNewPrivs') !== '1') problems.push('it may gain privileges');
  if (of('Seccomp') !== '2') problems.push('no system call is filtered');
  const inside = `nsenter --target ${pid} --mount --`;
  for (const path of [
    '/usr/x',
    '/opt/Godwit/x',
    '/boot/x',
    '/etc/cron.d/x',
    '/etc/passwd',

    '/var/x',
  ]) {
    const { status } = await bench.sh(`${inside} sh -c 'echo >>${path}' 2>/dev/null`);
    if (status === 0) problems.push(`it may write ${path}`);
  }
  for (const path of ['/run/godwit/x', '/var/lib/godwit/x', '/etc/x']) {
    const { status, stderr } = await bench.sh(`${inside} sh -c 'echo >>${path} && rm ${path}'`);
    if (status !== 0) problems.push(`it may not write ${path}: ${stderr}`);
  }
  const verdict = await bench.must('systemd-analyze security --no-pager godwitd.service | tail -1');
  const exposure = Number(/level for .*: ([\d.]+)/.exec(verdict)?.[1] ?? 10);
  bench.note(`systemd-analyze security: ${verdict.trim()}`);
  if (exposure > 4) problems.push(`systemd-analyze security says ${exposure}, where 4 is the most`);
  return problems;
}

async function letsIn(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  const problems: string[] = [];
  const member = await bench.godwit('alice', ['status', '--json']);
  if (member.status !== 0) problems.push(`alice: ${member.status} ${member.stdout}${member.stderr}`);
  const other = await bench.godwit('mallory', ['status']);
  if (other.status !== 4) problems.push(`mallory: ended with ${other.status}`);
  if (!/group godwit/.test(other.stderr)) problems.push(`mallory is not told of the group: ${other.stderr}`);
  return problems;
}

const actionsOfPcscd = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<policyconfig>
${['pcsc', 'card']
  .map(
    (what) => `<action id="org.debian.pcsc-lite.access_${what}">
  <description>Access</description><message>Access</message>
  <defaults><allow_any>no</allow_any><allow_inactive>no</allow_inactive><allow_active>yes</allow_active></defaults>
</action>`,
  )
  .join('\n')}
</policyconfig>
`;

/** As the daemon's child asks it: a process of the user that belongs to no session. */
async function reachesCards(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  // Debian 12 builds pcscd without polkit; these are the actions of those that have it.
  const policy = '/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy';
  writeFileSync(policy, actionsOfPcscd);
  await bench.must('systemctl restart polkit');
  const problems: string[] = [];
  for (const action of ['org.debian.pcsc-lite.access_pcsc', 'org.debian.pcsc-lite.access_card']) {
    for (const [user, allowed] of [
      ['alice', true],
      ['mallory', false],
    ] as const) {
      const process = bench.guest.spawn(['runuser', '-u', user, '--', 'sh', '-c', 'echo $$; exec sleep 300']);
      const [, pid = ''] = await process.waitFor(/^(\d+)$/m, 60_000);
      const { status, stderr } = await bench.sh(`pkcheck --action-id ${action} --process ${pid}`);
      await process.stop();
      if ((status === 0) !== allowed) problems.push(`${user}, ${action}: ${status} ${stderr.trim()}`);
    }
  }
  rmSync(policy);
  const said = await bench.sh('journalctl -b -u polkit --no-pager -o cat | grep -i "error\\|godwit"');
  if (said.stdout !== '') problems.push(`polkit: ${said.stdout}`);
  return problems;
}
