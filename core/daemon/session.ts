import type { Endpoint } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import { err } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import type { PathId } from '../ike/io.ts';
import { Connection, type ConnectionConfig } from '../tunnel/connection.ts';
import type { TunnelInput, TunnelOutput, TunnelState } from '../tunnel/io.ts';
import type { PathCandidate } from '../tunnel/paths/path.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { bug } from './bug.ts';
import { RoundTrip } from './round-trip.ts';
import type { Doubt, SessionDeeds, TransportEvents } from './session-deeds.ts';

/**
 * Drives one connection: hands its outputs to the system in their order and feeds back how each ended.
 * Deeds that change something run one after the other; asking never waits for them. Changes of the data plane have a
 * queue of their own, and what is sent while one is under way waits for it: a message may let the gateway use an SA
 * that must be there first, or drop one that must no longer be sent on.
 */
export class Session {
  readonly #connection: Connection;
  readonly #deeds: SessionDeeds;
  readonly #log: LogSink;
  readonly #onState: (state: TunnelState) => void;
  readonly #roundTrip = new RoundTrip();
  #reportedTraffic: Instant | undefined;
  #reportedActivity: ReadonlyMap<Spi, Instant> = new Map();
  #doubt: Doubt | undefined;
  #seenSent: Instant | undefined;
  #seenHeard: Instant | undefined;
  #chain: Promise<void> = Promise.resolve();
  #childChain: Promise<void> = Promise.resolve();
  #childDeeds = 0;
  #finish: () => void = () => undefined;
  /** Settles when the connection has ended and nothing of it is left. */
  readonly finished: Promise<void> = new Promise((resolve) => {
    this.#finish = resolve;
  });

  constructor(
    config: ConnectionConfig,
    deeds: SessionDeeds,
    log: LogSink,
    onState: (state: TunnelState) => void,
  ) {
    this.#connection = new Connection(config);
    this.#deeds = deeds;
    this.#log = log;
    this.#onState = onState;
  }

  /** When the gateway last proved that it is there, asked of the data plane too. */
  provenAt(): Instant | undefined {
    this.#reportTraffic();
    return this.#connection.provenAt;
  }

  /** IKE datagrams that were dropped, by cause. */
  ikeDrops(): Readonly<Record<string, number>> {
    return this.#connection.ikeDrops;
  }

  /** The last measured round trip that nobody has taken yet, in milliseconds. */
  takeRoundTrip(): number | undefined {
    return this.#roundTrip.take();
  }

  get doubt(): Doubt | undefined {
    return this.#doubt;
  }

  /** Asks the gateway whether it is there. */
  probe(): void {
    this.#feed({ kind: 'probe' });
  }

  connect(): void {
    this.#feed({ kind: 'connect' });
  }

  disconnect(): void {
    this.#feed({ kind: 'disconnect' });
  }

  #feed(input: TunnelInput): void {
    this.#connection.handle(input, this.#deeds.now());
    for (let output = this.#connection.poll(); output !== undefined; output = this.#connection.poll())
      this.#do(output);
    this.#deeds.setAlarm(this.#connection.nextWakeup(), () => {
      // ESP that came meanwhile is a proof of life that makes a liveness check needless.
      this.#reportTraffic();
      this.#reportSilence();
      this.#reportActivity();
      this.#feed({ kind: 'timeout' });
    });
  }

  #reportTraffic(): void {
    const at = this.#deeds.lastTraffic();
    if (at === undefined || at === this.#reportedTraffic) return;
    this.#reportedTraffic = at;
    this.#feed({ kind: 'traffic-seen', at });
  }

  /** A silence of ours of some seconds that has ended since the last look. */
  #reportSilence(): void {
    const sent = this.#deeds.lastSent();
    const heard = this.#deeds.lastHeardInSilence();
    const before = this.#seenSent;
    this.#seenSent = sent;
    if (heard !== undefined && heard.at !== this.#seenHeard) {
      this.#seenHeard = heard.at;
      this.#feed({ kind: 'silence', ms: heard.afterMs, endedBy: 'gateway' });
    }
    const ms = sent === undefined || before === undefined ? 0 : sent - before;
    if (ms >= limits.keepaliveLeastMs) this.#feed({ kind: 'silence', ms, endedBy: 'us' });
  }

  #reportActivity(): void {
    const before = this.#reportedActivity;
    const activity = new Map(this.#deeds.childActivity());
    this.#reportedActivity = activity;
    for (const [inboundSpi, at] of activity)
      if (before.get(inboundSpi) !== at) this.#feed({ kind: 'child-carried', inboundSpi, at });
  }

  #do(output: TunnelOutput): void {
    switch (output.kind) {
      case 'state':
        return this.#tell(output.state);
      case 'transmit':
        return this.#transmit(output);
      case 'ask':
        return this.#ask(output);
      case 'open-scout':
        return this.#openScout(output);
      case 'scout-transmit':
        return this.#deeds.sendScout(output.scout, output.octets, output.to);
      case 'knock':
        return this.#deeds.knock(output.servers);
      case 'close-scout':
        return this.#deeds.closeScout(output.scout);
      case 'resolve':
        return this.#enqueue(async () => ({
          kind: 'resolved',
          result: await this.#deeds.resolve(output.host),
        }));
      case 'open-transport':
        return this.#enqueue(() => this.#openTransport(output));
      case 'find-paths':
        return this.#findPaths(output);
      case 'open-path':
        return this.#openPath(output.path, output.candidate);
      case 'use-path':
        return this.#deeds.usePath(output.path, output.remote);
      case 'close-path':
        return this.#deeds.closePath(output.path);
      case 'set-keepalive':
        return this.#deeds.setKeepalive(output.remote, output.everyMs);
      case 'recall-network':
        return this.#recallNetwork(output);
      case 'remember-network':
        return this.#deeds.rememberNetwork(output.network, output.remote, output.lore);
      case 'set-mtu':
        return this.#deeds.setMtu(output.device, output.inner);
      case 'install-child':
        return this.#enqueueChild(async () => ({
          kind: 'child-installed',
          result: await this.#deeds.installChild(output.child, output.remote, output),
        }));
      case 'switch-outbound':
        return this.#changeChild(() => this.#deeds.switchOutbound(output.inboundSpi));
      case 'remove-child':
        return this.#changeChild(() => this.#deeds.removeChild(output.inboundSpi));
      case 'retire-child':
        return this.#changeChild(() => this.#deeds.retireChild(output.inboundSpi));
      case 'sleep-child':
        return this.#changeChild(() => this.#deeds.sleepChild(output.inboundSpi));
      case 'apply-network':
        return this.#enqueue(async () => ({
          kind: 'network-applied',
          result: await this.#deeds.applyNetwork(output.plan, output.change),
        }));
      case 'undo-network':
        return this.#enqueue(async () => {
          await this.#deeds.undoNetwork();
          return { kind: 'network-undone' };
        });
      case 'close-transport':
        return this.#enqueue(() => this.#closeTransport());
    }
  }

  async #openTransport({
    remote,
    via,
  }: Extract<TunnelOutput, { kind: 'open-transport' }>): Promise<TunnelInput> {
    const events: TransportEvents = {
      onIke: (octets, from, marker, path) => this.#receive(octets, from, marker, path),
      onStalled: () => {
        this.#reportTraffic();
        this.#feed({ kind: 'stalled' });
      },
      onLook: () => this.#reportSilence(),
      onNetworkChange: (local) => {
        if (this.#doubt === undefined || this.#doubt.until !== undefined)
          this.#doubt = { since: this.#deeds.now() };
        this.#feed({ kind: 'network-changed', ...(local === undefined ? {} : { local }) });
      },
      onChildUsed: (inboundSpi) => this.#feed({ kind: 'child-used', inboundSpi }),
      onBusy: () => this.#feed({ kind: 'busy' }),
      onRekeyDue: (inboundSpi) => this.#feed({ kind: 'rekey-due', inboundSpi }),
      onChildWanted: (inboundSpi) => this.#feed({ kind: 'child-wanted', inboundSpi }),
      onFailure: (error) => this.#feed({ kind: 'transport-failed', error }),
    };
    const opened = await this.#deeds.openTransport(remote, events, via);
    return { kind: 'transport-opened', ...opened };
  }

  async #closeTransport(): Promise<TunnelInput> {
    // The answer to the gateway's goodbye may be waiting there.
    await this.#childChain;
    await this.#deeds.closeTransport();
    return { kind: 'transport-closed' };
  }

  /** After what else came out with it. */
  #findPaths({ remotes }: Extract<TunnelOutput, { kind: 'find-paths' }>): void {
    queueMicrotask(() => this.#feed({ kind: 'paths-found', paths: this.#deeds.findPaths(remotes) }));
  }

  /** As `#findPaths`. */
  #recallNetwork({ path, candidate }: Extract<TunnelOutput, { kind: 'recall-network' }>): void {
    queueMicrotask(() =>
      this.#feed({ kind: 'network-recalled', path, known: this.#deeds.recallNetwork(candidate) }),
    );
  }

  #openPath(path: PathId, candidate: PathCandidate): void {
    this.#deeds.openPath(path, candidate).then(
      (result) => this.#feed({ kind: 'path-opened', path, result }),
      (cause: unknown) => this.#feed({ kind: 'path-opened', path, result: err(bug(cause)) }),
    );
  }

  #receive(octets: Uint8Array, from: Endpoint, marker: boolean, path: PathId): void {
    this.#reportSilence();
    const before = this.#connection.provenAt;
    const now = this.#deeds.now();
    const silentMs = now - (this.#deeds.lastSent() ?? now);
    this.#roundTrip.received(octets, now);
    this.#feed({ kind: 'datagram', octets, from, marker, path, silentMs });
    // What was sent in answer ended no silence of ours: the gateway had.
    this.#seenSent = this.#deeds.lastSent();
    if (this.#connection.provenAt === before) return;
    this.#roundTrip.confirm();
    if (this.#doubt !== undefined && this.#doubt.until === undefined)
      this.#doubt = { ...this.#doubt, until: this.#deeds.now() };
  }

  #openScout({ scout, remote, via }: Extract<TunnelOutput, { kind: 'open-scout' }>): void {
    const onDatagram = (octets: Uint8Array): void => this.#feed({ kind: 'scout-datagram', scout, octets });
    this.#deeds.openScout(scout, remote, onDatagram, via).then(
      (result) => this.#feed({ kind: 'scout-opened', scout, result }),
      (cause: unknown) => this.#feed({ kind: 'scout-opened', scout, result: err(bug(cause)) }),
    );
  }

  #ask({ id, ask, gateway }: Extract<TunnelOutput, { kind: 'ask' }>): void {
    this.#deeds.answer(ask, gateway).then(
      (answer) => this.#feed({ kind: 'answer', id, answer }),
      (cause: unknown) => this.#feed({ kind: 'answer', id, answer: { kind: 'refused', error: bug(cause) } }),
    );
  }

  #transmit(output: Extract<TunnelOutput, { kind: 'transmit' }>): void {
    const { octets, to, marker, path } = output;
    const options = { path, dontFragment: output.dontFragment === true };
    this.#roundTrip.sent(octets, this.#deeds.now());
    if (this.#childDeeds === 0) return this.#deeds.transmit(octets, to, marker, options);
    this.#changeChild(async () => this.#deeds.transmit(octets, to, marker, options));
  }

  /** A deed of the data plane whose end nobody needs to hear of. */
  #changeChild(deed: () => Promise<void>): void {
    this.#enqueueChild(async () => {
      await deed();
      return undefined;
    });
  }

  #enqueueChild(deed: () => Promise<TunnelInput | undefined>): void {
    this.#childDeeds++;
    this.#childChain = this.#run(this.#childChain, async () => {
      try {
        return await deed();
      } finally {
        this.#childDeeds--;
      }
    });
  }

  /** Runs a deed after all earlier ones; its end, if it reports one, goes back into the connection. */
  #enqueue(deed: () => Promise<TunnelInput | undefined>): void {
    this.#chain = this.#run(this.#chain, deed);
  }

  #run(after: Promise<void>, deed: () => Promise<TunnelInput | undefined>): Promise<void> {
    return after.then(deed).then(
      (end) => {
        if (end !== undefined) this.#feed(end);
      },
      (cause: unknown) => {
        const error = bug(cause);
        this.#log({
          level: 'error',
          event: 'session.bug',
          fields: { reason: String(error.detail['reason']) },
        });
        this.#feed({ kind: 'transport-failed', error });
      },
    );
  }

  #tell(state: TunnelState): void {
    this.#onState(state);
    if (state.kind === 'disconnected') this.#finish();
  }
}
