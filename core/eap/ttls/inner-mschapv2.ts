import { failure } from '../../base/errors.ts';
import { concat, equalConstantTime } from '../../base/octets.ts';
import type { Secret } from '../../base/secret.ts';
import { utf8 } from '../../base/utf8.ts';
import { parseMschapv2Success } from '../../wire/eap/mschapv2-text.ts';
import { avpCode, encodeAvps, microsoftAvpCode, microsoftVendor } from '../../wire/eap/ttls-avp.ts';
import type { EapMethodContext } from '../method.ts';
import { authenticatorResponse, ntPasswordHash, ntResponse } from '../mschapv2/challenge-response.ts';
import { utf16LePassword } from '../mschapv2/password.ts';
import { mschapv2Failure } from '../mschapv2/verdict.ts';
import { type EstablishedTls, type InsideStep, mskOctets, type TunnelInside } from '../tls/tunnel-inside.ts';
import { readServerAvps } from './server-avps.ts';

const challengeOctets = 16;

type State =
  | { readonly kind: 'expect-turn' }
  | { readonly kind: 'expect-password' }
  /** `expected`: the server's proof that it knows the password. */
  | { readonly kind: 'expect-verdict'; readonly identifier: number; readonly expected: Uint8Array };

/** MSCHAPv2 without EAP: TLS itself makes the challenge. @rfc 5281 11.2.4 */
export class TtlsMschapv2 implements TunnelInside {
  readonly #context: EapMethodContext;
  readonly #tls: EstablishedTls;
  #state: State = { kind: 'expect-turn' };

  constructor(context: EapMethodContext, tls: EstablishedTls) {
    this.#context = context;
    this.#tls = tls;
  }

  turn(plaintext: Uint8Array): InsideStep {
    const said = readServerAvps(plaintext);
    if (!said.ok) return { kind: 'failed', error: said.error };
    const { mschapv2Success, mschapv2Error } = said.value;
    const state = this.#state;
    if (state.kind !== 'expect-verdict') {
      this.#state = { kind: 'expect-password' };
      return { kind: 'ask', question: { kind: 'password', retry: 0 } };
    }
    if (mschapv2Error !== undefined)
      return { kind: 'failed', error: mschapv2Failure(mschapv2Error.subarray(1)), last: 'acknowledge' };
    if (mschapv2Success === undefined) return { kind: 'acknowledge' };
    const proof = parseMschapv2Success(mschapv2Success.subarray(1));
    const good =
      mschapv2Success[0] === state.identifier &&
      proof.ok &&
      equalConstantTime(proof.value.authenticatorResponse, state.expected);
    if (!good) return { kind: 'failed', error: failure('auth.eap-server', { side: 'remote' }) };
    return { kind: 'done', msk: this.#tls.keys[0]?.slice(0, mskOctets) ?? new Uint8Array(0) };
  }

  answer(secret: Secret): InsideStep {
    const implicit = this.#tls.keys[1];
    const identifier = implicit?.[challengeOctets];
    if (this.#state.kind !== 'expect-password' || implicit === undefined || identifier === undefined)
      return { kind: 'failed', error: failure('misuse', { reason: 'no password was asked for' }) };
    const userName = utf8.encode(this.#context.userName);
    const unicode = utf16LePassword(secret.expose());
    const passwordHash = ntPasswordHash(unicode);
    unicode.fill(0);
    const authenticatorChallenge = implicit.slice(0, challengeOctets);
    const peerChallenge = this.#context.random.octets(16);
    const input = { authenticatorChallenge, peerChallenge, userName, passwordHash };
    const response = ntResponse(input);
    const expected = authenticatorResponse(input, response);
    passwordHash.fill(0);
    this.#state = { kind: 'expect-verdict', identifier, expected };
    // Identifier, flags, peer challenge, 8 octets of zero, NT-Response. @rfc 2548 2.3.2
    const data = concat(Uint8Array.of(identifier, 0), peerChallenge, new Uint8Array(8), response);
    const microsoft = { vendor: microsoftVendor, mandatory: true } as const;
    const plaintext = encodeAvps([
      { code: avpCode['User-Name'], vendor: 0, mandatory: true, data: userName },
      { code: microsoftAvpCode['MS-CHAP-Challenge'], ...microsoft, data: authenticatorChallenge },
      { code: microsoftAvpCode['MS-CHAP2-Response'], ...microsoft, data },
    ]);
    return { kind: 'send', plaintext };
  }

  tls(): InsideStep {
    return { kind: 'failed', error: failure('misuse', { reason: 'MSCHAPv2 has no TLS' }) };
  }

  wipe(): void {
    for (const key of this.#tls.keys) key.fill(0);
    if (this.#state.kind === 'expect-verdict') this.#state.expected.fill(0);
  }
}
