import { type Endpoint, formatIpAddress, type IpAddress } from '../../base/address.ts';
import { ok, type Result } from '../../base/result.ts';
import { instant } from '../../base/time.ts';
import { noCounters } from '../../dataplane/dataplane.ts';
import { NetworkEvents } from '../../platform/linux/events/network-events.ts';
import { findPaths } from '../../platform/linux/find-paths.ts';
import { libc } from '../../platform/linux/libc.ts';
import { networkOf } from '../../platform/linux/network-identity.ts';
import { tunnelMark } from '../../tunnel/compute-network-plan.ts';
import type { KnownNetwork } from '../../tunnel/paths/network-lore.ts';
import type { PathCandidate } from '../../tunnel/paths/path.ts';
import type { DeedsOfSession } from '../create-session.ts';
import { lookUp, openPathSocket, preferredWay } from '../reach-gateway.ts';
import type { OpenedTransport, SessionDeeds, TransportEvents } from '../session-deeds.ts';

/** Who answers in a rehearsal. Nothing of it leaves the process. */
export interface FarEnd {
  readonly address: IpAddress;
  /** What comes back for a datagram without the non-ESP marker; `floated`: it goes to the port of NAT traversal. */
  answer(octets: Uint8Array, floated: boolean): readonly Uint8Array[];
}

const loopback: IpAddress = { family: 4, octets: Uint8Array.of(127, 0, 0, 1) };
const loopbackWay: PathCandidate = {
  interfaceIndex: 1,
  interfaceName: 'lo',
  local: loopback,
  remote: loopback,
  linkMtu: 1_500,
};

/**
 * A machine on which nothing happens: what is sent is answered by `farEnd`. Where a real session looks at the system, this one
 * does too, at the loopback; what changes something is done by saying so.
 */
export class RehearsalDeeds implements DeedsOfSession {
  readonly answer: SessionDeeds['answer'];
  readonly #farEnd: FarEnd;
  readonly #signal: AbortSignal;
  readonly #local: Endpoint;
  #events: TransportEvents | undefined;

  /** Nothing comes back any more once `signal` aborts. */
  constructor(farEnd: FarEnd, signal: AbortSignal, answer: SessionDeeds['answer']) {
    this.answer = answer;
    this.#farEnd = farEnd;
    this.#signal = signal;
    this.#local = { address: farEnd.address, port: 40_000 };
  }

  readonly busy = false;
  counters = () => noCounters;
  pairCounters = () => [];
  now = () => instant(0);
  setAlarm = () => undefined;
  openPath = async () => ok(this.#local);
  usePath = () => undefined;
  closePath = () => undefined;
  setKeepalive = () => undefined;
  rememberNetwork = () => undefined;
  lastSent = () => undefined;
  lastHeardInSilence = () => undefined;
  setMtu = () => undefined;
  installChild = async () => ok();
  switchOutbound = async () => undefined;
  removeChild = async () => undefined;
  sleepChild = async () => undefined;
  retireChild = async () => undefined;
  undoNetwork = async () => undefined;
  openScout = async () => ok(this.#local);
  sendScout = () => undefined;
  closeScout = () => undefined;
  knock = () => undefined;
  lastTraffic = () => undefined;
  childActivity = () => new Map();

  async resolve(): Promise<Result<readonly IpAddress[], never>> {
    await lookUp(formatIpAddress(loopback));
    return ok([this.#farEnd.address]);
  }

  async openTransport(_: IpAddress, events: TransportEvents): Promise<OpenedTransport> {
    this.#events = events;
    const way = preferredWay(loopback);
    const socket = way.ok ? openPathSocket(way.value) : way;
    if (socket.ok) libc.close(socket.value.fd);
    return { result: ok(this.#local), via: loopbackWay };
  }

  recallNetwork(candidate: PathCandidate): KnownNetwork {
    networkOf(candidate, tunnelMark);
    return { network: undefined, lore: {} };
  }

  findPaths(): readonly PathCandidate[] {
    findPaths([loopback], tunnelMark, []);
    return [];
  }

  async applyNetwork(): Promise<Result<undefined, never>> {
    const events = NetworkEvents.open({ onChange: () => undefined, onFailure: () => undefined });
    if (events.ok) await events.value.close();
    return ok();
  }

  async closeTransport(): Promise<void> {
    this.#events = undefined;
  }

  transmit(octets: Uint8Array, to: Endpoint, marker: boolean): void {
    // Real work that came meanwhile goes first.
    for (const each of this.#farEnd.answer(octets, marker))
      setImmediate(() => {
        if (!this.#signal.aborted) this.#events?.onIke(each, to, marker, 0);
      });
  }
}
