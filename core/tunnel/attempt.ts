import type { Endpoint, IpAddress } from '../base/address.ts';
import type { Instant } from '../base/time.ts';
import type { AssignedConfig, IkeInput, IkeOutput, IkeSummary } from '../ike/io.ts';
import type { ChildRoster } from './child-roster.ts';
import type { ConnectedDetails, PathsShown } from './io.ts';
import type { NetworkPlan } from './network-plan.ts';
import type { PathBook } from './paths/path-book.ts';
import type { SaHistory } from './sa-history.ts';

/** The part of the IKE engine that a connection drives. */
export interface IkeEngine {
  handle(input: IkeInput, now: Instant): void;
  poll(): IkeOutput | undefined;
  nextWakeup(): Instant | undefined;
  /** How many datagrams it dropped, by cause. */
  readonly drops: Readonly<Record<string, number>>;
}

/** One attempt to reach one of the gateway's addresses, and what has come of it. */
export interface Attempt {
  readonly remote: IpAddress;
  local?: Endpoint;
  engine?: IkeEngine;
  /** True once the gateway answered anything that the engine took. */
  heard: boolean;
  summary?: IkeSummary;
  config?: AssignedConfig;
  readonly children: ChildRoster;
  /** From `established` on. */
  history?: SaHistory;
  plan?: NetworkPlan;
  /** From the opening of the first socket on. */
  paths?: PathBook;
}

/** What a user is told of a connection that stands; `undefined` while something of it is missing. */
export function connectedDetails(attempt: Attempt, remote: Endpoint): ConnectedDetails | undefined {
  const { summary, config, plan, children, history, local, paths } = attempt;
  const { current } = children;
  if (!summary || !config || !plan || !current || !history || !local || !paths) return undefined;
  const child = { inbound: current.inbound, outbound: current.outbound };
  return { summary, config, plan, child, history, local, remote, paths: pathsShown(paths) };
}

function pathsShown(book: PathBook): PathsShown {
  const others = book.live.filter((path) => path !== book.current && path.provenAt !== undefined);
  return { state: book.state, current: { ...book.current }, others: others.map((path) => ({ ...path })) };
}
