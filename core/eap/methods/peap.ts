import { type Failure, failure } from '../../base/errors.ts';
import { concat } from '../../base/octets.ts';
import type { Secret } from '../../base/secret.ts';
import type { TlsResult } from '../../crypto/tls.ts';
import { decodeEapPacket, encodeEapPacket } from '../../wire/eap/eap-packet.ts';
import {
  type Cryptobinding,
  decodePeapTlvs,
  encodeCryptobinding,
  encodePeapResult,
  type PeapTlv,
} from '../../wire/eap/peap-tlv.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import { createEapPeer } from '../create-eap-peer.ts';
import type { EapMethodContext, EapMethodKind } from '../method.ts';
import { boundMsk, compoundKeys, compoundMac, innerSessionKey, isBound } from '../peap/cryptobinding.ts';
import { unwrapInner, wrapInner } from '../peap/inner-packet.ts';
import type { EapPeer, EapStep } from '../peer.ts';
import {
  type EstablishedTls,
  type InsideStep,
  keyMaterial,
  mskOctets,
  type TunnelInside,
} from '../tls/tunnel-inside.ts';
import { tunnelMethod } from '../tls/tunnel-method.ts';

/**
 * PEAP, version 0: EAP inside of TLS, ended by a result that both sides say inside, and a proof that the login inside belongs to
 * this TLS when the server offers one. [MS-PEAP] @rfc 9427 2.2
 */
export function peapMethod(methods: readonly EapMethodKind[]): EapMethodKind {
  return tunnelMethod({
    type: eapType.PEAP,
    name: 'PEAP',
    clientCertificate: false,
    exports: [keyMaterial(eapType.PEAP, 'client EAP encryption')],
    open: (context, tls) => new PeapInside(context, tls, methods),
  });
}

/** The inner login as it ended, once the server has said so. */
type Login = Extract<EapStep, { readonly kind: 'success' }>;

class PeapInside implements TunnelInside {
  readonly #tls: EstablishedTls;
  readonly #peer: EapPeer;
  #identifier = 0;
  /** The last one that the inner login took part in. */
  #ofPeer = 0;
  /** Why the inner login is lost, while the server has yet to say so. */
  #failing: Failure | undefined;

  constructor(context: EapMethodContext, tls: EstablishedTls, methods: readonly EapMethodKind[]) {
    this.#tls = tls;
    const { userName, random } = context;
    this.#peer = createEapPeer({ identity: userName, userName, random, methods, tlsSession: 'inner' });
  }

  turn(plaintext: Uint8Array): InsideStep {
    if (plaintext.length === 0) return { kind: 'acknowledge' };
    const inner = unwrapInner(plaintext, (this.#identifier + 1) & 0xff);
    const decoded = decodeEapPacket(inner);
    if (!decoded.ok) return { kind: 'failed', error: decoded.error };
    const packet = decoded.value;
    this.#identifier = packet.identifier;
    if (packet.code === 'request' && packet.type === eapType.Extensions) return this.#extensions(packet.data);
    this.#ofPeer = packet.identifier;
    return this.#play(this.#peer.handle(inner));
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
      case 'respond': {
        this.#failing = step.failing;
        const plaintext = wrapInner(step.packet);
        return step.failing === undefined
          ? { kind: 'send', plaintext }
          : { kind: 'send', plaintext, failing: step.failing };
      }
      case 'ask':
        return { kind: 'ask', question: step.question };
      case 'tls':
        return { kind: 'tls', request: step.request };
      case 'success':
        // Said with EAP's own packet, as a few servers do, in place of a result.
        return { kind: 'done', msk: this.#msk(), more: true };
      case 'failure':
        return { kind: 'failed', error: step.error, last: 'acknowledge' };
    }
  }

  #extensions(data: Uint8Array): InsideStep {
    const tlvs = decodePeapTlvs(data);
    if (!tlvs.ok) return { kind: 'failed', error: tlvs.error };
    const unknown = tlvs.value.find((tlv) => tlv.kind === 'other' && tlv.mandatory);
    if (unknown?.kind === 'other')
      return this.#refuse(broken(`it insists on a TLV that Godwit does not know (${unknown.type})`));
    const result = find(tlvs.value, 'result');
    if (result === undefined) return this.#refuse(broken('it says how the login inside ended'));
    if (!result.success) return this.#refuse(this.#failing ?? failure('auth.refused', { side: 'local' }));
    const success = encodeEapPacket({ code: 'success', identifier: this.#ofPeer });
    const login = this.#peer.handle(success);
    if (login.kind !== 'success')
      return this.#refuse(login.kind === 'failure' ? login.error : broken('the login inside ends first'));
    const binding = find(tlvs.value, 'cryptobinding')?.binding;
    const step = binding === undefined ? this.#unbound() : this.#bind(binding, login);
    login.msk?.fill(0);
    return step;
  }

  #unbound(): InsideStep {
    return { kind: 'done', plaintext: this.#response(encodePeapResult(true)), msk: this.#msk(), more: true };
  }

  #bind(binding: Cryptobinding, { msk }: Login): InsideStep {
    const isk = innerSessionKey(msk);
    const keys = compoundKeys(this.#keyMaterial(), isk);
    isk.fill(0);
    if (binding.subtype !== 0 || !isBound(keys, binding))
      return this.#refuse(failure('auth.tunnel-binding', { side: 'remote' }));
    const answer = { ...binding, version: 0, receivedVersion: binding.version, subtype: 1 };
    const ours = encodeCryptobinding({ ...answer, compoundMac: compoundMac(keys, answer) });
    const plaintext = this.#response(concat(encodePeapResult(true), ours));
    const bound = boundMsk(keys);
    keys.intermediate.fill(0);
    keys.mac.fill(0);
    return { kind: 'done', plaintext, msk: bound, more: true };
  }

  #refuse(error: Failure): InsideStep {
    return { kind: 'failed', error, last: this.#response(encodePeapResult(false)) };
  }

  #response(tlvs: Uint8Array): Uint8Array {
    return encodeEapPacket({
      code: 'response',
      identifier: this.#identifier,
      type: eapType.Extensions,
      data: tlvs,
    });
  }

  #keyMaterial(): Uint8Array {
    return this.#tls.keys[0] ?? new Uint8Array(0);
  }

  #msk(): Uint8Array {
    return this.#keyMaterial().slice(0, mskOctets);
  }
}

function find<K extends PeapTlv['kind']>(
  tlvs: readonly PeapTlv[],
  kind: K,
): Extract<PeapTlv, { readonly kind: K }> | undefined {
  return tlvs.find((tlv): tlv is Extract<PeapTlv, { readonly kind: K }> => tlv.kind === kind);
}

function broken(rule: string): Failure {
  return failure('auth.login-server', { side: 'remote', rule });
}
