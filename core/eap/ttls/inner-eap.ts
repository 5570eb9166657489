import type { Failure } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import type { TlsResult } from '../../crypto/tls.ts';
import { encodeEapPacket } from '../../wire/eap/eap-packet.ts';
import { avpCode, encodeAvps } from '../../wire/eap/ttls-avp.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import { createEapPeer } from '../create-eap-peer.ts';
import type { EapMethodContext, EapMethodKind } from '../method.ts';
import type { EapPeer, EapStep } from '../peer.ts';
import { type EstablishedTls, type InsideStep, mskOctets, type TunnelInside } from '../tls/tunnel-inside.ts';
import { readServerAvps } from './server-avps.ts';

/** EAP inside of TTLS. The client opens with its identity, as if it had been asked; the end is the outer one. @rfc 5281 11.2.1 */
export class TtlsEap implements TunnelInside {
  readonly #tls: EstablishedTls;
  readonly #peer: EapPeer;
  #begun = false;

  constructor(context: EapMethodContext, tls: EstablishedTls, methods: readonly EapMethodKind[]) {
    this.#tls = tls;
    const { userName, random } = context;
    this.#peer = createEapPeer({ identity: userName, userName, random, methods, tlsSession: 'inner' });
  }

  turn(plaintext: Uint8Array): InsideStep {
    const said = readServerAvps(plaintext);
    if (!said.ok) return { kind: 'failed', error: said.error };
    const { eapMessage } = said.value;
    if (eapMessage !== undefined) {
      this.#begun = true;
      return this.#play(this.#peer.handle(eapMessage));
    }
    if (this.#begun) return { kind: 'acknowledge' };
    this.#begun = true;
    return this.#play(this.#peer.handle(identityRequest()));
  }

  answer(secret: Secret): InsideStep {
    return this.#play(this.#peer.answer(secret));
  }

  refuse(error: Failure): InsideStep {
    return this.#play(this.#peer.refuse(error));
  }

  tls(result: TlsResult): InsideStep {
    return this.#play(this.#peer.tls(result));
  }

  wipe(): void {
    this.#peer.wipe();
    for (const key of this.#tls.keys) key.fill(0);
  }

  #play(step: EapStep): InsideStep {
    switch (step.kind) {
      case 'respond':
        return this.#send(step.packet, step.final === true, step.failing);
      case 'ask':
        return { kind: 'ask', question: step.question };
      case 'tls':
        return { kind: 'tls', request: step.request };
      case 'success':
        step.msk?.fill(0);
        return { kind: 'done', msk: this.#msk(), more: true };
      case 'failure':
        return { kind: 'failed', error: step.error, last: 'acknowledge' };
    }
  }

  #send(packet: Uint8Array, final: boolean, failing: Failure | undefined): InsideStep {
    const plaintext = encodeAvps([
      { code: avpCode['EAP-Message'], vendor: 0, mandatory: true, data: packet },
    ]);
    if (final) return { kind: 'done', plaintext, msk: this.#msk(), more: true };
    return failing === undefined ? { kind: 'send', plaintext } : { kind: 'send', plaintext, failing };
  }

  #msk(): Uint8Array {
    const [key] = this.#tls.keys;
    return key?.slice(0, mskOctets) ?? new Uint8Array(0);
  }
}

function identityRequest(): Uint8Array {
  const data = new Uint8Array(0);
  return encodeEapPacket({ code: 'request', identifier: 0, type: eapType.Identity, data });
}
