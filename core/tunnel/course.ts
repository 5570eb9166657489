import type { Endpoint, IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Duration, Instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { IkeAsk, IkeCommand, IkeOutput, IkePort } from '../ike/io.ts';
import type { RedirectTarget } from '../ike/redirect-target.ts';
import { type Attempt, connectedDetails, type IkeEngine } from './attempt.ts';
import type { Candidate, Scout } from './candidates.ts';
import type { NetworkWishes } from './compute-network-plan.ts';
import { type Destination, RedirectLimit } from './destination.ts';
import type { ConnectingPhase, TunnelOutput, TunnelState } from './io.ts';
import type { NetworkPlan } from './network-plan.ts';
import { EspSilence } from './paths/esp-silence.ts';
import type { PathBook } from './paths/path-book.ts';
import type { Phase } from './phase.ts';
import type { Loss } from './reconnect-policy.ts';

export interface ConnectionConfig {
  /** Host names or addresses of the gateways, in order; one at least. */
  readonly gateways: readonly string[];
  /** All gateways are asked at once, and the first to answer gets the login. Else each is tried when those before it failed. */
  readonly fastest?: boolean;
  readonly ikePort: number;
  readonly natTraversalPort: number;
  readonly network: NetworkWishes;
  /** A fresh engine for one attempt over one pair of addresses. */
  readonly createEngine: (local: Endpoint, remote: Endpoint, terms: EngineTerms) => IkeEngine;
  readonly random: Random;
  /** Unless true, a connection that is lost has ended. */
  readonly reconnect?: boolean;
  /** Silence after which a NAT keepalive goes out; `auto`: behind a NAT, and as long as that stands. Absent: none goes out. */
  readonly keepaliveMs?: Duration | 'auto';
}

/** What one login differs in from the others of its connection. */
export interface EngineTerms {
  /** The gateway of the profile that must be there. */
  readonly gateway: string;
  /** Inner addresses to ask for, those that we have or had. */
  readonly wantedAddresses: readonly IpAddress[];
  /** The gateway that sent us to this one. @rfc 5685 */
  readonly redirectedFrom?: RedirectTarget;
  /** Another login of this connection stands, which must not be ended by INITIAL_CONTACT. @rfc 7296 2.4 */
  readonly beside: boolean;
}

/** A login beside a connection that stands, which is to take its place. */
export interface Renewal {
  readonly destination: Destination;
  readonly because: 'auth-lifetime' | 'redirect';
  /** Absent while the destination is looked up. */
  attempt?: Attempt;
  readonly until: Instant;
}

/** What a connection knows of itself between two inputs. The steps of its life, in the files beside this one, work on it. */
export class Course {
  readonly config: ConnectionConfig;
  readonly outputs: TunnelOutput[] = [];
  readonly orders: IkeCommand[] = [];
  /** This data plane has more to carry than one pair of workers should. */
  busy = false;
  phase: Phase = { kind: 'disconnected' };
  /** Addresses that are to be tried yet, in order. */
  candidates: readonly Candidate[] = [];
  /** Gateways that come after them. */
  laterGateways: readonly Destination[] = [];
  /** Why another candidate of this try failed, when that says more than silence. */
  failed: Failure | undefined;
  /** How often a login was repeated at its address because two answers differed. */
  rivalTries = 0;
  /** By number. */
  readonly scouts = new Map<number, Scout>();
  lastScout = 0;
  /** When the login began beside which others are asked, and what head start it had itself. */
  raceBeganAt: Instant | undefined;
  racedFrom: Duration = 0;
  /** The machine was asked for other ways than the preferred one, and which ways this try has taken so far. */
  askedWays = false;
  readonly triedWays = new Set<string>();
  /** Our addresses on ways where the gateway was silent in this try. */
  readonly silentLocals = new Set<string>();
  /** Where each gateway of the profile was when its name was last resolved. */
  readonly known = new Map<string, readonly IpAddress[]>();
  /** The family of addresses outside that worked last. */
  family: 4 | 6 | undefined;
  /** Where the gateway has sent us to: the next login goes there. */
  detour: Destination | undefined;
  readonly redirects = new RedirectLimit();
  renewal: Renewal | undefined;
  /** Replaced logins that say goodbye. */
  readonly retiring = new Set<Attempt>();
  /** What the plans are for that are being applied, in order. */
  readonly applying: ('login' | 'children')[] = [];
  /** Whose CHILD SAs are being installed, in order. */
  readonly installing: Attempt[] = [];
  /** Asks that are open, by the id that the driver knows. */
  readonly #asks = new Map<number, { readonly attempt: Attempt; readonly id: number }>();
  #lastAsk = 0;
  /** In force on this machine, or about to be. */
  plan: NetworkPlan | undefined;
  connectedAt: Instant | undefined;
  /** While reconnecting. */
  loss: Loss | undefined;
  earlierLoss: Loss | undefined;
  provenAt: Instant | undefined;
  /** What the data plane was told of keepalives. */
  keepaliveTold: string | undefined;
  readonly espSilence = new EspSilence();
  /** What the user was told of the connection is no longer right. */
  detailsChanged = false;

  constructor(config: ConnectionConfig) {
    this.config = config;
  }

  /** Where the profile says. */
  get homes(): readonly Destination[] {
    return this.config.gateways.map((gateway) => ({ gateway, host: gateway }));
  }

  /** A failure that says more than that nobody answered is what a user should hear of in the end. */
  noteFailure(error: Failure | undefined): void {
    if (error !== undefined && error.family !== 'timeout') this.failed ??= error;
  }

  /** Every login that has an engine: the present one first. */
  get attempts(): readonly Attempt[] {
    return [this.attempt, this.renewal?.attempt, ...this.retiring].filter((each) => each !== undefined);
  }

  get attempt(): Attempt | undefined {
    return 'attempt' in this.phase ? this.phase.attempt : undefined;
  }

  /** The paths of a connection that stands. */
  get book(): PathBook | undefined {
    return this.phase.kind === 'connected' ? this.phase.attempt.paths : undefined;
  }

  /** Since when the login that is under way has waited for a first answer; `undefined`: nothing waits for one. */
  get silentSince(): Instant | undefined {
    return this.phase.kind === 'login' && !this.phase.attempt.answered ? this.raceBeganAt : undefined;
  }

  get engine(): IkeEngine | undefined {
    return this.attempt?.engine;
  }

  remote(attempt: Attempt, via: IkePort): Endpoint {
    const port = via === 'ike' ? this.config.ikePort : this.config.natTraversalPort;
    return { address: attempt.paths?.current.candidate.remote ?? attempt.remote, port };
  }

  createEngine(attempt: Attempt, local: Endpoint): IkeEngine {
    const { gateway, redirectedFrom } = attempt.destination;
    const wantedAddresses = (this.plan?.addresses ?? []).map(({ address }) => address);
    return this.config.createEngine(local, this.remote(attempt, 'ike'), {
      gateway,
      wantedAddresses,
      beside: this.phase.kind === 'connected',
      ...(redirectedFrom === undefined ? {} : { redirectedFrom }),
    });
  }

  /** Has the engine of the present login do this, once what it says now has been heard. */
  order(command: IkeCommand): void {
    this.orders.push(command);
  }

  /** Asks the driver; the answer finds its way back by `asked`. */
  ask(attempt: Attempt, id: number, ask: IkeAsk): void {
    this.#lastAsk += 1;
    this.#asks.set(this.#lastAsk, { attempt, id });
    const until = this.renewal?.attempt === attempt ? { until: this.renewal.until } : {};
    this.emit({ kind: 'ask', id: this.#lastAsk, ask, gateway: attempt.destination.gateway, ...until });
  }

  /** Who asked this, and under which id; told once. */
  asked(id: number): { readonly attempt: Attempt; readonly id: number } | undefined {
    const found = this.#asks.get(id);
    this.#asks.delete(id);
    return found;
  }

  nextCandidate(): Candidate | undefined {
    const [next, ...rest] = this.candidates;
    this.candidates = rest;
    return next;
  }

  /**
   * A copy on each path that is named. One that is gone is no way for an answer: then the one in use, as for a login that is to
   * follow, which has no paths of its own.
   */
  transmit(attempt: Attempt, output: Extract<IkeOutput, { kind: 'transmit' }>): void {
    const { octets, via, paths = [], dontFragment } = output;
    const marker = via === 'nat-traversal';
    const whole = dontFragment === true ? { dontFragment } : {};
    const named = marker ? paths.flatMap((id) => attempt.paths?.get(id) ?? []) : [];
    for (const { id, candidate } of named) {
      const to = { address: candidate.remote, port: this.config.natTraversalPort };
      this.emit({ kind: 'transmit', octets, to, marker, path: id, ...whole });
    }
    if (named.length > 0) return;
    const path = (attempt.paths ?? this.attempt?.paths)?.current.id ?? 0;
    this.emit({ kind: 'transmit', octets, to: this.remote(attempt, via), marker, path, ...whole });
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
    const renewing = this.renewal === undefined ? {} : { renewing: true as const };
    const { since } = this.espSilence;
    const oneWay = since === undefined ? {} : { oneWaySince: since };
    if (connected !== undefined)
      this.tell({ kind: 'connected', connected: { ...connected, ...oneWay }, ...renewing });
    return connected !== undefined;
  }
}

/** A member `error` where there is one: `exactOptionalPropertyTypes` wants none otherwise. */
export function withError(error: Failure | undefined): { readonly error?: Failure } {
  return error === undefined ? {} : { error };
}
