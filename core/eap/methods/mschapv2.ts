import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { equalConstantTime } from '../../base/octets.ts';
import type { Secret } from '../../base/secret.ts';
import { utf8 } from '../../base/utf8.ts';
import {
  decodeMschapv2Request,
  encodeMschapv2Response,
  type Mschapv2Request,
} from '../../wire/eap/mschapv2-packet.ts';
import {
  type Mschapv2Failure,
  parseMschapv2Failure,
  parseMschapv2Success,
} from '../../wire/eap/mschapv2-text.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import type { EapMethod, EapMethodContext, EapMethodKind, EapMethodStep } from '../method.ts';
import { authenticatorResponse, ntPasswordHash, ntResponse } from '../mschapv2/challenge-response.ts';
import { changedPasswordOctets, encryptedOldHash, encryptedPassword } from '../mschapv2/change-password.ts';
import { mschapv2Msk } from '../mschapv2/master-keys.ts';
import { utf16LePassword } from '../mschapv2/password.ts';
import { mschapv2Failure } from '../mschapv2/verdict.ts';

/**
 * EAP-MSCHAPv2, the peer's side: Challenge → Response → Success or Failure, each confirmed by the peer.
 *
 * To a Failure that allows another try (691 with R=1) the answer is a Response with another password; to one that says that the
 * password has expired (648) it is the new password. Whoever drives the peer may refuse both, which ends the login.
 * @see draft-kamath-pppext-eap-mschapv2-02 @rfc 2759
 */
export const mschapv2Method: EapMethodKind = {
  type: eapType.MSCHAPv2,
  name: 'EAP-MSCHAPv2',
  start: (context) => new Mschapv2Method(context),
};

type Challenge = Extract<Mschapv2Request, { kind: 'challenge' }>;

const wrongPassword = 691;
const passwordExpired = 648;
/** The version of the protocol that knows Change-Password. */
const version = 3;

type State =
  | { readonly kind: 'expect-challenge' }
  | { readonly kind: 'expect-password'; readonly id: number; readonly challenge: Uint8Array }
  /** `passwordHash`: of the expired one. */
  | {
      readonly kind: 'expect-new-password';
      readonly id: number;
      readonly challenge: Uint8Array;
      readonly passwordHash: Uint8Array;
    }
  /** `expected`: the 20 octets by which the server proves that it knows the password. */
  | {
      readonly kind: 'expect-verdict';
      readonly challenge: Uint8Array;
      readonly passwordHash: Uint8Array;
      readonly expected: Uint8Array;
      readonly msk: Uint8Array;
    }
  | { readonly kind: 'ended' };

type Judged = Extract<State, { kind: 'expect-verdict' }>;

class Mschapv2Method implements EapMethod {
  readonly #context: EapMethodContext;
  readonly #userName: Uint8Array;
  #state: State = { kind: 'expect-challenge' };
  /** Passwords and new passwords that the server has refused. */
  #refusals = 0;
  #changing = false;
  /** What the last Failure meant, while the user is asked about it. */
  #refusal: Failure | undefined;

  constructor(context: EapMethodContext) {
    this.#context = context;
    this.#userName = utf8.encode(context.userName);
  }

  process(data: Uint8Array): EapMethodStep {
    const decoded = decodeMschapv2Request(data);
    if (!decoded.ok) return this.#fail(decoded.error);
    const packet = decoded.value;
    const state = this.#state;
    if (state.kind === 'expect-challenge' && packet.kind === 'challenge') return this.#challenged(packet);
    if (state.kind === 'expect-verdict') {
      if (packet.kind === 'success') return this.#succeeded(packet.message, state);
      if (packet.kind === 'failure') return this.#failed(packet.id, packet.message, state);
    }
    return this.#fail(
      failure('peer.misbehaved', {
        rule: `EAP-MSCHAPv2 ${packet.kind} came out of order`,
        state: state.kind,
      }),
    );
  }

  answer(secret: Secret): EapMethodStep {
    const state = this.#state;
    if (state.kind === 'expect-password') return this.#respond(secret, state);
    if (state.kind === 'expect-new-password') return this.#change(secret, state);
    return this.#fail(failure('misuse', { reason: 'no password was asked for' }));
  }

  /** When the question came of a Failure, that is the cause, and the server hears that we leave it at that. */
  refuse(error: Failure): EapMethodStep {
    const refusal = this.#refusal;
    if (refusal === undefined) return this.#fail(error);
    return this.#fail(error.code === 'secret.missing' ? refusal : error, failureAcknowledged());
  }

  wipe(): void {
    const state = this.#state;
    if ('passwordHash' in state) state.passwordHash.fill(0);
    if (state.kind === 'expect-verdict') {
      state.expected.fill(0);
      state.msk.fill(0);
    }
    this.#state = { kind: 'ended' };
  }

  #challenged(packet: Challenge): EapMethodStep {
    this.#state = { kind: 'expect-password', id: packet.id, challenge: packet.challenge.slice() };
    return { kind: 'ask', question: { kind: 'password', retry: 0 } };
  }

  #respond(secret: Secret, { id, challenge }: Extract<State, { kind: 'expect-password' }>): EapMethodStep {
    const passwordHash = hashOf(secret);
    const proof = this.#prove(challenge, passwordHash);
    const { peerChallenge, ntResponse } = proof;
    const name = this.#userName;
    return {
      kind: 'respond',
      data: encodeMschapv2Response({ kind: 'response', id, peerChallenge, ntResponse, name }),
    };
  }

  #change(
    secret: Secret,
    { id, challenge, passwordHash: oldHash }: Extract<State, { kind: 'expect-new-password' }>,
  ): EapMethodStep {
    const unicode = utf16LePassword(secret.expose());
    if (unicode.length > changedPasswordOctets) {
      unicode.fill(0);
      return { kind: 'ask', question: this.#newPassword('The new password is too long.') };
    }
    const newHash = ntPasswordHash(unicode);
    const encrypted = encryptedPassword(unicode, oldHash, this.#context.random);
    const encryptedHash = encryptedOldHash(oldHash, newHash);
    unicode.fill(0);
    oldHash.fill(0);
    this.#changing = true;
    const { peerChallenge, ntResponse } = this.#prove(challenge, newHash);
    return {
      kind: 'respond',
      data: encodeMschapv2Response({
        kind: 'change-password',
        // The next one after that of the Failure. @rfc 2759 7
        id: (id + 1) & 0xff,
        encryptedPassword: encrypted,
        encryptedHash,
        peerChallenge,
        ntResponse,
      }),
    };
  }

  /** Takes over `passwordHash`. */
  #prove(
    challenge: Uint8Array,
    passwordHash: Uint8Array,
  ): { readonly peerChallenge: Uint8Array; readonly ntResponse: Uint8Array } {
    const peerChallenge = this.#context.random.octets(16);
    const userName = this.#userName;
    const input = { authenticatorChallenge: challenge, peerChallenge, userName, passwordHash };
    const response = ntResponse(input);
    this.#state = {
      kind: 'expect-verdict',
      challenge,
      passwordHash,
      expected: authenticatorResponse(input, response),
      msk: mschapv2Msk(passwordHash, response),
    };
    return { peerChallenge, ntResponse: response };
  }

  #succeeded(text: Uint8Array, state: Judged): EapMethodStep {
    const verdict = parseMschapv2Success(text);
    if (!verdict.ok || !equalConstantTime(verdict.value.authenticatorResponse, state.expected)) {
      return this.#fail(failure('auth.eap-server', { side: 'remote' }));
    }
    const msk = state.msk.slice();
    this.wipe();
    return { kind: 'done', data: encodeMschapv2Response({ kind: 'success-acknowledged' }), msk };
  }

  #failed(id: number, text: Uint8Array, state: Judged): EapMethodStep {
    const said = parseMschapv2Failure(text);
    const challenge = said.challenge ?? state.challenge;
    this.#refusal = mschapv2Failure(text);
    if (this.#refusals < limits.passwordRetries) {
      if (said.error === passwordExpired && said.version === version && !this.#changing) {
        const passwordHash = state.passwordHash.slice();
        this.wipe();
        this.#state = { kind: 'expect-new-password', id, challenge, passwordHash };
        return { kind: 'ask', question: this.#newPassword(said.message) };
      }
      if (said.error === wrongPassword && said.retry && !this.#changing)
        return this.#again(id, challenge, said);
    }
    return this.#fail(mschapv2Failure(text), failureAcknowledged());
  }

  #again(id: number, challenge: Uint8Array, { message }: Mschapv2Failure): EapMethodStep {
    this.wipe();
    this.#refusals += 1;
    this.#state = { kind: 'expect-password', id, challenge };
    const words = message === '' ? {} : { message };
    return { kind: 'ask', question: { kind: 'password', retry: this.#refusals, ...words } };
  }

  #newPassword(message: string) {
    const words = message === '' ? {} : { message };
    return { kind: 'new-password', retry: 0, ...words } as const;
  }

  #fail(error: Failure, data?: Uint8Array): EapMethodStep {
    this.wipe();
    return data === undefined ? { kind: 'failed', error } : { kind: 'failed', error, data };
  }
}

function failureAcknowledged(): Uint8Array {
  return encodeMschapv2Response({ kind: 'failure-acknowledged' });
}

/** Owned by the caller. */
function hashOf(secret: Secret): Uint8Array {
  const unicode = utf16LePassword(secret.expose());
  const hash = ntPasswordHash(unicode);
  unicode.fill(0);
  return hash;
}
