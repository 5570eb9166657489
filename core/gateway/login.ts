import type { IpPrefix } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { equalConstantTime } from '../base/octets.ts';
import type { Association } from '../ike/association.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import { sharedSecretAuth } from '../ike/keymat.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { signedOctets } from '../ike/signed-octets.ts';
import { notifyOf, payloadOf, payloadsOf } from '../wire/ike/lookup.ts';
import type { AuthPayload, IdPayload, IkeMessage, Payload } from '../wire/ike/payload.ts';
import { authMethod, certEncoding } from '../wire/registry/authentication.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { EapServer, type EapServerStep } from './eap-server.ts';
import { type FirstChildContext, makeFirstChild } from './first-child.ts';
import { signAuth } from './sign-auth.ts';

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
  /** Absent when the CHILD SA was refused. */
  readonly child?: ChildSaParameters;
  readonly addresses: readonly IpPrefix[];
  readonly espProposal?: string;
}

interface FirstRequest {
  readonly message: IkeMessage;
  readonly identity: IdPayload;
  readonly eap: EapServer;
}

type State =
  | { readonly kind: 'expect-identity' }
  | { readonly kind: 'eap'; readonly first: FirstRequest }
  | {
      readonly kind: 'expect-auth';
      readonly first: FirstRequest;
      readonly user: string;
      readonly msk: Uint8Array;
    }
  | { readonly kind: 'ended' };

/**
 * IKE_AUTH with EAP, the responder's side.
 *
 *     SK {IDi, [CERTREQ], [IDr], CP, SAi2, TSi, TSr}  -->
 *                                                     <--  SK {IDr, CERT+, AUTH, EAP}
 *     SK {EAP}                                        -->
 *                                                     <--  SK {EAP}            as often as EAP needs
 *     SK {AUTH}                                       -->
 *                                                     <--  SK {AUTH, CP, SAr2, TSi, TSr}
 *
 * @rfc 7296 2.16
 */
export class Login {
  readonly #context: FirstChildContext;
  readonly #association: Association;
  /** What SIGNATURE_HASH_ALGORITHMS of the client's IKE_SA_INIT said. */
  readonly #clientHashes: readonly number[];
  #state: State = { kind: 'expect-identity' };

  constructor(context: FirstChildContext, association: Association, clientHashes: readonly number[]) {
    this.#context = context;
    this.#association = association;
    this.#clientHashes = clientHashes;
  }

  /** One IKE_AUTH request, decrypted and checked. */
  process(request: IkeMessage): LoginStep {
    const state = this.#state;
    switch (state.kind) {
      case 'expect-identity':
        return this.#begin(request);
      case 'eap':
        return this.#eap(request, state.first);
      case 'expect-auth':
        return this.#finish(request, state);
      case 'ended':
        return this.#misbehaved('IKE_AUTH after the login');
    }
  }

  /** Who gave up, and why, when the client leaves before the end; some do as soon as they hear of a wrong password. */
  abandoned(): { readonly user?: string; readonly error: Failure } {
    const state = this.#state;
    const eap = state.kind === 'eap' || state.kind === 'expect-auth' ? state.first.eap : undefined;
    const error = eap?.failing ?? failure('peer.closed');
    return eap?.user === undefined ? { error } : { user: eap.user, error };
  }

  wipe(): void {
    if (this.#state.kind === 'eap' || this.#state.kind === 'expect-auth') this.#state.first.eap.wipe();
    if (this.#state.kind === 'expect-auth') this.#state.msk.fill(0);
    this.#state = { kind: 'ended' };
  }

  #begin(message: IkeMessage): LoginStep {
    const { config, dependencies } = this.#context;
    const identity = payloadOf(message, 'IDi');
    if (identity === undefined) return this.#misbehaved('the first IKE_AUTH request needs IDi');
    if (payloadOf(message, 'AUTH') !== undefined) {
      const error = failure('auth.method-refused', { side: 'remote', method: 'anything but EAP' });
      return this.#fail(error, [ikeNotify(notifyType.AUTHENTICATION_FAILED)]);
    }
    const habits = config.habits ?? {};
    const { users } = config;
    const eap = new EapServer({ users, random: dependencies.random, habits });
    this.#state = { kind: 'eap', first: { message, identity, eap } };
    const certificates = habits.noCertificate ? [] : config.certificates;
    return {
      kind: 'continue',
      payloads: [
        { kind: 'IDr', ...config.identity },
        ...certificates.map(
          (data) => ({ kind: 'CERT', encoding: certEncoding.X509_SIGNATURE, data }) as const,
        ),
        ...this.#ocspPayloads(message),
        this.#signature(),
        { kind: 'EAP', packet: eap.start().packet },
      ],
    };
  }

  /** For a client that asks for them. Whom it trusts in this (the hashes) does not matter: it judges for itself. @rfc 4806 3.2 */
  #ocspPayloads(message: IkeMessage): readonly Payload[] {
    const asked = payloadsOf(message, 'CERTREQ').some(
      ({ encoding }) => encoding === certEncoding.OCSP_CONTENT,
    );
    const responses = asked ? (this.#context.config.ocspResponses ?? []) : [];
    return responses.map((data) => ({ kind: 'CERT', encoding: certEncoding.OCSP_CONTENT, data }));
  }

  #signature(): AuthPayload {
    const { config, dependencies } = this.#context;
    const auth = signAuth(dependencies.signer, config.signature, this.#clientHashes, this.#signedOctets());
    if (!config.habits?.wrongAuthSignature) return auth;
    return { ...auth, data: withLastBitFlipped(auth.data) };
  }

  #eap(message: IkeMessage, first: FirstRequest): LoginStep {
    if (this.#context.config.habits?.silentInEap) return { kind: 'silent' };
    const packet = payloadOf(message, 'EAP')?.packet;
    if (packet === undefined) return this.#misbehaved('IKE_AUTH needs EAP until EAP ends');
    const step: EapServerStep = first.eap.handle(packet);
    const answer = [{ kind: 'EAP', packet: step.packet } as const];
    switch (step.kind) {
      case 'request':
        return { kind: 'continue', payloads: answer };
      case 'success':
        this.#state = { kind: 'expect-auth', first, user: step.user, msk: step.msk };
        return { kind: 'continue', payloads: answer };
      case 'failure':
        return this.#fail(step.error, answer, step.user);
    }
  }

  #finish(message: IkeMessage, state: Extract<State, { kind: 'expect-auth' }>): LoginStep {
    const { first, user, msk } = state;
    const auth = payloadOf(message, 'AUTH');
    const { prf } = this.#association.suite;
    const expected = sharedSecretAuth(prf, msk, this.#signedOctetsOf(first.identity));
    const isRight = auth?.method === authMethod.SHARED_KEY_MIC && equalConstantTime(auth.data, expected);
    if (!isRight) {
      const error = failure('auth.eap-binding', { side: 'remote' });
      return this.#fail(error, [ikeNotify(notifyType.AUTHENTICATION_FAILED)], user);
    }
    const ours = sharedSecretAuth(prf, msk, this.#signedOctets());
    const { habits } = this.#context.config;
    const data = habits?.wrongEapAuth ? withLastBitFlipped(ours) : ours;
    const child = makeFirstChild(this.#context, this.#association, first.message);
    const { config } = this.#context;
    const mobike =
      config.mobike === true && notifyOf(first.message, notifyType.MOBIKE_SUPPORTED) !== undefined;
    const initialContact = notifyOf(first.message, notifyType.INITIAL_CONTACT) !== undefined;
    this.wipe();
    return {
      kind: 'in',
      payloads: [
        { kind: 'AUTH', method: authMethod.SHARED_KEY_MIC, data },
        ...child.payloads,
        ...(mobike ? [ikeNotify(notifyType.MOBIKE_SUPPORTED)] : []),
      ],
      client: {
        user,
        initialContact,
        mobike,
        addresses: child.kind === 'made' ? child.addresses : [],
        ...(child.kind === 'made' ? { child: child.child, espProposal: child.espProposal } : {}),
      },
    };
  }

  /** What our AUTH covers, the signature and the one from the MSK alike. @rfc 7296 2.15 */
  #signedOctets(): Uint8Array {
    const { suite, keys, nonces, initMessages } = this.#association;
    return signedOctets(suite.prf, {
      initMessage: initMessages.response,
      otherNonce: nonces.initiator,
      skP: keys.skPr,
      identity: this.#context.config.identity,
    });
  }

  #signedOctetsOf(identity: IdPayload): Uint8Array {
    const { suite, keys, nonces, initMessages } = this.#association;
    return signedOctets(suite.prf, {
      initMessage: initMessages.request,
      otherNonce: nonces.responder,
      skP: keys.skPi,
      identity,
    });
  }

  #misbehaved(rule: string): LoginStep {
    return this.#fail(failure('peer.misbehaved', { rule }), [ikeNotify(notifyType.INVALID_SYNTAX)]);
  }

  #fail(error: Failure, payloads: readonly Payload[], user?: string): LoginStep {
    this.wipe();
    return user === undefined
      ? { kind: 'failed', payloads, error }
      : { kind: 'failed', payloads, user, error };
  }
}

function withLastBitFlipped(octets: Uint8Array): Uint8Array {
  const flipped = octets.slice();
  flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
  return flipped;
}
