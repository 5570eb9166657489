/**
 * One end of a tunnel with fixed keys: a data plane in a process of its own, run by dataplane.test.ts inside a
 * network namespace. The argument is a PeerSetup as JSON. It says `ready` with its TUN device's name on standard output,
 * then takes lines on a Unix socket, `COMMAND ARGUMENT`, and answers each with a line of JSON.
 */
import { createServer, type Socket } from 'node:net';
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
import { fixedKey } from './fixed-key.ts';
import { type LesserTun, lesserTun } from './lesser-tun.ts';

export interface PeerSetup {
  /** Path of the Unix socket. */
  readonly control: string;
  readonly cipher: string;
  /** `address` and port of this end and of the other one. */
  readonly local: string;
  readonly remote: string;
  readonly localPort: number;
  readonly remotePort: number;
  readonly inboundSpi: number;
  readonly outboundSpi: number;
  readonly selectors: { readonly local: readonly string[]; readonly remote: readonly string[] };
  readonly offload: boolean;
  /** Makes the kernel refuse UDP_SEGMENT at run time (SO_NO_CHECK). */
  readonly refuseSegmentation: boolean;
  /** A kernel that refuses part of what is asked of a TUN device. */
  readonly tun?: LesserTun;
  readonly mtu: number;
  /** Extended sequence numbers, and the last one that both SAs of the first child have used. */
  readonly esn?: boolean;
  readonly sequence?: number;
}

const setup: PeerSetup = JSON.parse(process.argv[2] ?? '{}');

function fail(reason: string): never {
  process.stderr.write(`${reason}\n`);
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
const tun = openTunDevice('godwit%d', {
  offload: setup.offload,
  ...(setup.tun === undefined ? {} : { calls: lesserTun(setup.tun) }),
});
if (!tun.ok) fail(formatFailure(tun.error));

/** Settled by the first packet that comes in on a child. */
const used = new Map<number, PromiseWithResolvers<void>>();
function usedOf(spi: number): PromiseWithResolvers<void> {
  const known = used.get(spi) ?? Promise.withResolvers<void>();
  used.set(spi, known);
  return known;
}

const ike: { readonly octets: string; readonly port: number; readonly marker: boolean }[] = [];
const opened = openDataplane(
  { udpFd: socket.value.fd, segmentation: socket.value.gso },
  {
    onIke: (octets, from, marker) => ike.push({ octets: toHex(octets), port: from.port, marker }),
    onFailure: (error) => fail(formatFailure(error)),
    onFirstInbound: (spi) => usedOf(spi).resolve(),
  },
);
if (!opened.ok) fail(formatFailure(opened.error));
const dataplane = opened.value;
const remote = { address: address(setup.remote), port: setup.remotePort };

function install(inboundSpi: number, outboundSpi: number, standby: boolean): Promise<void> {
  const numbers = { esn: setup.esn ?? false, sequence: standby ? 0 : (setup.sequence ?? 0) };
  return dataplane.installChild({
    inbound: { spi: inboundSpi, cipher, key: fixedKey(cipher, inboundSpi), ...numbers },
    outbound: { spi: outboundSpi, cipher, key: fixedKey(cipher, outboundSpi), ...numbers },
    selectors: { local: setup.selectors.local.map(selector), remote: setup.selectors.remote.map(selector) },
    remote,
    standby,
  });
}

await dataplane.attachTun({ ...tun.value, mtu: setup.mtu });
await install(setup.inboundSpi, setup.outboundSpi, false);

const commands: Record<string, (argument: string) => unknown> = {
  counters: () => dataplane.counters(),
  features: () => ({ vnetHeader: tun.value.vnetHeader, gso: socket.value.gso, gro: socket.value.gro }),
  ike: () => ike,
  /** Sends octets to the other end's socket as they are, as often as there are words. */
  inject: (argument) => {
    for (const word of argument.split(',')) dataplane.sendIke(fromHex(word), remote, false);
    return 'sent';
  },
  /** `INBOUND,OUTBOUND`: a child in standby. */
  standby: async (argument) => {
    const [inboundSpi = 0, outboundSpi = 0] = argument.split(',').map(Number);
    await install(inboundSpi, outboundSpi, true);
    return 'installed';
  },
  /** Waits until the other end sends on this child. */
  'await-used': async (argument) => {
    await usedOf(Number(argument)).promise;
    return 'used';
  },
  switch: async (argument) => {
    await dataplane.switchOutbound(Number(argument));
    return 'switched';
  },
  remove: async (argument) => {
    await dataplane.removeChild(Number(argument));
    return 'removed';
  },
  mtu: async (argument) => {
    await dataplane.setMtu(Number(argument));
    return 'set';
  },
  exit: () => process.exit(3),
  cpu: () => process.cpuUsage(),
  close: async () => {
    await dataplane.close();
    server.close();
    return 'closed';
  },
};

const server = createServer((client) => {
  createInterface({ input: client }).on('line', (line) => void answer(client, line));
});
server.listen(setup.control, () => process.stdout.write(`ready ${tun.value.name}\n`));

async function answer(client: Socket, line: string): Promise<void> {
  const [name = '', argument = ''] = line.split(' ');
  client.write(`${JSON.stringify(await commands[name]?.(argument))}\n`);
  if (name === 'close') client.end();
}

function refuseSegmentation(fd: number): void {
  const [levelSocket, optionNoCheck] = [1, 11];
  libc.setsockopt(fd, levelSocket, optionNoCheck, Uint8Array.of(1, 0, 0, 0), 4);
}
