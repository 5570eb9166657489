/**
 * One end of a tunnel with fixed keys: a data plane in a process of its own, run by dataplane.test.ts inside a
 * network namespace. The argument is a PeerSetup as JSON; it answers lines of JSON on standard output and takes
 * commands as lines on standard input.
 */
import { createInterface } from 'node:readline';
import { parseIpAddress } from '../../../core/base/address.ts';
import { formatFailure } from '../../../core/base/errors.ts';
import { fromHex, toHex } from '../../../core/base/octets.ts';
import type { PacketCipher } from '../../../core/crypto/interfaces.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import { openDataplane } from '../../../core/dataplane/open-dataplane.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { openTunDevice } from '../../../core/platform/linux/tun-device.ts';
import { openUdpSocket } from '../../../core/platform/linux/udp-socket.ts';
import type { TrafficSelector } from '../../../core/wire/ike/payload.ts';

export interface PeerSetup {
  readonly cipher: string;
  /** `address` and port of this end and of the other one. */
  readonly local: string;
  readonly remote: string;
  readonly localPort: number;
  readonly remotePort: number;
  readonly inboundSpi: number;
  readonly outboundSpi: number;
  readonly selectors: { readonly local: readonly string[]; readonly remote: readonly string[] };
  readonly followRemote: boolean;
  readonly offload: boolean;
  /** Makes the kernel refuse UDP_SEGMENT at run time (SO_NO_CHECK). */
  readonly refuseSegmentation: boolean;
  readonly mtu: number;
}

const setup: PeerSetup = JSON.parse(process.argv[2] ?? '{}');

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function fail(reason: string): never {
  say({ kind: 'failed', reason });
  process.exit(1);
}

function address(text: string) {
  const parsed = parseIpAddress(text);
  return parsed.ok ? parsed.value : fail(`not an address: ${text}`);
}

function selector(text: string): TrafficSelector {
  const [start = '', end = ''] = text.split('-');
  return { protocol: 0, startPort: 0, endPort: 0xffff, start: address(start), end: address(end) };
}

/** Keys are the SPI's octets repeated: the same at both ends, different per direction. */
function keyFor(cipher: PacketCipher, spi: number) {
  const octets = (length: number) => new Uint8Array(length).map((_, i) => (spi >> (8 * (i % 4))) & 0xff);
  return {
    encryption: octets(cipher.encryptionKeyOctets),
    salt: octets(cipher.saltOctets),
    integrity: octets(cipher.integrityKeyOctets),
  };
}

const shape =
  packetCipherShapes.find(({ name }) => name === setup.cipher) ?? fail(`no cipher ${setup.cipher}`);
const cipher: PacketCipher = { ...shape, open: () => fail('the data plane opens its own') };
const local = address(setup.local);
const socket = openUdpSocket({
  family: local.family,
  address: local,
  port: setup.localPort,
  offload: setup.offload,
});
if (!socket.ok) fail(formatFailure(socket.error));
if (setup.refuseSegmentation) refuseSegmentation(socket.value.fd);
const tun = openTunDevice('godwit%d', { offload: setup.offload });
if (!tun.ok) fail(formatFailure(tun.error));

const opened = openDataplane(
  { udpFd: socket.value.fd, segmentation: socket.value.gso },
  {
    onIke: (octets, from, marker) => say({ kind: 'ike', octets: toHex(octets), port: from.port, marker }),
    onFailure: (error) => fail(formatFailure(error)),
    onMoved: (spi, remote) => say({ kind: 'moved', spi, port: remote.port }),
  },
);
if (!opened.ok) fail(formatFailure(opened.error));
const dataplane = opened.value;
const remote = { address: address(setup.remote), port: setup.remotePort };

await dataplane.attachTun({ ...tun.value, mtu: setup.mtu });
await dataplane.installChild({
  inbound: { spi: setup.inboundSpi, cipher, key: keyFor(cipher, setup.inboundSpi) },
  outbound: { spi: setup.outboundSpi, cipher, key: keyFor(cipher, setup.outboundSpi) },
  selectors: { local: setup.selectors.local.map(selector), remote: setup.selectors.remote.map(selector) },
  remote,
  followRemote: setup.followRemote,
});
say({
  kind: 'ready',
  tun: tun.value.name,
  vnetHeader: tun.value.vnetHeader,
  gso: socket.value.gso,
  gro: socket.value.gro,
});

const commands: Record<string, (argument: string) => Promise<void> | void> = {
  counters: () => say({ kind: 'counters', ...dataplane.counters() }),
  ike: (argument) => {
    dataplane.sendIke(fromHex(argument), remote, true);
    say({ kind: 'sent' });
  },
  'ike-plain': (argument) => {
    dataplane.sendIke(fromHex(argument), remote, false);
    say({ kind: 'sent' });
  },
  keepalive: (argument) => {
    dataplane.setKeepalive(remote, Number(argument));
    say({ kind: 'set' });
  },
  remove: async () => {
    await dataplane.removeChild(setup.inboundSpi);
    say({ kind: 'removed' });
  },
  exit: () => process.exit(3),
  close: async () => {
    await dataplane.close();
    const { user, system } = process.cpuUsage();
    say({ kind: 'closed', cpuMs: Math.round((user + system) / 1000) });
    lines.close();
  },
};

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [name = '', argument = ''] = line.split(' ');
  void commands[name]?.(argument);
});

function refuseSegmentation(fd: number): void {
  const [levelSocket, optionNoCheck] = [1, 11];
  libc.setsockopt(fd, levelSocket, optionNoCheck, Uint8Array.of(1, 0, 0, 0), 4);
}
