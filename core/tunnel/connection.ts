import { type Endpoint, formatIpAddress, type IpAddress, sameAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, type Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { IkeCommand, IkeInput, IkeOutput, IkePort } from '../ike/io.ts';
import { type Attempt, connectedDetails, type IkeEngine } from './attempt.ts';
import { type ChildChange, changeChildren } from './child-changes.ts';
import { ChildRoster } from './child-roster.ts';
import { computeNetworkPlan, type NetworkWishes } from './compute-network-plan.ts';
import type { ConnectingPhase, TunnelInput, TunnelOutput, TunnelState } from './io.ts';
import { type NetworkPlan, samePlan } from './network-plan.ts';
import type { Phase } from './phase.ts';
import { addressChanged, Loss, mayReconnect } from './reconnect-policy.ts';
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
  /** Absent: a connection that is lost has ended. */
  readonly reconnect?: { readonly random: Random };
}

/**
 * One connection from `connect` to the end, over one engine at a time. Sans-IO: the driver passes inputs with the
 * time, drains `poll()`, and calls `handle({ kind: 'timeout' })` at `nextWakeup()`.
 *
 * Every way out passes through the same three steps: the network is undone, the transport is closed, then
 * `disconnected` is reported, so nothing is left behind whatever the reason. A connection that stood and is lost is no
 * way out: its network stays, so that nothing leaves in the clear, and it logs in again (docs/decisions/0006).
 */
export class Connection {
  readonly #config: ConnectionConfig;
  readonly #outputs: TunnelOutput[] = [];
  #phase: Phase = { kind: 'disconnected' };
  #candidates: readonly IpAddress[] = [];
  /** Where the gateway was when its name was last resolved. */
  #known: readonly IpAddress[] = [];
  /** In force on this machine, or about to be. */
  #plan: NetworkPlan | undefined;
  #connectedAt: Instant | undefined;
  /** While reconnecting. */
  #loss: Loss | undefined;
  #earlierLoss: Loss | undefined;
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
    return this.#phase.kind === 'waiting' ? this.#loss?.nextTryAt : this.#engine()?.nextWakeup();
  }

  handle(input: TunnelInput, now: Instant): void {
    switch (input.kind) {
      case 'connect':
        return this.#connect();
      case 'disconnect':
        return this.#disconnect(now);
      case 'resolved':
        return this.#resolved(input.result, now);
      case 'transport-opened':
        return this.#transportOpened(input.result, now);
      case 'child-installed':
        return this.#childInstalled(input.result, now);
      case 'network-applied':
        return this.#networkApplied(input.result, now);
      case 'network-undone':
        return this.#networkUndone();
      case 'transport-closed':
        return this.#transportClosed(now);
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
        return this.#networkChanged(input.local, now);
      case 'transport-failed':
        return this.#abandon(input.error, now);
      case 'answer':
        return this.#feed({ kind: 'answer', id: input.id, answer: input.answer }, now);
      case 'timeout':
        return this.#phase.kind === 'waiting' ? this.#tryWhenDue(now) : this.#feed({ kind: 'timeout' }, now);
    }
  }

  #connect(): void {
    if (this.#phase.kind !== 'disconnected') return;
    this.#phase = { kind: 'resolving' };
    this.#tellPhase('resolving');
    this.#outputs.push({ kind: 'resolve', host: this.#config.gateway });
  }

  #resolved(result: Extract<TunnelInput, { kind: 'resolved' }>['result'], now: Instant): void {
    if (this.#phase.kind !== 'resolving') return;
    const found = result.ok ? result.value : [];
    if (found.length > 0) this.#known = found;
    // A network that does not resolve the name any more may still lead to where it was.
    const [first, ...rest] = this.#known;
    if (first === undefined) {
      const error = result.ok
        ? failure('gateway.unresolved', { gateway: this.#config.gateway })
        : result.error;
      return this.#loss === undefined ? this.#end(error) : this.#leave(error, now);
    }
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
    if (!result.ok) {
      const next = this.#nextCandidate();
      if (next === undefined && this.#loss !== undefined) return this.#leave(result.error, now);
      return this.#closeTransport(result.error, next);
    }
    attempt.local = result.value;
    attempt.engine = this.#config.createEngine(result.value, this.#remote(attempt, 'ike'));
    this.#phase = { kind: 'login', attempt };
    this.#command({ kind: 'connect' }, now);
  }

  #disconnect(now: Instant): void {
    const phase = this.#phase;
    const cancelled = this.#loss === undefined ? failure('tunnel.cancelled') : undefined;
    switch (phase.kind) {
      case 'resolving':
      case 'opening':
      case 'waiting':
      case 'closing-transport':
        return this.#cancel(phase, cancelled);
      case 'login':
        this.#phase = { kind: 'closing', attempt: phase.attempt, wanted: true, ...withError(cancelled) };
        break;
      case 'configuring':
      case 'connected':
        this.#phase = { kind: 'closing', attempt: phase.attempt, wanted: true };
        break;
      default:
        return;
    }
    this.#tell({ kind: 'disconnecting' });
    this.#command({ kind: 'disconnect' }, now);
  }

  /** The user's end of what no gateway needs to be told of. */
  #cancel(phase: Phase, cancelled: Failure | undefined): void {
    // On its way out already.
    if (phase.kind === 'closing-transport' && phase.next === undefined) return;
    if (this.#loss !== undefined) {
      this.#tell({ kind: 'disconnecting' });
      // A transport that is being closed or opened meanwhile is closed once more, after the network is undone.
      return this.#undo(undefined);
    }
    if (phase.kind === 'resolving') return this.#end(cancelled);
    if (phase.kind === 'opening') return this.#closeTransport(cancelled, undefined);
    if (phase.kind === 'closing-transport')
      this.#phase = { kind: 'closing-transport', next: undefined, ...withError(cancelled) };
  }

  #networkChanged(local: IpAddress | 'none' | undefined, now: Instant): void {
    // Without any way to the gateway there is nobody to ask; its return comes as a change too.
    if (local === 'none') return;
    const phase = this.#phase;
    const { kind } = phase;
    if (kind === 'waiting' || (phase.kind === 'closing-transport' && phase.next === 'wait')) {
      this.#loss?.hurry(now);
      return this.#tryWhenDue(now);
    }
    const attempt = this.#attempt();
    const from = attempt?.local?.address;
    if (kind === 'connected' && attempt !== undefined && this.#roams(attempt, local, now)) return;
    const moved = local !== undefined && from !== undefined && !sameAddress(local, from);
    const stands = kind === 'connected' || (this.#loss !== undefined && kind !== 'closing');
    if (moved && stands && this.#config.reconnect !== undefined)
      return this.#moved(addressChanged(formatIpAddress(from), formatIpAddress(local)), now);
    if (kind === 'connected') this.#command({ kind: 'probe' }, now);
  }

  /** True when the gateway follows us to another address: the connection stays. @rfc 4555 */
  #roams({ summary, local: from }: Attempt, local: IpAddress | undefined, now: Instant): boolean {
    if (summary?.mobike !== true || from === undefined || local?.family !== from.address.family) return false;
    this.#command({ kind: 'roam', local: { address: local, port: from.port } }, now);
    return true;
  }

  /** The SA is bound to an address that is gone. What reaches the gateway of a goodbye frees the inner address there. */
  #moved(error: Failure, now: Instant): void {
    const attempt = this.#attempt();
    const engine = attempt?.engine;
    engine?.handle({ kind: 'command', command: { kind: 'disconnect' } }, now);
    for (let output = engine?.poll(); output !== undefined; output = engine?.poll()) {
      if (output.kind === 'transmit') this.#act(output, now);
      if (output.kind === 'closed') delete attempt?.engine;
    }
    this.#abandon(error, now);
    if (this.#phase.kind === 'closing-transport') this.#loss?.hurry(now);
  }

  #tryWhenDue(now: Instant): void {
    const loss = this.#loss;
    if (loss === undefined) return;
    const due = loss.nextTryAt !== undefined && loss.nextTryAt <= now;
    if (this.#phase.kind !== 'waiting' || !due)
      return this.#tell({ kind: 'reconnecting', loss: loss.details });
    loss.begin(now);
    this.#phase = { kind: 'resolving' };
    this.#tellPhase('resolving');
    this.#outputs.push({ kind: 'resolve', host: this.#config.gateway });
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
      case 'roamed':
        attempt.local = output.local;
        attempt.summary = output.summary;
        this.#detailsChanged = true;
        return;
      case 'peer-addresses':
        attempt.summary = output.summary;
        return;
      case 'child-refused':
        if (attempt.history !== undefined)
          attempt.history = withRekeyFailure(attempt.history, 'child', output.error, now);
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
        return this.#engineClosed(attempt, output.error, now);
    }
  }

  #changeChildren(attempt: Attempt, change: ChildChange): void {
    const before = attempt.children.current;
    this.#outputs.push(changeChildren(attempt.children, change, this.#remote(attempt, 'nat-traversal')));
    if (attempt.children.current !== before) this.#detailsChanged = true;
    if (change.kind !== 'child-install' || change.outbound === undefined) this.#replan(attempt);
  }

  #childInstalled(result: Extract<TunnelInput, { kind: 'child-installed' }>['result'], now: Instant): void {
    if (this.#phase.kind !== 'configuring' && this.#phase.kind !== 'connected') return;
    const { attempt } = this.#phase;
    if (!result.ok) return this.#giveUp(result.error, now);
    // A child that replaces another one changes nothing of the network.
    if (attempt.plan !== undefined) return;
    const plan = this.#planOf(attempt);
    if (!plan.ok) return this.#giveUp(plan.error, now);
    attempt.plan = plan.value;
    const standing = this.#plan;
    const replaced = standing === undefined ? 'new' : 'replaced';
    const change = standing !== undefined && samePlan(standing, plan.value) ? 'same' : replaced;
    this.#plan = plan.value;
    this.#outputs.push({ kind: 'apply-network', plan: plan.value, change });
  }

  #planOf({ config, children }: Attempt): Result<NetworkPlan, Failure> {
    if (config === undefined || children.current === undefined) return err(failure('peer.no-address'));
    return computeNetworkPlan(config, children.remoteSelectors, this.#config.network);
  }

  /** Other CHILD SAs than before carry packets: this computer sends into the tunnel what they may carry, no more and no less. */
  #replan(attempt: Attempt): void {
    const standing = attempt.plan;
    if (this.#phase.kind !== 'connected' || standing === undefined) return;
    const plan = this.#planOf(attempt);
    if (!plan.ok || samePlan(standing, plan.value)) return;
    attempt.plan = plan.value;
    this.#plan = plan.value;
    this.#detailsChanged = true;
    this.#outputs.push({ kind: 'apply-network', plan: plan.value, change: 'replaced' });
  }

  #networkApplied(result: Extract<TunnelInput, { kind: 'network-applied' }>['result'], now: Instant): void {
    // Then nothing of it is in force.
    if (!result.ok) this.#plan = undefined;
    // Whatever happened meanwhile has already asked for `undo-network`, which comes after this in the driver's queue.
    if (this.#phase.kind !== 'configuring' && this.#phase.kind !== 'connected') return;
    const { attempt } = this.#phase;
    if (!result.ok) return this.#giveUp(result.error, now);
    if (this.#phase.kind === 'connected') return;
    this.#phase = { kind: 'connected', attempt };
    this.#connectedAt = now;
    this.#earlierLoss = this.#loss;
    this.#loss = undefined;
    this.#replan(attempt);
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
    this.#phase = { kind: 'closing', attempt, wanted: false, error };
    this.#tell({ kind: 'disconnecting' });
    this.#command({ kind: 'disconnect' }, now);
  }

  #engineClosed(attempt: Attempt, error: Failure | undefined, now: Instant): void {
    delete attempt.engine;
    const phase = this.#phase;
    const unanswered = phase.kind === 'login' && !attempt.heard && error?.family === 'timeout';
    const next = unanswered ? this.#nextCandidate() : undefined;
    if (next !== undefined) return this.#closeTransport(error, next);
    this.#leave(phase.kind === 'closing' ? (phase.error ?? error) : error, now);
  }

  /** The transport is gone: no goodbye can be said. */
  #abandon(error: Failure, now: Instant): void {
    const attempt = this.#attempt();
    if (attempt === undefined) return;
    attempt.engine?.handle({ kind: 'command', command: { kind: 'abandon' } }, now);
    delete attempt.engine;
    this.#leave(error, now);
  }

  #leave(error: Failure | undefined, now: Instant): void {
    const wanted = this.#phase.kind === 'closing' && this.#phase.wanted;
    const stood = this.#connectedAt !== undefined;
    if (
      !wanted &&
      stood &&
      error !== undefined &&
      mayReconnect(error) &&
      this.#config.reconnect !== undefined
    )
      return this.#lose(error, this.#config.reconnect.random, now);
    this.#undo(error);
  }

  /** The network stays as it is: what should go through the tunnel waits there or is lost, and goes nowhere else. */
  #lose(error: Failure, random: Random, now: Instant): void {
    if (this.#loss === undefined) {
      const lasted = this.#connectedAt !== undefined && now - this.#connectedAt >= limits.reconnectLastingMs;
      this.#loss = new Loss(error, now, random, lasted ? undefined : this.#earlierLoss);
    } else this.#loss.failed(error, now, random);
    this.#tell({ kind: 'reconnecting', loss: this.#loss.details });
    this.#closeTransport(error, 'wait');
  }

  #undo(error: Failure | undefined): void {
    this.#phase = { kind: 'undoing-network', ...withError(error) };
    this.#outputs.push({ kind: 'undo-network' });
  }

  #networkUndone(): void {
    if (this.#phase.kind === 'undoing-network') this.#closeTransport(this.#phase.error, undefined);
  }

  #closeTransport(error: Failure | undefined, next: IpAddress | 'wait' | undefined): void {
    this.#phase = { kind: 'closing-transport', next, ...withError(error) };
    this.#outputs.push({ kind: 'close-transport' });
  }

  #transportClosed(now: Instant): void {
    if (this.#phase.kind !== 'closing-transport') return;
    const { next, error } = this.#phase;
    if (next === 'wait') {
      this.#phase = { kind: 'waiting' };
      // Else the time of the next try has been told already.
      const at = this.#loss?.nextTryAt;
      return at !== undefined && at <= now ? this.#tryWhenDue(now) : undefined;
    }
    if (next !== undefined) return this.#open(next);
    this.#end(error);
  }

  #end(error: Failure | undefined): void {
    this.#phase = { kind: 'disconnected' };
    this.#provenAt = undefined;
    this.#plan = undefined;
    this.#connectedAt = undefined;
    this.#loss = undefined;
    this.#earlierLoss = undefined;
    this.#known = [];
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
    const loss = this.#loss?.details;
    this.#tell(loss === undefined ? { kind: 'connecting', phase } : { kind: 'reconnecting', loss, phase });
  }

  #tell(state: TunnelState): void {
    this.#outputs.push({ kind: 'state', state });
  }
}

function withError(error: Failure | undefined): { readonly error?: Failure } {
  return error === undefined ? {} : { error };
}
