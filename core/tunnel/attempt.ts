import type { Endpoint, IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { AssignedConfig, IkeInput, IkeOutput, IkeSummary } from '../ike/io.ts';
import { formatTarget, type RedirectTarget } from '../ike/redirect-target.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { ChildRoster } from './child-roster.ts';
import type { Destination } from './destination.ts';
import type { ConnectedDetails, PathsShown } from './io.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { PathBook } from './paths/path-book.ts';
import type { SaHistory } from './sa-history.ts';

/** The part of the IKE engine that a connection drives. */
export interface IkeEngine {
  handle(input: IkeInput, now: Instant): void;
  poll(): IkeOutput | undefined;
  nextWakeup(): Instant | undefined;
  /** Whether a datagram names its IKE SA. */
  owns(octets: Uint8Array): boolean;
  /** IKE_SA_INIT had two answers that differ: one was forged. */
  readonly rivalled?: boolean;
  /** How many requests of the peer's own it took, each of them authentic and new. */
  readonly asked?: number;
  /** How many datagrams it dropped, by cause. */
  readonly drops: Readonly<Record<string, number>>;
}

/** One attempt to reach one of the gateway's addresses, and what has come of it. */
export interface Attempt {
  readonly destination: Destination;
  readonly remote: IpAddress;
  local?: Endpoint;
  engine?: IkeEngine;
  /** IKE_SA_INIT was answered. */
  answered: boolean;
  /** The gateway has proven who it is. */
  proven: boolean;
  summary?: IkeSummary;
  config?: AssignedConfig;
  readonly children: ChildRoster;
  /** From `established` on. */
  history?: SaHistory;
  /** The gateway wants no further copies of CHILD SAs. */
  pairsRefused?: Failure;
  plan?: NetworkPlan;
  /** From the opening of the first socket on. */
  paths?: PathBook;
  /** Where the gateway sends us, while the login that it ends is going on. */
  redirect?: RedirectTarget;
  /** The gateway ends this login then. @rfc 4478 */
  endsAt?: Instant;
  /** When the login that is to follow this one begins, or is tried again. */
  renewAt?: Instant;
  renewTries: number;
  /** The gateway does not let us in any more: no other login may follow this one. */
  refused?: Failure;
  /** Of a login that was replaced and is yet to say goodbye. */
  goodbyeAt?: Instant;
  /** CHILD SAs of a login that was replaced, for late packets. */
  readonly lingering: Spi[];
  /** When those go, once its engine has closed. */
  lingerUntil?: Instant;
}

/** Before anything was sent. `remote`: where it goes. */
export function newAttempt(destination: Destination, remote: IpAddress): Attempt {
  const children = new ChildRoster();
  return { destination, remote, answered: false, proven: false, children, renewTries: 0, lingering: [] };
}

/** Ends the engine at once and without a word to the gateway; what it still has to say is not heard. */
export function dropEngine(attempt: Attempt, now: Instant): void {
  attempt.engine?.handle({ kind: 'command', command: { kind: 'abandon' } }, now);
  delete attempt.engine;
}

/** What a user is told of a connection that stands; `undefined` while something of it is missing. */
export function connectedDetails(attempt: Attempt, remote: Endpoint): ConnectedDetails | undefined {
  const { summary, config, plan, children, history, local, destination, paths } = attempt;
  const { current } = children;
  if (!summary || !config || !plan || !current || !history || !local || !paths) return undefined;
  const child = { inbound: current.inbound, outbound: current.outbound };
  const asleep = current.asleepSince === undefined ? {} : { asleepSince: current.asleepSince };
  const { redirectedFrom } = destination;
  const redirect = redirectedFrom === undefined ? {} : { redirectedFrom: formatTarget(redirectedFrom) };
  const refused = attempt.pairsRefused === undefined ? {} : { pairsRefused: attempt.pairsRefused };
  const pairs = children.ofPairs.map(({ pair, inbound, outbound }) => ({ pair, inbound, outbound }));
  const shown = { summary, config, plan, child, pairs, history, local, remote, paths: pathsShown(paths) };
  return { ...shown, ...asleep, ...redirect, ...refused };
}

function pathsShown(book: PathBook): PathsShown {
  const others = book.live.filter((path) => path !== book.current && path.provenAt !== undefined);
  const { state, measured, keepaliveMs, keepalive, network } = book;
  const learnt = { keepaliveMs, nat: keepalive?.lore, rememberable: network !== undefined };
  return {
    state,
    measured,
    ...learnt,
    current: { ...book.current },
    others: others.map((path) => ({ ...path })),
  };
}
