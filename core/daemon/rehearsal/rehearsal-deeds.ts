import type { Endpoint, IpAddress } from '../../base/address.ts';
import { ok, type Result } from '../../base/result.ts';
import { instant } from '../../base/time.ts';
import { noCounters } from '../../dataplane/dataplane.ts';
import type { DeedsOfSession } from '../create-session.ts';
import type { SessionDeeds, TransportEvents } from '../session.ts';

/** Who answers in a rehearsal. Nothing of it leaves the process. */
export interface FarEnd {
  readonly address: IpAddress;
  /** What comes back for a datagram without the non-ESP marker; `floated`: it goes to the port of NAT traversal. */
  answer(octets: Uint8Array, floated: boolean): readonly Uint8Array[];
}

/** A machine on which nothing happens: what is sent is answered by `farEnd`, all else is done by saying so. */
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
  resolve = async () => ok([this.#farEnd.address]);
  findPaths = () => [];
  openPath = async () => ok(this.#local);
  usePath = () => undefined;
  closePath = () => undefined;
  setKeepalive = () => undefined;
  recallNetwork = () => ({ network: undefined, lore: {} });
  rememberNetwork = () => undefined;
  lastSent = () => undefined;
  lastHeardInSilence = () => undefined;
  setMtu = () => undefined;
  installChild = async () => ok();
  switchOutbound = async () => undefined;
  removeChild = async () => undefined;
  sleepChild = async () => undefined;
  retireChild = async () => undefined;
  applyNetwork = async () => ok();
  undoNetwork = async () => undefined;
  openScout = async () => ok(this.#local);
  sendScout = () => undefined;
  closeScout = () => undefined;
  knock = () => undefined;
  lastTraffic = () => undefined;
  childActivity = () => new Map();

  async openTransport(_: IpAddress, events: TransportEvents): Promise<{ result: Result<Endpoint, never> }> {
    this.#events = events;
    return { result: ok(this.#local) };
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
