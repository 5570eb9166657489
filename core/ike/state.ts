import type { IpPrefix } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import type { Instant } from '../base/time.ts';
import type { Weakness } from '../base/weaknesses.ts';
import type { EapPeer } from '../eap/peer.ts';
import type { IkeMessage, Spi } from '../wire/ike/payload.ts';
import type { Agenda } from './agenda.ts';
import { type Association, wipeAssociation } from './association.ts';
import type { ChildTable } from './child-table.ts';
import type { IkeIdentity } from './config.ts';
import { closeLink, type IkeLink } from './ike-link.ts';
import type { IkeSummary } from './io.ts';
import type { KeyCredential, LoginWay } from './login-way.ts';
import type { Mobility } from './mobility.ts';
import { type OwnTask, type Plan, type RekeyIkeTask, wipeTask } from './own-task.ts';
import { type MixedKeys, type PpkTerms, wipeMixedKeys } from './ppk.ts';
import type { Resources } from './resource-numbers.ts';
import type { SignatureChoice } from './signature-choice.ts';
import type { SignedClaim } from './tasks/authenticate-gateway.ts';
import type { ChildOffer } from './tasks/child-create.ts';
import type { IkeInitTask } from './tasks/ike-init.ts';
import type { Liveness } from './tasks/liveness.ts';

/**
 * Where an IKE SA stands. Each state holds just what is valid in it, so nothing can be used before it exists: there is no EAP
 * peer to hand a packet to before the gateway is proven (or has agreed to be proven by EAP, where the profile allows that).
 *
 *     idle → init → [awaiting-secret] → [awaiting-signature] → authenticating-gateway → [judging-gateway]
 *                 → [logging-in ⇄ awaiting-credential] → [requesting-address] → established → closing → closed
 *
 * What stands in brackets depends on the way to log in. Of several rounds each begins at `awaiting-signature` or `logging-in`
 * again. Every state may go to `closed`; from `requesting-address` on with a goodbye to the gateway (`closing`). A login that the
 * gateway turns away may begin anew at `init`, another way.
 */
export type IkeState =
  | { readonly kind: 'idle' }
  | Init
  | AwaitingSecret
  | AwaitingSignature
  | AuthenticatingGateway
  | JudgingGateway
  | LoggingIn
  | AwaitingCredential
  | RequestingAddress
  | Established
  | Closing
  | { readonly kind: 'closed' };

/** Which way a login goes, and what came of those before it. */
export interface Course {
  /** Its number in the configuration; -1 for a question what the gateway wants, which is no login. */
  readonly index: number;
  readonly way: LoginWay;
  /** What ended the ways before it; the last one is what a question is asked for. */
  readonly refusals: readonly Failure[];
  /** It is begun for the second time. */
  readonly again?: true;
}

/** IKE_SA_INIT is on the wire. */
export interface Init {
  readonly kind: 'init';
  readonly course: Course;
  readonly task: IkeInitTask;
}

/** What the gateway said in IKE_SA_INIT about proofs. Nothing vouches for it yet. */
export interface GatewayAbilities {
  /** SIGNATURE_HASH_ALGORITHMS; absent: it does not know RFC 7427. */
  readonly hashes?: readonly number[];
  /** It takes more than one round. @rfc 4739 3.1 */
  readonly multipleAuth: boolean;
  /** SHA-1 hashes of 20 octets of the CAs that our certificate should come from. */
  readonly authorities: readonly Uint8Array[];
}

/** What every state after IKE_SA_INIT has until the login is done. */
export interface Login {
  readonly association: Association;
  /** Absent: the IKE SA begins without a CHILD SA. @rfc 6023 */
  readonly child: ChildOffer | undefined;
  readonly course: Course;
  readonly abilities: GatewayAbilities;
  /** Our round, from 0. */
  readonly round: number;
  /** What we proved ourselves with in the rounds before, for the user. */
  readonly proofs: readonly string[];
  readonly weaknesses: readonly Weakness[];
  readonly psk?: Secret;
  readonly ppk: PpkState;
}

/**
 * - none: nobody asked for it, or the gateway does not know PPKs at all
 * - offered: to be mixed in, if the gateway has it too; `mixed` appears when the key is known
 * - used: the association has the mixed keys
 */
export type PpkState =
  | { readonly kind: 'none' | 'used' }
  | { readonly kind: 'offered'; readonly terms: PpkTerms; readonly mixed?: MixedKeys };

/** The driver gets a shared secret; nothing but IKE_SA_INIT has been said so far. */
export interface AwaitingSecret extends Login {
  readonly kind: 'awaiting-secret';
  readonly ask: number;
  readonly use: 'psk' | 'ppk';
}

/** The driver signs our AUTH; the gateway waits. */
export interface AwaitingSignature extends Login {
  readonly kind: 'awaiting-signature';
  readonly gateway?: ProvenGateway;
  readonly ask: number;
  readonly credential: KeyCredential;
  readonly choice: SignatureChoice;
  /** Data of our AUTH when that is there already and the one without the PPK is being signed. */
  readonly auth?: Uint8Array;
}

/** The first IKE_AUTH request is on the wire. */
export interface AuthenticatingGateway extends Login {
  readonly kind: 'authenticating-gateway';
}

/** IKE_SA_INIT was answered, and nobody has proven anything yet: ours is being made, or on the wire. */
export type Unproven =
  | AwaitingSecret
  | (AwaitingSignature & { readonly gateway?: undefined })
  | AuthenticatingGateway;

export function isUnproven(state: IkeState): state is Unproven {
  if (state.kind === 'awaiting-signature') return state.gateway === undefined;
  return state.kind === 'awaiting-secret' || state.kind === 'authenticating-gateway';
}

/** The driver judges the gateway's certificates; the gateway waits. */
export interface JudgingGateway extends Login {
  readonly kind: 'judging-gateway';
  readonly ask: number;
  readonly claim: SignedClaim;
  /** What came with the claim, not looked at before the verdict. */
  readonly message: IkeMessage;
}

/** What the gateway calls itself, before it has proven that. */
export interface UnprovenGateway {
  readonly identity: IkeIdentity;
  readonly authentication?: undefined;
}

/** A gateway whose proof is good. */
export interface ProvenGateway {
  readonly identity: IkeIdentity;
  /** How it proved itself, for the user. */
  readonly authentication: string;
  /** What its certificate says it is called. */
  readonly names: readonly string[];
}

/** What an EAP conversation has. Only a peer of mutual methods is made for an unproven gateway. @rfc 5998 */
export interface EapLogin extends Login {
  readonly gateway: ProvenGateway | UnprovenGateway;
  readonly eap: EapPeer;
  /** EAP packets of the gateway so far. */
  readonly rounds: number;
}

/** An EAP response is on the wire, or the IDi of a further round that asks for EAP. */
export interface LoggingIn extends EapLogin {
  readonly kind: 'logging-in';
  /** The login is lost already and the gateway is being told: the reason, whatever it answers. */
  readonly failing?: Failure;
}

/** The driver gets what EAP needs: what only the user knows, or a step of TLS. The gateway waits. */
export interface AwaitingCredential extends EapLogin {
  readonly kind: 'awaiting-credential';
  readonly ask: number;
}

/** Our AUTH of a round that the gateway did not begin with is on the wire: after EAP, or of a further round. */
export interface RequestingAddress extends Login {
  readonly kind: 'requesting-address';
  readonly gateway: ProvenGateway | UnprovenGateway;
  readonly method: string;
  /** After EAP: the gateway's AUTH comes from this key, or from SK_pr when it is absent. */
  readonly binding?: { readonly msk?: Uint8Array };
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
  /** Whether CHILD SAs may have copies. @rfc 9611 */
  readonly resources: Resources;
  /** The driver knows that all stands: only then is there a CHILD SA. */
  announced: boolean;
  /** SPIs of CHILD SAs that the peer deleted and we do not know: their making may still be on the way to us. */
  readonly goneUnseen: Set<Spi>;
  /** How often in a row the peer deleted the only CHILD SA, soon after it was made. */
  remakes: number;
  /** Our exchange on the wire, unless it is a liveness check. */
  active: OwnTask | undefined;
  readonly todo: Plan[];
  /** Refused rekeys of the IKE SA in a row, and why the last one was. */
  ikeTrouble: { readonly refusals: number; readonly reason?: string };
  /** The group of the last CHILD SA that we asked for and got; 0 without a key exchange. */
  childGroup: number | undefined;
  summary: IkeSummary;
  /** Until then no other hint that the gateway has forgotten us is heeded. */
  hintedUntil?: Instant;
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

/** Overwrites what only the login needs. */
export function wipeLoginSecrets({ psk, ppk }: Pick<Login, 'psk' | 'ppk'>): void {
  psk?.wipe();
  if (ppk.kind === 'offered' && ppk.mixed !== undefined) wipeMixedKeys(ppk.mixed);
}

/** Overwrites every key and secret that the state holds, and closes what is open on it. */
export function wipeState(state: IkeState): void {
  if (state.kind === 'init') state.task.wipe();
  if ('eap' in state) state.eap.wipe();
  if (state.kind === 'requesting-address') state.binding?.msk?.fill(0);
  if ('ppk' in state) wipeLoginSecrets(state);
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
