import { createSocket, type Socket } from 'node:dgram';
import koffi from 'koffi';
import { parseIpAddress } from '../../../core/base/address.ts';
import { formatFailure } from '../../../core/base/errors.ts';
import { call, libc } from '../../../core/platform/linux/libc.ts';
import { openUdpSocket } from '../../../core/platform/linux/udp-socket.ts';
import type { Namespace } from '../../support/net/lab.ts';

const setNamespace: (fd: number, type: number) => number = koffi
  .load(null)
  .func('int setns(int fd, int type)');
const newNetwork = 0x40000000;

export type GatewayPort = 500 | 4500;

/** One UDP payload on its way, the non-ESP marker included. */
export interface Passing {
  readonly towards: 'gateway' | 'client';
  readonly port: GatewayPort;
  readonly octets: Buffer;
  /** What the IKE header says; absent for ESP and keepalives. */
  readonly ike?: { readonly exchange: number; readonly messageId: number };
}

/** What goes on in place of a datagram, in this order, from the same sender; `undefined`: the datagram as it is. */
export type Meddler = (passing: Passing) => readonly Uint8Array[] | undefined;

/**
 * The client's only way to the gateway: a NAT in user space that this process runs in the router's namespace. To the
 * client it is the gateway, so that whatever a meddler adds, holds back or changes comes from the gateway's own address and port.
 */
export class MeddlingPath {
  readonly #router: Namespace;
  readonly #target: string;
  readonly #inner = new Map<GatewayPort, Socket>();
  readonly #outer = new Map<string, Socket>();
  #client: { port: number; address: string } | undefined;
  #seen: Passing[] = [];
  #waiting = new Set<() => void>();
  /** Sees every datagram before it goes on. */
  meddler: Meddler = () => undefined;

  private constructor(router: Namespace, target: string) {
    this.#router = router;
    this.#target = target;
  }

  /** Listens at `address` of the router and passes on to `target`. */
  static async open(router: Namespace, address: string, target: string): Promise<MeddlingPath> {
    const path = new MeddlingPath(router, target);
    for (const port of [500, 4500] as const) {
      const socket = await path.#socket(address, port);
      path.#inner.set(port, socket);
      socket.on('message', (octets, from) => {
        path.#client = from;
        void path.#toGateway(port, octets, from);
      });
    }
    return path;
  }

  /** All that came from either side since the last `forget`. */
  get seen(): readonly Passing[] {
    return this.#seen;
  }

  forget(): void {
    this.#seen = [];
  }

  /** Resolves with the first datagram since `forget` that fits. @throws after 30 s */
  async waitFor(what: string, fits: (passing: Passing) => boolean): Promise<Passing> {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`no such datagram within 30 s: ${what}`));
      }, 30_000);
      const look = (): void => {
        const found = this.#seen.find(fits);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Sends to whoever spoke last on the client's side, as the gateway would. */
  async toClient(octets: Uint8Array, port: GatewayPort = 4500): Promise<void> {
    const { port: clientPort = 0, address = '' } = this.#client ?? {};
    await send(this.#inner.get(port), octets, clientPort, address);
  }

  close(): void {
    for (const socket of [...this.#inner.values(), ...this.#outer.values()]) socket.close();
    this.#inner.clear();
    this.#outer.clear();
  }

  async #toGateway(
    port: GatewayPort,
    octets: Buffer,
    from: { port: number; address: string },
  ): Promise<void> {
    for (const each of this.#pass({ towards: 'gateway', port, octets })) {
      await send(await this.#outerSocket(port, from), each, port, this.#target);
    }
  }

  async #outerSocket(port: GatewayPort, from: { port: number; address: string }): Promise<Socket> {
    const key = `${port} ${from.address} ${from.port}`;
    const present = this.#outer.get(key);
    if (present !== undefined) return present;
    const socket = await this.#socket('0.0.0.0', 0, (created) => this.#outer.set(key, created));
    socket.on('message', (octets) => {
      void (async () => {
        for (const each of this.#pass({ towards: 'client', port, octets }))
          await send(this.#inner.get(port), each, from.port, from.address);
      })();
    });
    return socket;
  }

  #pass(bare: Omit<Passing, 'ike'>): readonly Uint8Array[] {
    const ike = ikeOf(bare.port, bare.octets);
    const passing = ike === undefined ? bare : { ...bare, ike };
    this.#seen.push(passing);
    for (const look of this.#waiting) look();
    return this.meddler(passing) ?? [bare.octets];
  }

  /** A socket belongs for good to the namespace in which it was made. */
  async #socket(address: string, port: number, made: (socket: Socket) => void = () => {}): Promise<Socket> {
    const fd = inNamespace(this.#router, () => {
      const parsed = parseIpAddress(address);
      if (!parsed.ok) throw new Error(parsed.error.reason);
      const opened = openUdpSocket({ family: 4, address: parsed.value, port, offload: false });
      if (!opened.ok) throw new Error(formatFailure(opened.error));
      return opened.value.fd;
    });
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    made(socket);
    await new Promise<void>((resolve) => socket.bind({ fd, exclusive: true }, resolve));
    return socket;
  }
}

/** Runs `deed` while this thread is in the namespace; it must not wait for anything. */
function inNamespace<T>(namespace: Namespace, deed: () => T): T {
  const own = openFile('/proc/self/ns/net');
  const other = openFile(`/run/netns/${namespace.name}`);
  try {
    if (setNamespace(other, newNetwork) !== 0) throw new Error(`cannot enter ${namespace.name}`);
    return deed();
  } finally {
    setNamespace(own, newNetwork);
    libc.close(own);
    libc.close(other);
  }
}

function openFile(path: string): number {
  const opened = call('open', path, 0, 0);
  if (!opened.ok) throw new Error(formatFailure(opened.error));
  return opened.value;
}

function ikeOf(port: GatewayPort, octets: Buffer): Passing['ike'] {
  const at = port === 500 ? 0 : 4;
  if (octets.length < at + 28 || (port === 4500 && octets.readUInt32BE(0) !== 0)) return undefined;
  return { exchange: octets.readUInt8(at + 18), messageId: octets.readUInt32BE(at + 20) };
}

async function send(
  socket: Socket | undefined,
  octets: Uint8Array,
  port: number,
  address: string,
): Promise<void> {
  await new Promise<void>((resolve) =>
    socket === undefined ? resolve() : socket.send(octets, port, address, () => resolve()),
  );
}
