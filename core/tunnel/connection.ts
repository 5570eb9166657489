import type { Endpoint, IpAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type {
  AssignedConfig,
  ChildSaParameters,
  IkeInput,
  IkeOutput,
  IkePort,
  IkeSummary,
} from '../ike/io.ts';
import { computeNetworkPlan, type NetworkWishes } from './compute-network-plan.ts';
import type { ConnectedDetails, ConnectingPhase, TunnelInput, TunnelOutput, TunnelState } from './io.ts';
import type { NetworkPlan } from './network-plan.ts';

/** The part of the IKE engine that a connection drives. */
export interface IkeEngine {
  handle(input: IkeInput, now: Instant): void;
  poll(): IkeOutput | undefined;
  nextWakeup(): Instant | undefined;
  /** How many datagrams it dropped, by cause. */
  readonly drops: Readonly<Record<string, number>>;
}

export interface ConnectionConfig {
  /** Host name or address of the gateway. */
  readonly gateway: string;
  readonly ikePort: number;
  readonly natTraversalPort: number;
  readonly network: NetworkWishes;
  /** A fresh engine for one attempt over one pair of addresses. */
  readonly createEngine: (local: Endpoint, remote: Endpoint) => IkeEngine;
}

/** One attempt to reach one of the gateway's addresses, and what has come of it. */
interface Attempt {
  readonly remote: IpAddress;
  local?: Endpoint;
  engine?: IkeEngine;
  /** True once the gateway answered anything that the engine took. */
  heard: boolean;
  summary?: IkeSummary;
  config?: AssignedConfig;
  child?: ChildSaParameters;
  plan?: NetworkPlan;
}

type Phase =
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'resolving' }
  | { readonly kind: 'opening'; readonly attempt: Attempt }
  | { readonly kind: 'login'; readonly attempt: Attempt }
  /** The engine is done; the data plane and the system follow. */
  | { readonly kind: 'configuring'; readonly attempt: Attempt }
  | { readonly kind: 'connected'; readonly attempt: Attempt }
  /** The engine says goodbye to the gateway. */
  | { readonly kind: 'closing'; readonly attempt: Attempt; readonly error?: Failure }
  | { readonly kind: 'undoing-network'; readonly error?: Failure }
  | { readonly kind: 'closing-transport'; readonly next: IpAddress | undefined; readonly error?: Failure };

/**
 * One connection from `connect` to the end, over one engine at a time. Sans-IO: the driver passes inputs with the
 * time, drains `poll()`, and calls `handle({ kind: 'timeout' })` at `nextWakeup()`.
 *
 * Every way out passes through the same three steps: the network is undone, the transport is closed, then
 * `disconnected` is reported, so nothing is left behind whatever the reason.
 */
export class Connection {
  readonly #config: ConnectionConfig;
  readonly #outputs: TunnelOutput[] = [];
  #phase: Phase = { kind: 'disconnected' };
  #candidates: readonly IpAddress[] = [];
  #provenAt: Instant | undefined;

  constructor(config: ConnectionConfig) {
    this.#config = config;
  }

  /** When the gateway last proved that it is there: an authenticated answer or ESP packet. */
  get provenAt(): Instant | undefined {
    return this.#provenAt;
  }

  /** IKE datagrams of the present attempt that were dropped, by cause. */
  get ikeDrops(): Readonly<Record<string, number>> {
    return this.#engine()?.drops ?? {};
  }

  get finished(): boolean {
    return this.#phase.kind === 'disconnected';
  }

  poll(): TunnelOutput | undefined {
    return this.#outputs.shift();
  }

  nextWakeup(): Instant | undefined {
    return this.#engine()?.nextWakeup();
  }

  handle(input: TunnelInput, now: Instant): void {
    switch (input.kind) {
      case 'connect':
        return this.#connect();
      case 'disconnect':
        return this.#disconnect(now);
      case 'resolved':
        return this.#resolved(input.result);
      case 'transport-opened':
        return this.#transportOpened(input.result, now);
      case 'child-installed':
        return this.#childInstalled(input.result, now);
      case 'network-applied':
        return this.#networkApplied(input.result, now);
      case 'network-undone':
        return this.#networkUndone();
      case 'transport-closed':
        return this.#transportClosed();
      case 'datagram':
        return this.#datagram(input, now);
      case 'traffic-seen':
        if (this.#provenAt === undefined || input.at > this.#provenAt) this.#provenAt = input.at;
        return this.#feed({ kind: 'command', command: { kind: 'traffic-seen', at: input.at } }, now);
      case 'network-changed':
        if (this.#phase.kind !== 'connected') return;
        return this.#feed({ kind: 'command', command: { kind: 'probe' } }, now);
      case 'transport-failed':
        return this.#abandon(input.error);
      case 'answer':
        return this.#feed({ kind: 'answer', id: input.id, answer: input.answer }, now);
      case 'timeout':
        return this.#feed({ kind: 'timeout' }, now);
    }
  }

  #connect(): void {
    if (this.#phase.kind !== 'disconnected') return;
    this.#phase = { kind: 'resolving' };
    this.#tellPhase('resolving');
    this.#outputs.push({ kind: 'resolve', host: this.#config.gateway });
  }

  #resolved(result: Extract<TunnelInput, { kind: 'resolved' }>['result']): void {
    if (this.#phase.kind !== 'resolving') return;
    if (!result.ok) return this.#end(result.error);
    const [first, ...rest] = result.value;
    if (first === undefined)
      return this.#end(failure('gateway.unresolved', { gateway: this.#config.gateway }));
    this.#candidates = rest;
    this.#open(first);
  }

  #open(remote: IpAddress): void {
    this.#phase = { kind: 'opening', attempt: { remote, heard: false } };
    this.#outputs.push({ kind: 'open-transport', remote });
  }

  #transportOpened(result: Extract<TunnelInput, { kind: 'transport-opened' }>['result'], now: Instant): void {
    if (this.#phase.kind !== 'opening') {
      // A disconnect overtook the opening: the transport that came late is closed by `closing-transport`.
      return;
    }
    const { attempt } = this.#phase;
    if (!result.ok) return this.#closeTransport(result.error, this.#nextCandidate());
    attempt.local = result.value;
    attempt.engine = this.#config.createEngine(result.value, this.#remote(attempt, 'ike'));
    this.#phase = { kind: 'login', attempt };
    this.#feed({ kind: 'command', command: { kind: 'connect' } }, now);
  }

  #disconnect(now: Instant): void {
    switch (this.#phase.kind) {
      case 'resolving':
        return this.#end(failure('tunnel.cancelled'));
      case 'opening':
        return this.#closeTransport(failure('tunnel.cancelled'), undefined);
      case 'login':
        this.#phase = { kind: 'closing', attempt: this.#phase.attempt, error: failure('tunnel.cancelled') };
        break;
      case 'configuring':
      case 'connected':
        this.#phase = { kind: 'closing', attempt: this.#phase.attempt };
        break;
      default:
        return;
    }
    this.#tell({ kind: 'disconnecting' });
    this.#feed({ kind: 'command', command: { kind: 'disconnect' } }, now);
  }

  #datagram(input: Extract<TunnelInput, { kind: 'datagram' }>, now: Instant): void {
    const via: IkePort = input.marker ? 'nat-traversal' : 'ike';
    this.#feed({ kind: 'datagram', octets: input.octets, via }, now);
  }

  /** Hands an input to the engine and acts on all that comes out. */
  #feed(input: IkeInput, now: Instant): void {
    const engine = this.#engine();
    if (engine === undefined) return;
    engine.handle(input, now);
    for (let output = engine.poll(); output !== undefined; output = engine.poll()) this.#act(output, now);
  }

  #act(output: IkeOutput, now: Instant): void {
    const attempt = this.#attempt();
    if (attempt === undefined) return;
    switch (output.kind) {
      case 'transmit': {
        const to = this.#remote(attempt, output.via);
        this.#outputs.push({
          kind: 'transmit',
          octets: output.octets,
          to,
          marker: output.via === 'nat-traversal',
        });
        return;
      }
      case 'ask':
        attempt.heard = true;
        this.#outputs.push({ kind: 'ask', id: output.id, ask: output.ask });
        return;
      case 'phase':
        if (output.phase === 'established' || output.phase === 'closing') return;
        return this.#tellPhase(output.phase);
      case 'config-assigned':
        attempt.config = output.config;
        return;
      case 'child-install':
        attempt.child = output.child;
        this.#outputs.push({
          kind: 'install-child',
          child: output.child,
          remote: this.#remote(attempt, 'nat-traversal'),
        });
        return;
      case 'child-remove':
        this.#outputs.push({ kind: 'remove-child', inboundSpi: output.inboundSpi });
        return;
      case 'established':
        attempt.summary = output.summary;
        this.#provenAt = now;
        if (this.#phase.kind !== 'login') return;
        this.#phase = { kind: 'configuring', attempt };
        return this.#tellPhase('configuring-network');
      case 'proven':
        attempt.heard = true;
        this.#provenAt = now;
        return;
      case 'closed':
        return this.#engineClosed(attempt, output.error);
    }
  }

  #childInstalled(result: Extract<TunnelInput, { kind: 'child-installed' }>['result'], now: Instant): void {
    if (this.#phase.kind !== 'configuring') return;
    const { attempt } = this.#phase;
    if (!result.ok) return this.#giveUp(result.error, now);
    const { config, child } = attempt;
    if (config === undefined || child === undefined) return this.#giveUp(failure('peer.no-address'), now);
    const plan = computeNetworkPlan(config, child.selectors.remote, this.#config.network);
    if (!plan.ok) return this.#giveUp(plan.error, now);
    attempt.plan = plan.value;
    this.#outputs.push({ kind: 'apply-network', plan: plan.value });
  }

  #networkApplied(result: Extract<TunnelInput, { kind: 'network-applied' }>['result'], now: Instant): void {
    // Whatever happened meanwhile has already asked for `undo-network`, which comes after this in the driver's queue.
    if (this.#phase.kind !== 'configuring') return;
    const { attempt } = this.#phase;
    if (!result.ok) return this.#giveUp(result.error, now);
    const details = connectedDetails(attempt, this.#remote(attempt, 'nat-traversal'));
    if (details === undefined)
      return this.#giveUp(failure('misuse', { reason: 'connected without details' }), now);
    this.#phase = { kind: 'connected', attempt };
    this.#tell({ kind: 'connected', connected: details });
  }

  /** A failure on our side after the gateway let us in: say goodbye, then clean up. */
  #giveUp(error: Failure, now: Instant): void {
    const attempt = this.#attempt();
    if (attempt === undefined) return;
    this.#phase = { kind: 'closing', attempt, error };
    this.#tell({ kind: 'disconnecting' });
    this.#feed({ kind: 'command', command: { kind: 'disconnect' } }, now);
  }

  #engineClosed(attempt: Attempt, error: Failure | undefined): void {
    delete attempt.engine;
    const phase = this.#phase;
    const unanswered = phase.kind === 'login' && !attempt.heard && error?.family === 'timeout';
    if (unanswered) return this.#closeTransport(error, this.#nextCandidate());
    this.#leave(phase.kind === 'closing' ? (phase.error ?? error) : error);
  }

  /** The transport is gone: no goodbye can be said. */
  #abandon(error: Failure): void {
    const attempt = this.#attempt();
    if (attempt === undefined) return;
    delete attempt.engine;
    this.#leave(error);
  }

  #leave(error: Failure | undefined): void {
    this.#phase = { kind: 'undoing-network', ...withError(error) };
    this.#outputs.push({ kind: 'undo-network' });
  }

  #networkUndone(): void {
    if (this.#phase.kind === 'undoing-network') this.#closeTransport(this.#phase.error, undefined);
  }

  #closeTransport(error: Failure | undefined, next: IpAddress | undefined): void {
    this.#phase = { kind: 'closing-transport', next, ...withError(error) };
    this.#outputs.push({ kind: 'close-transport' });
  }

  #transportClosed(): void {
    if (this.#phase.kind !== 'closing-transport') return;
    const { next, error } = this.#phase;
    if (next !== undefined) return this.#open(next);
    this.#end(error);
  }

  #end(error: Failure | undefined): void {
    this.#phase = { kind: 'disconnected' };
    this.#provenAt = undefined;
    this.#tell({ kind: 'disconnected', ...(error === undefined ? {} : { lastFailure: error }) });
  }

  #nextCandidate(): IpAddress | undefined {
    const [next, ...rest] = this.#candidates;
    this.#candidates = rest;
    return next;
  }

  #remote(attempt: Attempt, via: IkePort): Endpoint {
    const port = via === 'ike' ? this.#config.ikePort : this.#config.natTraversalPort;
    return { address: attempt.remote, port };
  }

  #attempt(): Attempt | undefined {
    return 'attempt' in this.#phase ? this.#phase.attempt : undefined;
  }

  #engine(): IkeEngine | undefined {
    return this.#attempt()?.engine;
  }

  #tellPhase(phase: ConnectingPhase): void {
    this.#tell({ kind: 'connecting', phase });
  }

  #tell(state: TunnelState): void {
    this.#outputs.push({ kind: 'state', state });
  }
}

function withError(error: Failure | undefined): { readonly error?: Failure } {
  return error === undefined ? {} : { error };
}

function connectedDetails(attempt: Attempt, remote: Endpoint): ConnectedDetails | undefined {
  const { summary, config, plan, child, local } = attempt;
  if (!summary || !config || !plan || !child || !local) return undefined;
  const spis = { inbound: { spi: child.inbound.spi }, outbound: { spi: child.outbound.spi } };
  return { summary, config, plan, child: spis, local, remote };
}
