import type { IpPrefix } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import type { Association } from '../ike/association.ts';
import type { IkeIdentity } from '../ike/config.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import type { IkeKeys } from '../ike/keymat.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { withMixedKeys } from '../ike/ppk.ts';
import { formatIdentity } from '../pki/identity.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { type ClientOffers, saysFortiClientAddress } from './client-offers.ts';
import { EapServer, type EapServerStep } from './eap-server.ts';
import { type FirstChildContext, makeFirstChild } from './first-child.ts';
import {
  choosePpk,
  gatewayEapAuth,
  gatewayProof,
  isRightEapAuth,
  isRightProof,
  type PpkChoice,
} from './login-proofs.ts';
import { type ClientProof, type GatewayLogin, usualLogin } from './login-terms.ts';

export type LoginStep =
  | { readonly kind: 'continue'; readonly payloads: readonly Payload[] }
  /** A habit: no answer. */
  | { readonly kind: 'silent' }
  | {
      readonly kind: 'failed';
      readonly payloads: readonly Payload[];
      readonly user?: string;
      readonly error: Failure;
    }
  | { readonly kind: 'in'; readonly payloads: readonly Payload[]; readonly client: LoggedIn };

export interface LoggedIn {
  readonly user: string;
  /** The client says that this is its only SA. @rfc 7296 2.4 */
  readonly initialContact: boolean;
  /** Both sides know MOBIKE. @rfc 4555 3.3 */
  readonly mobike: boolean;
  /** Of the IKE SA from now on, when a PPK changed them; those before are overwritten. @rfc 8784 3 */
  readonly keys?: IkeKeys;
  /** Absent when the CHILD SA was refused. */
  readonly child?: ChildSaParameters;
  readonly addresses: readonly IpPrefix[];
  readonly espProposal?: string;
}

type State =
  /** The request that begins the round of this number. */
  | { readonly kind: 'round'; readonly round: number }
  | { readonly kind: 'eap'; readonly round: number; readonly identity: IkeIdentity; readonly eap: EapServer }
  | {
      readonly kind: 'expect-auth';
      readonly round: number;
      readonly identity: IkeIdentity;
      readonly eap: EapServer;
      readonly success: Extract<EapServerStep, { kind: 'success' }>;
    }
  | { readonly kind: 'ended' };

const refused: readonly Payload[] = [ikeNotify(notifyType.AUTHENTICATION_FAILED)];

/**
 * IKE_AUTH, the responder's side: one round or more, each with EAP or with AUTH alone. The first one with EAP looks so:
 *
 *     SK {IDi, [CERTREQ], [IDr], CP, SAi2, TSi, TSr}  -->
 *                                                     <--  SK {IDr, CERT+, AUTH, EAP}
 *     SK {EAP}                                        -->
 *                                                     <--  SK {EAP}            as often as EAP needs
 *     SK {AUTH}                                       -->
 *                                                     <--  SK {AUTH, CP, SAr2, TSi, TSr}
 *
 * @rfc 7296 2.16 @rfc 4739 2
 */
export class Login {
  readonly #context: FirstChildContext;
  readonly #offers: ClientOffers;
  readonly #terms: GatewayLogin;
  #association: Association;
  /** The first request: it has what the CHILD SA needs. */
  #first: IkeMessage | undefined;
  /** Who was in the last round; a login with several has the name of the last. */
  #user: string | undefined;
  #state: State = { kind: 'round', round: 0 };

  constructor(context: FirstChildContext, association: Association, offers: ClientOffers) {
    this.#context = context;
    this.#association = association;
    this.#offers = offers;
    this.#terms = context.config.login ?? usualLogin;
  }

  /** One IKE_AUTH request, decrypted and checked. */
  process(request: IkeMessage): LoginStep {
    const state = this.#state;
    switch (state.kind) {
      case 'round':
        return this.#begin(request, state.round);
      case 'eap':
        return this.#eap(request, state);
      case 'expect-auth':
        return this.#afterEap(request, state);
      case 'ended':
        return this.#misbehaved('IKE_AUTH after the login');
    }
  }

  /** Who gave up, and why, when the client leaves before the end; some do as soon as they hear of a wrong password. */
  abandoned(): { readonly user?: string; readonly error: Failure } {
    const state = this.#state;
    const eap = state.kind === 'eap' || state.kind === 'expect-auth' ? state.eap : undefined;
    const error = eap?.failing ?? failure('peer.closed');
    return eap?.user === undefined ? { error } : { user: eap.user, error };
  }

  wipe(): void {
    const state = this.#state;
    if (state.kind === 'eap' || state.kind === 'expect-auth') state.eap.wipe();
    if (state.kind === 'expect-auth') state.success.msk?.fill(0);
    this.#state = { kind: 'ended' };
  }

  #begin(message: IkeMessage, round: number): LoginStep {
    const identity = payloadOf(message, 'IDi');
    if (identity === undefined) return this.#misbehaved('a round of IKE_AUTH begins with IDi');
    const isFirst = round === 0;
    if (isFirst) this.#first = message;
    const wanted = this.#terms.rounds[round] ?? 'eap';
    const hasAuth = payloadOf(message, 'AUTH') !== undefined;
    if (hasAuth !== (wanted !== 'eap')) return this.#refuse(`anything but ${wanted}`);
    const eapOnly = notifyOf(message, notifyType.EAP_ONLY_AUTHENTICATION) !== undefined;
    if (isFirst && this.#terms.proof === 'eap' && !eapOnly) return this.#refuse('a proof of the gateway');
    const named = payloadOf(message, 'IDr') !== undefined;
    // What people saw of a FortiGate: a FortiClient that asks for a name finds no login.
    if (isFirst && named && this.#asksForCodes) return this.#refuse('a name of the gateway');
    return wanted === 'eap'
      ? this.#beginEap(message, identity, round)
      : this.#prove(message, identity, round, wanted);
  }

  #beginEap(request: IkeMessage, identity: IkeIdentity, round: number): LoginStep {
    const { config, dependencies } = this.#context;
    const { codes } = this.#terms;
    const eap = new EapServer({
      users: config.users,
      random: dependencies.random,
      ...(config.habits === undefined ? {} : { habits: config.habits }),
      ...(codes !== undefined && this.#asksForCodes ? { codes } : {}),
    });
    this.#state = { kind: 'eap', round, identity, eap };
    const proof = round === 0 ? this.#proof(request, { kind: 'none' }) : [];
    return { kind: 'continue', payloads: [...proof, { kind: 'EAP', packet: eap.start().packet }] };
  }

  get #asksForCodes(): boolean {
    return this.#terms.codes !== undefined && this.#offers.fortiClient;
  }

  #proof(request: IkeMessage, ppk: PpkChoice): readonly Payload[] {
    return gatewayProof(this.#context, this.#association, this.#offers, ppk, request);
  }

  #prove(
    request: IkeMessage,
    identity: IkeIdentity,
    round: number,
    proof: Exclude<ClientProof, 'eap'>,
  ): LoginStep {
    const ppk = choosePpk(this.#terms, this.#association, request);
    if (!ppk.ok) return this.#fail(ppk.error, refused);
    if (!isRightProof(this.#context, this.#association, request, proof, ppk.value))
      return this.#fail(failure('auth.refused', { side: 'remote' }), refused);
    this.#user = formatIdentity(identity);
    const own = round === 0 ? this.#proof(request, ppk.value) : [];
    return this.#roundDone(request, round, own, ppk.value);
  }

  #eap(message: IkeMessage, state: Extract<State, { kind: 'eap' }>): LoginStep {
    if (this.#context.config.habits?.silentInEap) return { kind: 'silent' };
    const packet = payloadOf(message, 'EAP')?.packet;
    if (packet === undefined) return this.#misbehaved('IKE_AUTH needs EAP until EAP ends');
    const step = state.eap.handle(packet);
    const answer = [{ kind: 'EAP', packet: step.packet } as const];
    switch (step.kind) {
      case 'request':
        return { kind: 'continue', payloads: answer };
      case 'success':
        this.#state = { ...state, kind: 'expect-auth', success: step };
        return { kind: 'continue', payloads: answer };
      case 'failure':
        return this.#fail(step.error, answer, step.user);
    }
  }

  #afterEap(message: IkeMessage, state: Extract<State, { kind: 'expect-auth' }>): LoginStep {
    const { identity, success, round } = state;
    const { user, msk } = success;
    const association = this.#association;
    const ppk = choosePpk(this.#terms, association, message);
    if (!ppk.ok) return this.#fail(ppk.error, refused, user);
    // Without a key it was FortiGate's way, which wants to know more.
    const known = msk !== undefined || (this.#first !== undefined && saysFortiClientAddress(this.#first));
    if (!known || !isRightEapAuth(association, message, identity, msk, ppk.value))
      return this.#fail(failure('auth.eap-binding', { side: 'remote' }), refused, user);
    this.#user = user;
    const auth = gatewayEapAuth(this.#context.config, association, msk, ppk.value);
    this.wipe();
    return this.#roundDone(message, round, [auth], ppk.value);
  }

  /** @rfc 4739 2.1 */
  #roundDone(request: IkeMessage, round: number, proof: readonly Payload[], ppk: PpkChoice): LoginStep {
    const follows = notifyOf(request, notifyType.ANOTHER_AUTH_FOLLOWS) !== undefined;
    const isLast = round === this.#terms.rounds.length - 1;
    if (follows === isLast) return this.#refuse(isLast ? 'fewer rounds' : 'more rounds');
    if (isLast) return this.#letIn(proof, ppk);
    this.#state = { kind: 'round', round: round + 1 };
    return { kind: 'continue', payloads: proof };
  }

  #letIn(proof: readonly Payload[], ppk: PpkChoice): LoginStep {
    const first = this.#first;
    if (first === undefined) return this.#misbehaved('a login without a first request');
    const { config } = this.#context;
    const mixed = ppk.kind === 'mixed';
    if (mixed) {
      const keys = withMixedKeys(this.#association.keys, ppk.keys);
      this.#association = { ...this.#association, keys };
    }
    const child = makeFirstChild(this.#context, this.#association, first);
    const mobike = config.mobike === true && notifyOf(first, notifyType.MOBIKE_SUPPORTED) !== undefined;
    this.wipe();
    return {
      kind: 'in',
      payloads: [
        ...proof,
        ...(mixed ? [ikeNotify(notifyType.PPK_IDENTITY)] : []),
        ...child.payloads,
        ...(mobike ? [ikeNotify(notifyType.MOBIKE_SUPPORTED)] : []),
      ],
      client: {
        user: this.#user ?? '',
        initialContact: notifyOf(first, notifyType.INITIAL_CONTACT) !== undefined,
        mobike,
        ...(mixed ? { keys: this.#association.keys } : {}),
        addresses: child.kind === 'made' ? child.addresses : [],
        ...(child.kind === 'made' ? { child: child.child, espProposal: child.espProposal } : {}),
      },
    };
  }

  #misbehaved(rule: string): LoginStep {
    return this.#fail(failure('peer.misbehaved', { rule }), [ikeNotify(notifyType.INVALID_SYNTAX)]);
  }

  #refuse(method: string): LoginStep {
    return this.#fail(failure('auth.method-refused', { side: 'remote', method }), refused);
  }

  #fail(error: Failure, payloads: readonly Payload[], user = this.#user): LoginStep {
    this.wipe();
    return user === undefined
      ? { kind: 'failed', payloads, error }
      : { kind: 'failed', payloads, user, error };
  }
}
