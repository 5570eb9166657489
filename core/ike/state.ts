import type { Failure } from '../base/errors.ts';
import type { EapPeer } from '../eap/peer.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { type Association, wipeAssociation } from './association.ts';
import type { IkeIdentity } from './config.ts';
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
  readonly child: ChildOffer;
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

/** The driver gets the password; the gateway waits. */
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

/** The IKE SA and its CHILD SA stand. */
export interface Established {
  readonly kind: 'established';
  readonly association: Association;
  readonly inboundSpi: Spi;
  readonly outboundSpi: Spi;
  readonly liveness: Liveness;
}

/** Our DELETE is on the wire, or waits for the request that is. */
export interface Closing {
  readonly kind: 'closing';
  readonly association: Association;
  readonly error?: Failure;
}

/** Overwrites every key and secret that the state holds. */
export function wipeState(state: IkeState): void {
  if (state.kind === 'init') state.task.wipe();
  if ('eap' in state) state.eap.wipe();
  if ('msk' in state) state.msk?.fill(0);
  if ('association' in state) wipeAssociation(state.association);
}
