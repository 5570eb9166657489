import assert from 'node:assert/strict';
import type { Endpoint } from '../../../core/base/address.ts';
import type { Failure } from '../../../core/base/errors.ts';
import type { Dataplane, DataplaneChild } from '../../../core/dataplane/dataplane.ts';
import { openDataplane } from '../../../core/dataplane/open-dataplane.ts';
import { type ReferenceSa, referenceSeal } from '../../../core/esp/reference.ts';
import { libc } from '../../../core/platform/linux/libc.ts';
import { socketAddressOctets, writeSocketAddress } from '../../../core/platform/linux/socket-address.ts';
import { openUdpSocket, type UdpSocket } from '../../../core/platform/linux/udp-socket.ts';
import type { Spi } from '../../../core/wire/ike/payload.ts';
import { address, cipherNamed, everything, keyFor } from './support.ts';

/** A TUN device's stand-in that needs no privilege: one end of a socket pair keeps the borders of packets too. */
function fakeTun(): { readonly fd: number; readonly other: number } {
  const [unixDomain, sequencedPackets, nonBlocking] = [1, 5, 0o4000];
  const fds = new Uint8Array(8);
  if (libc.socketpair(unixDomain, sequencedPackets | nonBlocking, 0, fds) < 0)
    throw new Error('no socket pair');
  const view = new DataView(fds.buffer);
  return { fd: view.getInt32(0, true), other: view.getInt32(4, true) };
}

export function openLoopback(offload: boolean, port = 0): UdpSocket {
  const socket = openUdpSocket({ family: 4, address: address('127.0.0.1'), port, offload });
  if (!socket.ok) throw new Error('no socket on loopback');
  return socket.value;
}

export function send(fd: number, octets: Uint8Array, to: Endpoint): void {
  const name = new Uint8Array(socketAddressOctets);
  libc.sendto(fd, octets, octets.length, 0, name, writeSocketAddress(name, 0, to));
}

/** The next packet of a descriptor, or `undefined` after `patienceMs`. */
export function receive(fd: number, patienceMs = 30_000): Uint8Array | undefined {
  const poll = new Uint8Array(8);
  new DataView(poll.buffer).setInt32(0, fd, true);
  poll[4] = 1;
  if (libc.poll(poll, 1, patienceMs) <= 0) return undefined;
  const into = new Uint8Array(70_000);
  const length = libc.read(fd, into, into.length);
  return length < 0 ? undefined : into.slice(0, length);
}

/** Asks again and again, letting events happen, until there is an answer. @throws after 30 s. */
export async function until<T>(ask: () => T | undefined | false): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error('it did not happen within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The first child, and a newer one. */
export const spiHere = 0x1001;
export const spiThere = 0x2002;
export const spiNewHere = 0x3003;
export const spiNewThere = 0x4004;

export interface Rig {
  readonly dataplane: Dataplane;
  /** Where packets for the data plane are written and its packets are read. */
  readonly tun: number;
  /** The data plane's socket; and the far end's, driven by the test. */
  readonly local: Endpoint;
  readonly far: UdpSocket;
  readonly ike: { octets: Uint8Array; from: Endpoint; marker: boolean }[];
  readonly moved: Endpoint[];
  readonly failures: Failure[];
  /** How often it was told that packets pass. */
  readonly traffic: () => number;
  /** What was told of children, in order: their inbound SPIs. */
  readonly firstInbound: Spi[];
  readonly rekeyDue: Spi[];
  readonly wanted: Spi[];
  /** The far end's sending half: the sequence number is the caller's. */
  readonly farSa: ReferenceSa;
  /** The far end's receiving half. */
  readonly farInbound: ReferenceSa;
  seal(sequence: number, inner: Uint8Array, options?: Parameters<typeof referenceSeal>[4]): Uint8Array;
  /** The same with the SA of another child. */
  sealWith(sa: ReferenceSa, sequence: number, inner: Uint8Array): Uint8Array;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly cipher?: string;
  readonly offload?: boolean;
  readonly vnetHeader?: boolean;
  readonly followRemote?: boolean;
  /** More for the first child. */
  readonly child?: Partial<Pick<DataplaneChild, 'standby' | 'rekeyAfter'>>;
  /** The sequence number that its SAs have come to. */
  readonly sequence?: number;
  /** When flows are spread over several pairs of workers. Default: `idle`. */
  readonly spread?: 'idle' | 'always';
  /** Extended sequence numbers, for a cipher that is an AEAD. */
  readonly esn?: boolean;
  readonly selectors?: Parameters<Dataplane['installChild']>[0]['selectors'];
  /** Changes the socket before the data plane gets it. */
  readonly prepare?: (fd: number) => void;
}

/** One data plane on loopback with one child SA. The far end is the test itself, with the reference ESP. */
export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const { cipher: name = 'aes256gcm16', offload = true, vnetHeader = false, followRemote = false } = options;
  const cipher = cipherNamed(name);
  const socket = openLoopback(offload);
  options.prepare?.(socket.fd);
  const far = openLoopback(false);
  const tun = fakeTun();
  const ike: Rig['ike'] = [];
  const moved: Endpoint[] = [];
  let traffic = 0;
  const failures: Failure[] = [];
  const firstInbound: Spi[] = [];
  const rekeyDue: Spi[] = [];
  const wanted: Spi[] = [];
  const opened = openDataplane(
    { udpFd: socket.fd, segmentation: socket.gso, spread: options.spread ?? 'idle' },
    {
      onIke: (octets, from, marker) => ike.push({ octets, from, marker }),
      onFailure: (error) => failures.push(error),
      onTraffic: () => traffic++,
      onMoved: (_, remote) => moved.push(remote),
      onFirstInbound: (spi) => firstInbound.push(spi),
      onRekeyDue: (spi) => rekeyDue.push(spi),
      onWanted: (spi) => wanted.push(spi),
    },
  );
  if (!opened.ok) throw new Error('no data plane');
  const dataplane = opened.value;
  const numbers = { sequence: options.sequence ?? 0, esn: options.esn ?? false };
  await dataplane.attachTun({ fd: tun.fd, name: 'fake', mtu: 1400, vnetHeader });
  await dataplane.installChild({
    inbound: { spi: spiHere, cipher, key: keyFor(cipher, 1), ...numbers },
    outbound: { spi: spiThere, cipher, key: keyFor(cipher, 2), ...numbers },
    ...options.child,
    selectors: options.selectors ?? { local: everything, remote: everything },
    remote: far.local,
    followRemote,
  });
  const extended = options.esn === true ? { extended: { icv: () => new Uint8Array(0) } } : {};
  const farSa = { spi: spiHere, shape: cipher, cipher: cipher.open(keyFor(cipher, 1)), ...extended };
  return {
    dataplane,
    tun: tun.other,
    local: socket.local,
    far,
    ike,
    moved,
    failures,
    traffic: () => traffic,
    firstInbound,
    rekeyDue,
    wanted,
    farSa,
    farInbound: { spi: spiThere, shape: cipher, cipher: cipher.open(keyFor(cipher, 2)), ...extended },
    seal: (sequence, inner, more) =>
      referenceSeal(farSa, sequence, new Uint8Array(cipher.ivOctets).fill(sequence), inner, more),
    sealWith: (sa, sequence, inner) =>
      referenceSeal(sa, sequence, new Uint8Array(sa.shape.ivOctets).fill(sequence), inner),
    close: async () => {
      await dataplane.close();
      libc.close(far.fd);
      libc.close(tun.other);
    },
  };
}

/** Runs `body` with a data plane and closes it whatever happens. */
export async function withRig(options: RigOptions, body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await openRig(options);
  try {
    await body(rig);
    assert.deepEqual(rig.failures, []);
  } finally {
    await rig.close();
  }
}

const newerCipher = cipherNamed('aes256-sha512');

/** A second child with the same selectors, for which the far end sends with `newerSa`. */
export function installNewer(rig: Rig, standby = false): Promise<void> {
  return rig.dataplane.installChild({
    inbound: { spi: spiNewHere, cipher: newerCipher, key: keyFor(newerCipher, 7) },
    outbound: { spi: spiNewThere, cipher: newerCipher, key: keyFor(newerCipher, 8) },
    selectors: { local: everything, remote: everything },
    remote: rig.far.local,
    standby,
  });
}

export function newerSa({ farSa }: Rig): ReferenceSa {
  const opened = newerCipher.open(keyFor(newerCipher, 7));
  return { ...farSa, spi: spiNewHere, shape: newerCipher, cipher: opened };
}

export function toTun(rig: Rig, packet: Uint8Array): void {
  assert.equal(libc.write(rig.tun, packet, packet.length), packet.length);
}

/** A TUN packet with its virtio header. */
export function withHeader(
  packet: Uint8Array,
  header: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
): Uint8Array {
  return new Uint8Array([...header, ...packet]);
}
