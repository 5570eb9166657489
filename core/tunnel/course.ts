import type { Endpoint, IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { IkePort } from '../ike/io.ts';
import { type Attempt, connectedDetails, type IkeEngine } from './attempt.ts';
import type { NetworkWishes } from './compute-network-plan.ts';
import type { ConnectingPhase, TunnelOutput, TunnelState } from './io.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { Phase } from './phase.ts';
import type { Loss } from './reconnect-policy.ts';

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

/** What a connection knows of itself between two inputs. The steps of its life, in the files beside this one, work on it. */
export class Course {
  readonly config: ConnectionConfig;
  readonly outputs: TunnelOutput[] = [];
  phase: Phase = { kind: 'disconnected' };
  candidates: readonly IpAddress[] = [];
  /** Where the gateway was when its name was last resolved. */
  known: readonly IpAddress[] = [];
  /** In force on this machine, or about to be. */
  plan: NetworkPlan | undefined;
  connectedAt: Instant | undefined;
  /** While reconnecting. */
  loss: Loss | undefined;
  earlierLoss: Loss | undefined;
  provenAt: Instant | undefined;
  /** What the user was told of the connection is no longer right. */
  detailsChanged = false;

  constructor(config: ConnectionConfig) {
    this.config = config;
  }

  get attempt(): Attempt | undefined {
    return 'attempt' in this.phase ? this.phase.attempt : undefined;
  }

  get engine(): IkeEngine | undefined {
    return this.attempt?.engine;
  }

  remote(attempt: Attempt, via: IkePort): Endpoint {
    const port = via === 'ike' ? this.config.ikePort : this.config.natTraversalPort;
    return { address: attempt.paths?.current.candidate.remote ?? attempt.remote, port };
  }

  nextCandidate(): IpAddress | undefined {
    const [next, ...rest] = this.candidates;
    this.candidates = rest;
    return next;
  }

  emit(output: TunnelOutput): void {
    this.outputs.push(output);
  }

  tell(state: TunnelState): void {
    this.emit({ kind: 'state', state });
  }

  tellPhase(phase: ConnectingPhase): void {
    const loss = this.loss?.details;
    this.tell(loss === undefined ? { kind: 'connecting', phase } : { kind: 'reconnecting', loss, phase });
  }

  /** Tells the details as they are now; nothing before the connection stands. False when some are missing. */
  tellConnected(): boolean {
    this.detailsChanged = false;
    if (this.phase.kind !== 'connected') return false;
    const { attempt } = this.phase;
    const connected = connectedDetails(attempt, this.remote(attempt, 'nat-traversal'));
    if (connected !== undefined) this.tell({ kind: 'connected', connected });
    return connected !== undefined;
  }
}

export function withError(error: Failure | undefined): { readonly error?: Failure } {
  return error === undefined ? {} : { error };
}
