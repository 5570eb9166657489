import type { Endpoint } from '../base/address.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';
import type { Child } from './child-table.ts';
import type { IkeLink } from './ike-link.ts';
import type { PathId } from './io.ts';
import type { NoncePair } from './keymat.ts';
import type { RekeyOffer } from './tasks/child-rekey.ts';
import type { IkeRekeyOffer } from './tasks/ike-rekey.ts';

/** How a CREATE_CHILD_SA request of ours is to be. */
interface KeyExchangePlan {
  /** The group that the peer asked for. */
  readonly group?: number;
  /** The groups that it refused already. */
  readonly tried?: readonly number[];
}

/** An exchange of ours that waits its turn: the window is 1. */
export type Plan = PlanOf[keyof PlanOf];

interface PlanOf {
  readonly rekeyChild: KeyExchangePlan & {
    readonly kind: 'rekey-child';
    readonly child: Spi;
    /** It is the test shortly after the login. */
    readonly early?: true;
  };
  /** From scratch, where the old one cannot be rekeyed. */
  readonly createChild: KeyExchangePlan & {
    readonly kind: 'create-child';
    readonly replaces: Spi;
    readonly wish: number | undefined;
    readonly selectors: SelectorPair;
  };
  /** One beside the others. */
  readonly addChild: KeyExchangePlan & { readonly kind: 'add-child'; readonly wish: number };
  readonly deleteChild: { readonly kind: 'delete-child'; readonly child: Spi };
  readonly rekeyIke: KeyExchangePlan & { readonly kind: 'rekey-ike' };
  readonly roam: Pick<RoamTask, 'kind' | 'why'>;
  readonly checkPath: CheckPathTask;
  readonly probeSize: ProbeSizeTask;
}

/** An exchange of ours that is on the wire. */
export type OwnTask =
  | RekeyChildTask
  | CreateChildTask
  | AddChildTask
  | DeleteChildTask
  | RekeyIkeTask
  | RoamTask
  | CheckPathTask
  | ProbeSizeTask;

export interface RekeyChildTask {
  readonly kind: 'rekey-child';
  readonly plan: PlanOf['rekeyChild'];
  readonly old: Child;
  readonly offer: RekeyOffer;
  /** The peer rekeyed the same one meanwhile. @rfc 7296 2.8.1 */
  collision?: { readonly child: Child; readonly nonces: NoncePair };
}

export interface CreateChildTask {
  readonly kind: 'create-child';
  readonly plan: PlanOf['createChild'];
  readonly offer: RekeyOffer;
}

export interface AddChildTask {
  readonly kind: 'add-child';
  readonly plan: PlanOf['addChild'];
  readonly offer: RekeyOffer;
}

export interface DeleteChildTask {
  readonly kind: 'delete-child';
  readonly child: Spi;
}

export interface RekeyIkeTask {
  readonly kind: 'rekey-ike';
  readonly plan: PlanOf['rekeyIke'];
  readonly offer: IkeRekeyOffer;
  /** The peer rekeyed the IKE SA meanwhile. @rfc 7296 2.8.2 */
  collision?: { readonly link: IkeLink; readonly nonces: NoncePair };
}

/** N(UPDATE_SA_ADDRESSES). @rfc 4555 3.5 */
export interface RoamTask {
  readonly kind: 'roam';
  /** `check`: to be sure, with nothing known to have changed. */
  readonly why: 'moved' | 'check';
  readonly cookie: Uint8Array;
  /** Where it left from, and where it went. */
  readonly local: Endpoint;
  readonly remote: Endpoint;
}

/** A liveness check on a path that is not in use. */
export interface CheckPathTask {
  readonly kind: 'check-path';
  readonly path: PathId;
}

/** A padded liveness check. */
export interface ProbeSizeTask {
  readonly kind: 'probe-size';
  /** Of the IP packet. */
  readonly octets: number;
  /** As it came out, where the cipher has blocks. */
  readonly proves?: number;
}

/** Wipes what the task has to itself. */
export function wipeTask(task: OwnTask): void {
  if ('offer' in task) task.offer.keyExchange?.secret.wipe();
}

/** Whether an exchange on the wire is to put another CHILD SA in the place of this one. */
export function isReplacing(task: OwnTask | undefined, child: Child): boolean {
  if (task?.kind === 'rekey-child') return task.old === child;
  return task?.kind === 'create-child' && task.plan.replaces === child.inboundSpi;
}
