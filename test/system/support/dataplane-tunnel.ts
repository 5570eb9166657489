import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DataplaneCounters } from '../../../core/dataplane/dataplane.ts';
import { Lab, type Namespace } from '../../support/net/lab.ts';
import type { LabProcess } from '../../support/net/lab-process.ts';
import type { PeerSetup } from './dataplane-peer.ts';

const peerProgram = fileURLToPath(new URL('dataplane-peer.ts', import.meta.url));
const outer = {
  4: { a: '192.0.2.1', b: '192.0.2.2' },
  6: { a: '2001:db8::1', b: '2001:db8::2' },
} as const;
/** The inbound SPI of each end. */
export const spis = { a: 0x0a0a_0001, b: 0x0b0b_0002 } as const;

/** One end of a tunnel: a data plane in a process of its own. */
export class Peer {
  readonly namespace: Namespace;
  readonly process: LabProcess;
  readonly #control: string;

  constructor(namespace: Namespace, process: LabProcess, control: string) {
    this.namespace = namespace;
    this.process = process;
    this.#control = control;
  }

  /** One command and its answer. */
  async ask<T>(command: string): Promise<T> {
    const client = connect(this.#control);
    client.write(`${command}\n`);
    for await (const line of createInterface({ input: client })) {
      client.destroy();
      return JSON.parse(line) as T;
    }
    throw new Error(`no answer to ${command}`);
  }

  async counters(): Promise<DataplaneCounters> {
    return await this.ask<DataplaneCounters>('counters');
  }
}

export interface Tunnel {
  readonly a: Peer;
  readonly b: Peer;
}

export interface TunnelOptions {
  /** Outer addresses. */
  readonly family?: 4 | 6;
  /** Each end stays on one processor: a thread that moves to another one can overtake its own packets on a veth. */
  readonly pinned?: boolean;
  /** Of the path outside. */
  readonly wireMtu?: number;
}

let labs = 0;

/**
 *     10.9.0.1, fd00::1 = TUN [ a ] UDP 4500 ── veth ── UDP 4500 [ b ] TUN = 10.9.0.2, fd00::2
 */
export async function withTunnel(
  options: Partial<PeerSetup> & TunnelOptions,
  body: (tunnel: Tunnel) => Promise<void>,
): Promise<void> {
  const { family = 4, pinned = false, wireMtu = 1500, mtu = 1400, ...setup } = options;
  await using lab = new Lab(`dataplane${labs++}`);
  const [a, b] = [await lab.namespace(`a${labs}`), await lab.namespace(`b${labs}`)];
  const addresses = (end: 'a' | 'b') => [`${outer[4][end]}/24`, `${outer[6][end]}/64`];
  await lab.link(
    { namespace: a, device: 'wire', addresses: addresses('a') },
    { namespace: b, device: 'wire', addresses: addresses('b') },
  );
  for (const namespace of [a, b]) await namespace.ip([`link set wire mtu ${wireMtu}`]);
  const start = async (namespace: Namespace, end: 'a' | 'b', other: 'a' | 'b') => {
    const host = end === 'a' ? 1 : 2;
    const control = join(namespace.folder, 'control');
    const whole: PeerSetup = {
      control,
      cipher: 'aes256gcm16',
      local: outer[family][end],
      remote: outer[family][other],
      localPort: 4500,
      remotePort: 4500,
      inboundSpi: spis[end],
      outboundSpi: spis[other],
      selectors: {
        local: [`10.9.0.${host}-10.9.0.${host}`, `fd00::${host}-fd00::${host}`],
        remote: ['10.9.0.0-10.9.0.255', 'fd00::-fd00::ffff'],
      },
      offload: true,
      refuseSegmentation: false,
      mtu,
      ...setup,
    };
    const pin = pinned
      ? ['taskset', '--cpu-list', end === 'a' ? '0' : String(availableParallelism() - 1)]
      : [];
    const process_ = namespace.spawn([...pin, process.execPath, peerProgram, JSON.stringify(whole)]);
    const tun = (await process_.waitFor(/ready (\S+)/))[1] ?? '';
    await namespace.ip([
      `link set ${tun} mtu ${mtu} up`,
      `addr add 10.9.0.${host}/24 dev ${tun}`,
      `addr add fd00::${host}/64 dev ${tun} nodad`,
    ]);
    return new Peer(namespace, process_, control);
  };
  const [peerA, peerB] = await Promise.all([start(a, 'a', 'b'), start(b, 'b', 'a')]);
  await body({ a: peerA, b: peerB });
}
