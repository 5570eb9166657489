import type { IpPrefix } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { EapPeer } from '../eap/peer.ts';
import type { Spi } from '../wire/ike/payload.ts';
import type { Agenda } from './agenda.ts';
import { type Association, wipeAssociation } from './association.ts';
import type { ChildTable } from './child-table.ts';
import type { IkeIdentity } from './config.ts';
import { closeLink, type IkeLink } from './ike-link.ts';
import type { IkeSummary } from './io.ts';
import type { Mobility } from './mobility.ts';
import { type OwnTask, type Plan, type RekeyIkeTask, wipeTask } from './own-task.ts';
import type { RedirectTarget } from './redirect-target.ts';
import type { GatewayClaim } from './tasks/authenticate-gateway.ts';
import type { ChildOffer } from './tasks/child-create.ts';
import type { IkeInitTask } from './tasks/ike-init.ts';
import type { Liveness } from './tasks/liveness.ts';

/**
 * Where an IKE SA stands. Each state holds just what is valid in it, so nothing can be used before it exists: there is no EAP
 * peer to hand a packet to before the gateway is proven.
 *
 *     idle → init → authenticating-gateway → judging-gateway → logging-in ⇄ awaiting-credential
 *                 → requesting-address → established → closing → closed
 *
 * Every state may go to `closed`; from `requesting-address` on with a goodbye to the gateway (`closing`).
 */
export type IkeState =
  | { readonly kind: 'idle' }
  | Init
  | AuthenticatingGateway
  | JudgingGateway
  | LoggingIn
  | AwaitingCredential
  | RequestingAddress
  | Established
  | Closing
  | { readonly kind: 'closed' };

/** IKE_SA_INIT is on the wire. */
export interface Init {
  readonly kind: 'init';
  readonly task: IkeInitTask;
}

/** What every state after IKE_SA_INIT has until the login is done. */
interface Login {
  readonly association: Association;
  /** Absent: the IKE SA begins without a CHILD SA. @rfc 6023 */
  readonly child: ChildOffer | undefined;
}

/** The first IKE_AUTH request is on the wire. */
export interface AuthenticatingGateway extends Login {
  readonly kind: 'authenticating-gateway';
}

/** The driver judges the gateway's certificates; the gateway waits. */
export interface JudgingGateway extends Login {
  readonly kind: 'judging-gateway';
  readonly ask: number;
  readonly claim: GatewayClaim;
  /** The EAP request that came along, not looked at before the verdict. */
  readonly eapPacket: Uint8Array;
  /** Once proven, the gateway sends us to this one. @rfc 5685 6 */
  readonly redirect?: RedirectTarget;
}

/** A gateway whose certificate and signature are good. */
export interface ProvenGateway {
  readonly identity: IkeIdentity;
  /** How it proved itself, for the user. */
  readonly authentication: string;
}

/** What an EAP conversation has. */
export interface EapLogin extends Login {
  readonly gateway: ProvenGateway;
  readonly eap: EapPeer;
  /** EAP packets of the gateway so far. */
  readonly rounds: number;
}

/** An EAP response is on the wire. */
export interface LoggingIn extends EapLogin {
  readonly kind: 'logging-in';
  /** The login is lost already and the gateway is being told: the reason, whatever it answers. */
  readonly failing?: Failure;
}

/** The driver gets what only the user knows; the gateway waits. */
export interface AwaitingCredential extends EapLogin {
  readonly kind: 'awaiting-credential';
  readonly ask: number;
}

/** EAP is done and our AUTH is on the wire. */
export interface RequestingAddress extends Login {
  readonly kind: 'requesting-address';
  readonly gateway: ProvenGateway;
  readonly method: string;
  /** Absent for an EAP method that makes no key. */
  readonly msk?: Uint8Array;
}

/**
 * The IKE SA and its CHILD SAs stand. This state lasts for days, and unlike the others it changes in place: SAs are replaced
 * while everything goes on.
 */
export interface Established {
  readonly kind: 'established';
  /** The IKE SA in use. */
  link: IkeLink;
  /** Replaced IKE SAs until they are deleted, and redundant ones of a collision. */
  readonly others: Set<IkeLink>;
  readonly children: ChildTable;
  readonly agenda: Agenda;
  readonly liveness: Liveness;
  /** Our inner addresses. */
  readonly addresses: readonly IpPrefix[];
  /** How often each of our wishes was asked for anew. */
  readonly wishTries: number[];
  /** The driver knows that all stands: only then is there a CHILD SA. */
  announced: boolean;
  /** SPIs of CHILD SAs that the peer deleted and we do not know: their making may still be on the way to us. */
  readonly goneUnseen: Set<Spi>;
  /** Our exchange on the wire, unless it is a liveness check. */
  active: OwnTask | undefined;
  readonly todo: Plan[];
  /** Refused rekeys of the IKE SA in a row, and why the last one was. */
  ikeTrouble: { readonly refusals: number; readonly reason?: string };
  /** The group of the last CHILD SA that we asked for and got; 0 without a key exchange. */
  childGroup: number | undefined;
  summary: IkeSummary;
  /** Absent: the peer does not know MOBIKE. */
  readonly mobility: Mobility | undefined;
}

/** Our DELETE is on the wire, or waits for the request that is. */
export interface Closing {
  readonly kind: 'closing';
  /** The end has come when nothing is outstanding on any of these. */
  readonly links: readonly IkeLink[];
  /** Our rekey of the IKE SA that was on the wire: what it makes has to be deleted too. */
  readonly pending?: { readonly task: RekeyIkeTask; readonly link: IkeLink };
  readonly error?: Failure;
}

/** Overwrites every key and secret that the state holds, and closes what is open on it. */
export function wipeState(state: IkeState): void {
  if (state.kind === 'init') state.task.wipe();
  if ('eap' in state) state.eap.wipe();
  if ('msk' in state) state.msk?.fill(0);
  if ('association' in state) wipeAssociation(state.association);
  if (state.kind === 'closing') {
    state.links.forEach(closeLink);
    if (state.pending !== undefined) wipeTask(state.pending.task);
  }
  if (state.kind === 'established') {
    if (state.active !== undefined) wipeTask(state.active);
    [state.link, ...state.others].forEach(closeLink);
  }
}
