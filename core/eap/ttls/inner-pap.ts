import { failure } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { utf8 } from '../../base/utf8.ts';
import { avpCode, encodeAvps } from '../../wire/eap/ttls-avp.ts';
import type { EapMethodContext } from '../method.ts';
import { type EstablishedTls, type InsideStep, mskOctets, type TunnelInside } from '../tls/tunnel-inside.ts';
import { readServerAvps } from './server-avps.ts';

/** The password is padded to a multiple of this, so that its length does not show. @rfc 5281 11.2.5 */
const paddedTo = 16;

/** The password itself, which the login server gets to see. Its answer is EAP-Success or EAP-Failure. @rfc 5281 11.2.5 */
export class TtlsPap implements TunnelInside {
  readonly #context: EapMethodContext;
  readonly #tls: EstablishedTls;
  #state: 'expect-turn' | 'expect-password' | 'sent' = 'expect-turn';

  constructor(context: EapMethodContext, tls: EstablishedTls) {
    this.#context = context;
    this.#tls = tls;
  }

  turn(plaintext: Uint8Array): InsideStep {
    const said = readServerAvps(plaintext);
    if (!said.ok) return { kind: 'failed', error: said.error };
    if (this.#state === 'sent') return { kind: 'done', msk: this.#msk(), more: true };
    this.#state = 'expect-password';
    const message = said.value.replyMessage;
    return {
      kind: 'ask',
      question: { kind: 'password', retry: 0, ...(message === undefined ? {} : { message }) },
    };
  }

  answer(secret: Secret): InsideStep {
    if (this.#state !== 'expect-password')
      return { kind: 'failed', error: failure('misuse', { reason: 'no password was asked for' }) };
    this.#state = 'sent';
    const password = secret.expose();
    const padded = new Uint8Array(Math.max(1, Math.ceil(password.length / paddedTo)) * paddedTo);
    padded.set(password);
    const plaintext = encodeAvps([
      { code: avpCode['User-Name'], vendor: 0, mandatory: true, data: utf8.encode(this.#context.userName) },
      { code: avpCode['User-Password'], vendor: 0, mandatory: true, data: padded },
    ]);
    padded.fill(0);
    return { kind: 'done', plaintext, msk: this.#msk(), more: true };
  }

  tls(): InsideStep {
    return { kind: 'failed', error: failure('misuse', { reason: 'PAP has no TLS' }) };
  }

  wipe(): void {
    for (const key of this.#tls.keys) key.fill(0);
  }

  #msk(): Uint8Array {
    return this.#tls.keys[0]?.slice(0, mskOctets) ?? new Uint8Array(0);
  }
}
