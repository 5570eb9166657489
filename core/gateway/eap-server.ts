import { type Failure, failure } from '../base/errors.ts';
import { equal, equalConstantTime } from '../base/octets.ts';
import type { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import type { Random } from '../crypto/interfaces.ts';
import {
  authenticatorResponse,
  ntPasswordHash,
  ntResponse,
  withoutDomain,
} from '../eap/mschapv2/challenge-response.ts';
import { mschapv2Msk } from '../eap/mschapv2/master-keys.ts';
import { utf16LePassword } from '../eap/mschapv2/password.ts';
import { decodeEapPacket, type EapRequestOrResponse, encodeEapPacket } from '../wire/eap/eap-packet.ts';
import {
  decodeMschapv2Response,
  encodeMschapv2Request,
  type Mschapv2Request,
  type Mschapv2Response,
} from '../wire/eap/mschapv2-packet.ts';
import { encodeMschapv2Failure, encodeMschapv2Success } from '../wire/eap/mschapv2-text.ts';
import { eapType } from '../wire/registry/eap-types.ts';
import { nameOf } from '../wire/registry/registry.ts';
import type { GatewayHabits } from './config.ts';

export interface EapServerConfig {
  readonly users: ReadonlyMap<string, Secret>;
  readonly random: Random;
  readonly habits?: GatewayHabits;
  /** By user name: a code to ask for by EAP-GTC after the password, as FortiGate does. */
  readonly codes?: ReadonlyMap<string, Secret>;
}

/** What goes into the next IKE_AUTH response. `packet` is a whole EAP packet. */
export type EapServerStep =
  | { readonly kind: 'request'; readonly packet: Uint8Array }
  /** `msk` is 64 octets, owned by the caller; none after a code. */
  | {
      readonly kind: 'success';
      readonly packet: Uint8Array;
      readonly user: string;
      readonly msk?: Uint8Array;
    }
  | {
      readonly kind: 'failure';
      readonly packet: Uint8Array;
      readonly user?: string;
      readonly error: Failure;
    };

type Response = Extract<Mschapv2Response, { kind: 'response' }>;

type State =
  | { readonly kind: 'expect-identity' }
  | { readonly kind: 'expect-response'; readonly challenge: Uint8Array }
  | { readonly kind: 'expect-confirmation'; readonly msk: Uint8Array }
  | { readonly kind: 'expect-refusal-confirmation'; readonly error: Failure }
  /** The password was right: this response again means that the client is ready for the next method. */
  | { readonly kind: 'expect-repetition'; readonly of: Uint8Array; readonly code: Secret }
  | { readonly kind: 'expect-code'; readonly code: Secret }
  /** It insists on a method that the client refuses, or cannot do itself. */
  | { readonly kind: 'expect-nak' }
  | { readonly kind: 'ended' };

const wrongNameOrPassword = 691;
const serverName = utf8.encode('godwit');
const codePrompt = utf8.encode('Please enter the code of your token.');

/**
 * The server's side of one EAP login: Identity, then MSCHAPv2. An unknown user is challenged like a known one, so that the
 * answer does not tell which names exist. Never throws, whatever the client sends. @rfc 3748 4 @rfc 2759
 */
export class EapServer {
  readonly #config: EapServerConfig;
  readonly #habits: GatewayHabits;
  #identifier: number;
  #identity: Uint8Array | undefined;
  #state: State = { kind: 'ended' };

  constructor(config: EapServerConfig) {
    this.#config = config;
    this.#habits = config.habits ?? {};
    this.#identifier = config.random.octets(1)[0] ?? 0;
  }

  /** The first request. */
  start(): EapServerStep {
    if (this.#habits.skipEapIdentity) return this.#challenge();
    this.#state = { kind: 'expect-identity' };
    return this.#request(eapType.Identity, new Uint8Array(0));
  }

  handle(packet: Uint8Array): EapServerStep {
    const decoded = decodeEapPacket(packet);
    if (!decoded.ok) return this.#fail(decoded.error);
    const response = decoded.value;
    if (response.code !== 'response') return this.#misbehaved(`an EAP ${response.code} came from a client`);
    if (response.identifier !== this.#identifier)
      return this.#misbehaved('an EAP response answers no request');
    if (response.type === eapType.Nak) {
      const wanted = nameOf(eapType, response.data[0] ?? 0);
      return this.#fail(failure('auth.eap-method', { wanted: `EAP-${wanted}` }));
    }
    return this.#process(response, packet);
  }

  wipe(): void {
    if (this.#state.kind === 'expect-confirmation') this.#state.msk.fill(0);
    this.#state = { kind: 'ended' };
  }

  /** Why the login is lost already, while the client has yet to confirm it. */
  get failing(): Failure | undefined {
    return this.#state.kind === 'expect-refusal-confirmation' ? this.#state.error : undefined;
  }

  /** The name that the client gave, if any. */
  get user(): string | undefined {
    return this.#identity === undefined ? undefined : utf8.decode(this.#identity);
  }

  #process(response: EapRequestOrResponse, packet: Uint8Array): EapServerStep {
    const state = this.#state;
    if (state.kind === 'expect-repetition' && equal(packet, state.of)) {
      this.#state = { kind: 'expect-code', code: state.code };
      return this.#request(eapType.GTC, codePrompt);
    }
    if (state.kind === 'expect-code' && response.type === eapType.GTC) {
      const isRight = equalConstantTime(response.data, state.code.expose());
      return isRight ? this.#succeed(undefined) : this.#fail(failure('auth.passcode', { side: 'remote' }));
    }
    if (state.kind === 'expect-identity' && response.type === eapType.Identity) {
      this.#identity = response.data.slice(0, 255);
      return this.#identified();
    }
    if (response.type === eapType.MSCHAPv2) {
      const decoded = decodeMschapv2Response(response.data);
      if (!decoded.ok) return this.#fail(decoded.error);
      const { value } = decoded;
      if (state.kind === 'expect-response' && value.kind === 'response') {
        return this.#judge(value, state.challenge);
      }
      if (state.kind === 'expect-confirmation' && value.kind === 'success-acknowledged') {
        return this.#confirmed(packet, state.msk);
      }
      if (state.kind === 'expect-refusal-confirmation' && value.kind === 'failure-acknowledged') {
        return this.#fail(state.error);
      }
    }
    return this.#misbehaved('an EAP response came out of order');
  }

  #identified(): EapServerStep {
    const insisted = this.#habits.insistOnEapType;
    if (insisted !== undefined) {
      this.#state = { kind: 'expect-nak' };
      return this.#request(insisted, Uint8Array.of(0x20));
    }
    if (this.#habits.earlyEapSuccess) return this.#succeed(new Uint8Array(64));
    return this.#challenge();
  }

  #challenge(): EapServerStep {
    const challenge = this.#config.random.octets(16);
    this.#state = { kind: 'expect-response', challenge };
    return this.#mschapv2({ kind: 'challenge', id: this.#nextIdentifier(), challenge, name: serverName });
  }

  /** @rfc 2759 8.8 */
  #judge(response: Response, authenticatorChallenge: Uint8Array): EapServerStep {
    this.#identity ??= response.name.slice(0, 255);
    const isSame = equal(withoutDomain(this.#identity), withoutDomain(response.name));
    const known = isSame ? this.#passwordOf(response.name) : undefined;
    const unicode = utf16LePassword(known?.expose() ?? this.#config.random.octets(16));
    const passwordHash = ntPasswordHash(unicode);
    unicode.fill(0);
    const { peerChallenge, name: userName } = response;
    const input = { authenticatorChallenge, peerChallenge, userName, passwordHash };
    const right = equalConstantTime(ntResponse(input), response.ntResponse) && known !== undefined;
    const error = right ? this.#habits.accountError : wrongNameOrPassword;
    if (error !== undefined) {
      passwordHash.fill(0);
      return this.#refuse(response.id, error);
    }
    const proof = authenticatorResponse(input, response.ntResponse);
    if (this.#habits.wrongEapProof) proof[0] = (proof[0] ?? 0) ^ 1;
    this.#state = { kind: 'expect-confirmation', msk: mschapv2Msk(passwordHash, response.ntResponse) };
    passwordHash.fill(0);
    return this.#mschapv2({
      kind: 'success',
      id: response.id,
      message: encodeMschapv2Success(proof, 'Welcome'),
    });
  }

  #passwordOf(name: Uint8Array): Secret | undefined {
    const { users } = this.#config;
    return users.get(utf8.decode(name)) ?? users.get(utf8.decode(withoutDomain(name)));
  }

  #refuse(id: number, error: number): EapServerStep {
    const cause =
      error === wrongNameOrPassword
        ? failure('auth.password', { side: 'remote' })
        : failure('auth.account', { side: 'remote', reason: `error ${error}` });
    this.#state = { kind: 'expect-refusal-confirmation', error: cause };
    const message = encodeMschapv2Failure({
      error,
      retry: false,
      challenge: this.#config.random.octets(16),
      version: 3,
      message: 'Access denied',
    });
    return this.#mschapv2({ kind: 'failure', id, message });
  }

  /** FortiGate: an EAP-Success with the type of a further method is not the end, and the key of the first is given up. */
  #confirmed(packet: Uint8Array, msk: Uint8Array): EapServerStep {
    const code = this.#config.codes?.get(this.user ?? '');
    if (code === undefined) return this.#succeed(msk);
    msk.fill(0);
    this.#state = { kind: 'expect-repetition', of: packet.slice(), code };
    const goOn = { code: 'success', identifier: this.#identifier, next: eapType.GTC } as const;
    return { kind: 'request', packet: encodeEapPacket(goOn) };
  }

  #succeed(msk: Uint8Array | undefined): EapServerStep {
    this.#state = { kind: 'ended' };
    const packet = encodeEapPacket({ code: 'success', identifier: this.#identifier });
    return { kind: 'success', packet, user: this.user ?? '', ...(msk === undefined ? {} : { msk }) };
  }

  #misbehaved(rule: string): EapServerStep {
    return this.#fail(failure('peer.misbehaved', { rule }));
  }

  #fail(error: Failure): EapServerStep {
    this.wipe();
    const packet = encodeEapPacket({ code: 'failure', identifier: this.#identifier });
    const { user } = this;
    return user === undefined ? { kind: 'failure', packet, error } : { kind: 'failure', packet, user, error };
  }

  #mschapv2(request: Mschapv2Request): EapServerStep {
    return this.#request(eapType.MSCHAPv2, encodeMschapv2Request(request));
  }

  #request(type: number, data: Uint8Array): EapServerStep {
    this.#identifier = this.#nextIdentifier();
    const packet = encodeEapPacket({ code: 'request', identifier: this.#identifier, type, data });
    return { kind: 'request', packet };
  }

  #nextIdentifier(): number {
    return (this.#identifier + 1) & 0xff;
  }
}
