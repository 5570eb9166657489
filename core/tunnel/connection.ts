import type { Endpoint, IpAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { IkeCommand, IkeInput, IkeOutput, IkePort } from '../ike/io.ts';
import { type Attempt, connectedDetails, type IkeEngine } from './attempt.ts';
import { ChildRoster } from './child-roster.ts';
import { computeNetworkPlan, type NetworkWishes } from './compute-network-plan.ts';
import type { ConnectingPhase, TunnelInput, TunnelOutput, TunnelState } from './io.ts';
import { startHistory, withRekey, withRekeyFailure } from './sa-history.ts';

export type { IkeEngine } from './attempt.ts';

export interface ConnectionConfig {
  /** Host name or address of the gateway. */
  readonly gateway: string;
  readonly ikePort: number;
  readonly natTraversalPort: number;
  readonly network: NetworkWishes;
  /** A fresh engine for one attempt over one pair of addresses. */
  readonly createEngine: (local: Endpoint, remote: Endpoint) => IkeEngine;
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
  /** What the user was told of the connection is no longer right. */
  #detailsChanged = false;

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
        return this.#command({ kind: 'traffic-seen', at: input.at }, now);
      case 'child-used':
        return this.#command({ kind: 'child-used', inboundSpi: input.inboundSpi }, now);
      case 'rekey-due':
        return this.#command({ kind: 'rekey-child', inboundSpi: input.inboundSpi }, now);
      case 'network-changed':
        if (this.#phase.kind !== 'connected') return;
        return this.#command({ kind: 'probe' }, now);
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
    this.#phase = { kind: 'opening', attempt: { remote, heard: false, children: new ChildRoster() } };
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
    this.#command({ kind: 'connect' }, now);
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
    this.#command({ kind: 'disconnect' }, now);
  }

  #datagram(input: Extract<TunnelInput, { kind: 'datagram' }>, now: Instant): void {
    const via: IkePort = input.marker ? 'nat-traversal' : 'ike';
    this.#feed({ kind: 'datagram', octets: input.octets, via }, now);
  }

  #command(command: IkeCommand, now: Instant): void {
    this.#feed({ kind: 'command', command }, now);
  }

  /** Hands an input to the engine and acts on all that comes out. */
  #feed(input: IkeInput, now: Instant): void {
    const engine = this.#engine();
    if (engine === undefined) return;
    engine.handle(input, now);
    for (let output = engine.poll(); output !== undefined; output = engine.poll()) this.#act(output, now);
    if (this.#detailsChanged) this.#tellConnected();
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
      case 'child-switch-outbound':
      case 'child-remove':
        return this.#changeChildren(attempt, output);
      case 'rekeyed':
        attempt.summary = output.summary;
        if (attempt.history !== undefined) attempt.history = withRekey(attempt.history, output.what, now);
        this.#detailsChanged = true;
        return;
      case 'rekey-failed':
        if (attempt.history !== undefined)
          attempt.history = withRekeyFailure(attempt.history, output.what, output.error, now);
        this.#detailsChanged = true;
        return;
      case 'established':
        attempt.summary = output.summary;
        attempt.history = startHistory(now);
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

  #changeChildren(
    attempt: Attempt,
    output: Extract<IkeOutput, { kind: 'child-install' | 'child-switch-outbound' | 'child-remove' }>,
  ): void {
    const { children } = attempt;
    const before = children.current;
    switch (output.kind) {
      case 'child-install': {
        const { child } = output;
        const standby = output.outbound === 'standby';
        children.add(child, standby);
        const remote = this.#remote(attempt, 'nat-traversal');
        this.#outputs.push({ kind: 'install-child', child, remote, standby });
        break;
      }
      case 'child-switch-outbound':
        children.switchTo(output.inboundSpi);
        this.#outputs.push({ kind: 'switch-outbound', inboundSpi: output.inboundSpi });
        break;
      case 'child-remove':
        children.remove(output.inboundSpi);
        this.#outputs.push({ kind: 'remove-child', inboundSpi: output.inboundSpi });
        break;
    }
    if (children.current !== before) this.#detailsChanged = true;
  }

  #childInstalled(result: Extract<TunnelInput, { kind: 'child-installed' }>['result'], now: Instant): void {
    if (this.#phase.kind !== 'configuring' && this.#phase.kind !== 'connected') return;
    const { attempt } = this.#phase;
    if (!result.ok) return this.#giveUp(result.error, now);
    // A child that replaces another one changes nothing of the network.
    if (attempt.plan !== undefined) return;
    const { config, children } = attempt;
    const child = children.current;
    if (config === undefined || child === undefined) return this.#giveUp(failure('peer.no-address'), now);
    const plan = computeNetworkPlan(config, child.remoteSelectors, this.#config.network);
    if (!plan.ok) return this.#giveUp(plan.error, now);
    attempt.plan = plan.value;
    this.#outputs.push({ kind: 'apply-network', plan: plan.value });
  }

  #networkApplied(result: Extract<TunnelInput, { kind: 'network-applied' }>['result'], now: Instant): void {
    // Whatever happened meanwhile has already asked for `undo-network`, which comes after this in the driver's queue.
    if (this.#phase.kind !== 'configuring') return;
    const { attempt } = this.#phase;
    if (!result.ok) return this.#giveUp(result.error, now);
    this.#phase = { kind: 'connected', attempt };
    if (!this.#tellConnected()) this.#giveUp(failure('misuse', { reason: 'connected without details' }), now);
  }

  /** Tells the details as they are now; nothing before the connection stands. False when some are missing. */
  #tellConnected(): boolean {
    this.#detailsChanged = false;
    if (this.#phase.kind !== 'connected') return false;
    const { attempt } = this.#phase;
    const connected = connectedDetails(attempt, this.#remote(attempt, 'nat-traversal'));
    if (connected !== undefined) this.#tell({ kind: 'connected', connected });
    return connected !== undefined;
  }

  /** A failure on our side after the gateway let us in: say goodbye, then clean up. */
  #giveUp(error: Failure, now: Instant): void {
    const attempt = this.#attempt();
    if (attempt === undefined) return;
    this.#phase = { kind: 'closing', attempt, error };
    this.#tell({ kind: 'disconnecting' });
    this.#command({ kind: 'disconnect' }, now);
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
