import { type Failure, failure } from '../../base/errors.ts';
import { equalConstantTime } from '../../base/octets.ts';
import type { Secret } from '../../base/secret.ts';
import { utf8 } from '../../base/utf8.ts';
import {
  decodeMschapv2Request,
  encodeMschapv2Response,
  type Mschapv2Request,
} from '../../wire/eap/mschapv2-packet.ts';
import { parseMschapv2Success } from '../../wire/eap/mschapv2-text.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import type { EapMethod, EapMethodContext, EapMethodKind, EapMethodStep } from '../method.ts';
import { authenticatorResponse, ntPasswordHash, ntResponse } from '../mschapv2/challenge-response.ts';
import { mschapv2Msk } from '../mschapv2/master-keys.ts';
import { utf16LePassword } from '../mschapv2/password.ts';
import { mschapv2Failure } from '../mschapv2/verdict.ts';

/**
 * EAP-MSCHAPv2, the peer's side: Challenge → Response → Success or Failure, each confirmed by the peer.
 * A retry that the server allows (`R=1`) is declined: the Failure is confirmed and the run ends.
 * @see draft-kamath-pppext-eap-mschapv2-02
 */
export const mschapv2Method: EapMethodKind = {
  type: eapType.MSCHAPv2,
  name: 'EAP-MSCHAPv2',
  start: (context) => new Mschapv2Method(context),
};

type Challenge = Extract<Mschapv2Request, { kind: 'challenge' }>;

type State =
  | { readonly kind: 'expect-challenge' }
  | { readonly kind: 'expect-password'; readonly id: number; readonly challenge: Uint8Array }
  /** `expected`: the 20 octets by which the server proves that it knows the password. */
  | { readonly kind: 'expect-verdict'; readonly expected: Uint8Array; readonly msk: Uint8Array }
  | { readonly kind: 'ended' };

class Mschapv2Method implements EapMethod {
  readonly #context: EapMethodContext;
  readonly #userName: Uint8Array;
  #state: State = { kind: 'expect-challenge' };

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
      if (packet.kind === 'failure') {
        return this.#fail(
          mschapv2Failure(packet.message),
          encodeMschapv2Response({ kind: 'failure-acknowledged' }),
        );
      }
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
    if (state.kind !== 'expect-password')
      return this.#fail(failure('misuse', { reason: 'no password was asked for' }));
    const unicode = utf16LePassword(secret.expose());
    const passwordHash = ntPasswordHash(unicode);
    unicode.fill(0);
    const peerChallenge = this.#context.random.octets(16);
    const input = {
      authenticatorChallenge: state.challenge,
      peerChallenge,
      userName: this.#userName,
      passwordHash,
    };
    const response = ntResponse(input);
    this.#state = {
      kind: 'expect-verdict',
      expected: authenticatorResponse(input, response),
      msk: mschapv2Msk(passwordHash, response),
    };
    passwordHash.fill(0);
    const data = encodeMschapv2Response({
      kind: 'response',
      id: state.id,
      peerChallenge,
      ntResponse: response,
      name: this.#userName,
    });
    return { kind: 'respond', data };
  }

  wipe(): void {
    if (this.#state.kind === 'expect-verdict') {
      this.#state.expected.fill(0);
      this.#state.msk.fill(0);
    }
    this.#state = { kind: 'ended' };
  }

  #challenged(packet: Challenge): EapMethodStep {
    this.#state = { kind: 'expect-password', id: packet.id, challenge: packet.challenge.slice() };
    return { kind: 'ask', question: { kind: 'password', retry: 0 } };
  }

  #succeeded(text: Uint8Array, state: Extract<State, { kind: 'expect-verdict' }>): EapMethodStep {
    const verdict = parseMschapv2Success(text);
    if (!verdict.ok || !equalConstantTime(verdict.value.authenticatorResponse, state.expected)) {
      return this.#fail(failure('auth.eap-server', { side: 'remote' }));
    }
    const msk = state.msk.slice();
    this.wipe();
    return { kind: 'done', data: encodeMschapv2Response({ kind: 'success-acknowledged' }), msk };
  }

  #fail(error: Failure, data?: Uint8Array): EapMethodStep {
    this.wipe();
    return data === undefined ? { kind: 'failed', error } : { kind: 'failed', error, data };
  }
}
