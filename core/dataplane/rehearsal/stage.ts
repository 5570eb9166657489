import { MessageChannel } from 'node:worker_threads';
import type { Endpoint } from '../../base/address.ts';
import { packetCipherShape } from '../../crypto/packet-ciphers.ts';
import { closeOnExec, nonBlocking } from '../../platform/linux/descriptor-flags.ts';
import { libc } from '../../platform/linux/libc.ts';
import { socketAddressOctets, writeSocketAddress } from '../../platform/linux/socket-address.ts';
import { openUdpSocket } from '../../platform/linux/udp-socket.ts';
import type { Spi } from '../../wire/ike/payload.ts';
import { useOctets } from '../child-use.ts';
import type { OpenCommand, SaCommand, WorkerCommand, WorkerStart } from '../commands.ts';
import { createSharedCells } from '../counters.ts';

const unixDomain = 1;
const typeSequencedPackets = 5;
const flagDontWait = 0x40;
const idAesGcm16 = 20;
/** A CHILD SA is replaced after so many turns: what is done once for each is then in what V8 knows. */
export const installEvery = 100;
const spi = 0x1000 as Spi;
const mtu = 1_400;

/**
 * The means of a rehearsal, which nobody else sees: a socket on loopback that hears itself alone, a pair of sockets in place of a
 * TUN device, a CHILD SA with a key of zeros. Owned by who opened it.
 */
export class Stage {
  readonly #fd: number;
  readonly #local: Endpoint;
  readonly #tun: number;
  readonly #farTun: number;
  readonly #name = new Uint8Array(socketAddressOctets);
  readonly #nameLength: number;
  readonly #scratch = new Uint8Array(2_048);
  readonly #channel = new MessageChannel();
  readonly start: WorkerStart;

  /** Hands a stage to `use`, who owns it unless it throws. `undefined` where the system refuses a socket. */
  static open<T>(use: (stage: Stage) => T): T | undefined {
    const opened = openUdpSocket({ family: 4, address: { family: 4, octets: Uint8Array.of(127, 0, 0, 1) } });
    if (!opened.ok) return undefined;
    const { fd, local } = opened.value;
    const pair = new Uint8Array(8);
    const type = typeSequencedPackets | nonBlocking | closeOnExec;
    if (libc.socketpair(unixDomain, type, 0, pair) < 0) {
      libc.close(fd);
      return undefined;
    }
    const view = new DataView(pair.buffer);
    const stage = new Stage(fd, local, view.getInt32(0, true), view.getInt32(4, true));
    try {
      return use(stage);
    } catch (error) {
      stage.close();
      throw error;
    }
  }

  private constructor(fd: number, local: Endpoint, tun: number, farTun: number) {
    this.#fd = fd;
    this.#local = local;
    this.#tun = tun;
    this.#farTun = farTun;
    this.#nameLength = writeSocketAddress(this.#name, 0, local);
    libc.connect(fd, this.#name, this.#nameLength);
    const wakeFd = libc.eventfd(0, nonBlocking | closeOnExec);
    this.start = { port: this.#channel.port1, wakeFd, shared: createSharedCells() };
  }

  get openCommand(): OpenCommand {
    return { kind: 'open', pair: 0, udpFd: this.#fd, segmentation: true, rehearse: false };
  }

  /** What makes a path ready to carry packets. */
  get commands(): readonly WorkerCommand[] {
    return [
      { kind: 'attach-tun', fd: this.#tun, mtu, vnetHeader: true },
      {
        ...{ kind: 'install', child: spi, sa: this.sa, selectors: { local: everything, remote: everything } },
        ...{ remote: this.#local, followRemote: false, standby: false, rekeyAfter: undefined },
        use: new SharedArrayBuffer(useOctets),
      },
    ];
  }

  get sa(): SaCommand {
    const shape = packetCipherShape(idAesGcm16, 256, 0);
    if (shape === undefined) throw new Error('no AES-GCM');
    const { encryptionKeyOctets, saltOctets } = shape;
    const encryption = new Uint8Array(encryptionKeyOctets);
    const key = { encryption, salt: new Uint8Array(saltOctets), integrity: new Uint8Array(0) };
    return { spi, shape, key, esn: false, sequence: 0 };
  }

  writeTun(octets: Uint8Array): void {
    libc.write(this.#farTun, octets, octets.length);
  }

  readTun(): void {
    libc.read(this.#farTun, this.#scratch, this.#scratch.length);
  }

  sendToItself(octets: Uint8Array): void {
    libc.sendto(this.#fd, octets, octets.length, flagDontWait, this.#name, this.#nameLength);
  }

  hearItself(): void {
    libc.recvfrom(this.#fd, this.#scratch, this.#scratch.length, flagDontWait, null, null);
  }

  close(): void {
    this.#channel.port1.close();
    for (const fd of [this.#fd, this.#tun, this.#farTun, this.start.wakeFd]) libc.close(fd);
  }
}

const any = { protocol: 0, startPort: 0, endPort: 0xffff };
const everything = [
  ...([4, 16] as const).map((octets) => ({
    ...any,
    start: { family: octets === 4 ? 4 : 6, octets: new Uint8Array(octets) } as const,
    end: { family: octets === 4 ? 4 : 6, octets: new Uint8Array(octets).fill(0xff) } as const,
  })),
];
