import { addresses } from '../../support/topology.ts';
import type { Bench, GuestRow } from '../bench.ts';
import { moveFile } from './move-file.ts';

const theme = 'kernel ESP';

/** What both ends agree on when the gateway's CHILD SA takes these proposals and the profile offers those. */
interface Agreement {
  readonly gateway: readonly string[];
  readonly profile?: readonly string[];
  /** In our notation. */
  readonly esp: string;
  /** In the kernel's listing. */
  readonly kernel: RegExp;
}

const agreements: readonly (Agreement & { readonly name: string })[] = [
  {
    name: 'extended sequence numbers with AES-GCM',
    gateway: ['aes256gcm16-esn'],
    profile: ['aes256gcm16-esn'],
    esp: 'aes256gcm16-esn',
    kernel: /rfc4106\(gcm\(aes\)\)[\s\S]*flag[^\n]*esn/,
  },
  {
    name: 'extended sequence numbers with AES-CBC and HMAC-SHA-256',
    gateway: ['aes256-sha256-esn'],
    profile: ['aes256-sha256-esn'],
    esp: 'aes256-sha256-esn',
    kernel: /hmac\(sha256\)[\s\S]*flag[^\n]*esn/,
  },
  {
    name: 'extended sequence numbers where the client offers both, with ChaCha20',
    gateway: ['chacha20poly1305-esn'],
    profile: ['chacha20poly1305-esn-noesn'],
    esp: 'chacha20poly1305-esn',
    kernel: /rfc7539esp[\s\S]*flag[^\n]*esn/,
  },
  {
    name: 'no extended sequence numbers where the gateway has none',
    gateway: ['aes256gcm16'],
    profile: ['aes256gcm16-esn-noesn'],
    esp: 'aes256gcm16',
    kernel: /rfc4106/,
  },
  ...[
    ['aes128gcm16', /rfc4106/],
    ['chacha20poly1305', /rfc7539esp/],
    ['aes256-sha256', /hmac\(sha256\)/],
    ['aes128-sha384', /hmac\(sha384\)/],
    ['aes192-sha512', /hmac\(sha512\)/],
  ].map(([esp, kernel]) => ({
    name: `${esp}`,
    gateway: [String(esp)],
    profile: [String(esp)],
    esp: String(esp),
    kernel: new RegExp(kernel ?? ''),
  })),
];

export const kernelEspRows: readonly GuestRow[] = [
  ...agreements.map((each) => ({
    theme,
    name: each.name,
    run: (bench: Bench) => agrees(bench, each),
  })),
  { theme, name: 'extended sequence numbers over rekeys from either side', run: rekeys },
  { theme, name: 'extended sequence numbers past 2^32', run: wraps },
  { theme, name: 'padding that hides the traffic', run: padded },
  { theme, name: 'a gateway that would compress compresses nothing', run: compression },
  { theme, name: 'GMAC and a truncation to 96 bits are refused in words', run: refused },
];

async function agrees(
  bench: Bench,
  { gateway, profile, esp, kernel }: Agreement,
): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway({ child: { esp_proposals: [...gateway] } });
  bench.storeProfile('office', profile === undefined ? {} : { proposals: { esp: profile } });
  await bench.up('office');
  const problems = await inAgreement(bench, esp, kernel);
  problems.push(...(await moveFile(bench, 1 << 18)), ...(await bench.down()));
  return problems;
}

async function inAgreement(bench: Bench, esp: string, kernel: RegExp): Promise<string[]> {
  const states = await bench.gateway.must(['ip', '-d', 'xfrm', 'state']);
  const problems = kernel.test(states) ? [] : [`the kernel's SA is another: ${states}`];
  const ours = (await bench.tunnel())?.esp.proposal;
  if (ours !== esp) problems.push(`Godwit says ${ours}`);
  return [...problems, ...(await bench.ping())];
}

async function rekeys(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  const charon = await bench.startGateway({ child: { esp_proposals: ['aes256gcm16-esn-ecp384'] } });
  bench.storeProfile('office', {
    proposals: { esp: ['aes256gcm16-esn-ecp384'] },
    rekey: { earlySeconds: 2 },
  });
  await bench.up('office');
  const problems: string[] = [];
  const spis = async (): Promise<readonly string[]> =>
    (await charon.sas()).flatMap(({ children }) =>
      children.filter(({ state }) => state === 'INSTALLED').map(({ spiIn }) => spiIn),
    );
  const [first = ''] = await spis();
  problems.push(
    ...(await bench.until('our own rekey', async () => {
      const now = await spis();
      return now.length === 1 && now[0] !== first;
    })),
    ...(await moveFile(bench, 1 << 18)),
  );
  const [second = ''] = await spis();
  await charon.vici.request('rekey', { child: 'net' });
  problems.push(
    ...(await bench.until('the rekey of the gateway', async () => {
      const now = await spis();
      return now.length === 1 && now[0] !== second;
    })),
    ...(await moveFile(bench, 1 << 18)),
    ...(await inAgreement(bench, 'aes256gcm16-ecp384-esn', /flag[^\n]*esn/)),
  );
  problems.push(...(await bench.down()));
  return problems;
}

/**
 * The kernel's outbound counter is set near the end of its lower half: its packets pass into the next high half, which is not on
 * the wire and goes into what both ends authenticate. @rfc 4304 2
 */
async function wraps(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway({ child: { esp_proposals: ['aes256gcm16-esn'] } });
  bench.storeProfile('office', { proposals: { esp: ['aes256gcm16-esn'] } });
  await bench.up('office');
  const problems = await bench.ping();
  const listing = await bench.gateway.must(['ip', 'xfrm', 'state']);
  const outbound = listing
    .split(/^(?=src )/m)
    .find((each) => each.startsWith(`src ${addresses.natGateway.v4}`));
  const of = (pattern: RegExp): string => pattern.exec(outbound ?? '')?.[1] ?? '';
  const [ends, spi, reqid] = [of(/^(src \S+ dst \S+)/), of(/spi (\S+)/), of(/reqid (\S+)/)];
  const [aead, encap] = [of(/(aead \S+ \S+ \d+)/), of(/(encap type espinudp .*)/).replace('type ', '')];
  const ports = /espinudp sport (\d+) dport (\d+) addr (\S+)/.exec(encap)?.slice(1).join(' ') ?? '';
  await bench.gateway.ip([
    `xfrm state delete ${ends} proto esp spi ${spi}`,
    `xfrm state add ${ends} proto esp spi ${spi} reqid ${reqid} mode tunnel flag af-unspec esn ${aead.replace(/^aead (\S+)/, "aead '$1'")} encap espinudp ${ports} replay-window 32 replay-oseq 0xfffffffa replay-oseq-hi 0`,
  ]);
  // Four packets before the turn, and more behind it than a window that stood still would take.
  problems.push(...(await bench.ping(addresses.lan.v4, bench.guest, 80)));
  const after = await bench.gateway.must([
    'ip',
    '-s',
    'xfrm',
    'state',
    'get',
    ...ends.split(' '),
    'proto',
    'esp',
    'spi',
    spi,
  ]);
  if (!/oseq-hi 0x1/.test(after)) problems.push(`the kernel did not turn: ${after}`);
  problems.push(...(await moveFile(bench, 1 << 18)), ...(await bench.down()));
  return problems;
}

async function padded(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway({ child: { esp_proposals: ['aes256gcm16'], tfc_padding: 'mtu' } });
  bench.storeProfile('office');
  await bench.up('office');
  const problems = await bench.ping();
  const listing = await bench.gateway.must(['ip', '-d', 'xfrm', 'state']);
  if (!/tfcpad/i.test(listing)) problems.push(`the kernel pads nothing: ${listing}`);
  problems.push(...(await moveFile(bench, 1 << 18)), ...(await bench.down()));
  return problems;
}

async function compression(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  await bench.startGateway({ child: { esp_proposals: ['aes256gcm16'], ipcomp: 'yes' } });
  bench.storeProfile('office');
  await bench.up('office');
  const problems = [...(await bench.ping()), ...(await moveFile(bench, 1 << 18))];
  const listing = await bench.gateway.must(['ip', 'xfrm', 'state']);
  if (/proto comp/.test(listing)) problems.push('the kernel compresses');
  problems.push(...(await bench.down()));
  return problems;
}

async function refused(bench: Bench): Promise<readonly string[]> {
  await bench.install();
  const problems: string[] = [];
  for (const esp of ['aes256gmac', 'aes256-sha256_96', 'null-sha256']) {
    await bench.startGateway({ child: { esp_proposals: [esp] } });
    bench.storeProfile('office');
    const { status, stderr } = await bench.godwit('alice', ['up', 'office']);
    if (status !== 7) problems.push(`a gateway that wants ${esp}: ended with ${status}: ${stderr}`);
    bench.storeProfile('wrong', { proposals: { esp: [esp] } });
    const wrong = await bench.godwit('alice', ['up', 'wrong']);
    if (wrong.status !== 3 || !wrong.stderr.includes(esp.replace(/^aes256-/, '')))
      problems.push(`a profile that wants ${esp}: ended with ${wrong.status}: ${wrong.stderr}`);
  }
  await bench.must('rm -f /etc/godwit/profiles/wrong.*');
  const left = await bench.gateway.must(['ip', 'xfrm', 'state']);
  if (left.includes(addresses.natGateway.v4)) problems.push(`left at the gateway: ${left}`);
  return problems;
}
