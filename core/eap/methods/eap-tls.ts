import { failure } from '../../base/errors.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import type { EapMethodContext } from '../method.ts';
import {
  type EstablishedTls,
  type InsideStep,
  keyMaterial,
  mskOctets,
  type TunnelInside,
  type TunnelKind,
} from '../tls/tunnel-inside.ts';
import { tunnelMethod } from '../tls/tunnel-method.ts';

const kind: TunnelKind = {
  type: eapType.TLS,
  name: 'EAP-TLS',
  clientCertificate: true,
  exports: [keyMaterial(eapType.TLS, 'client EAP encryption')],
  open: (_: EapMethodContext, tls: EstablishedTls) => new TlsInside(tls),
};

/**
 * EAP-TLS: both sides prove themselves with certificates, and nothing is said inside. With TLS 1.3 the server's last word is one
 * octet of zero: it has accepted our certificate and says nothing more. @rfc 5216 @rfc 9190
 */
export const eapTlsMethod = {
  ...tunnelMethod(kind),
  // FreeRADIUS, for one, keeps its alert to itself.
  refusal: failure('auth.client-certificate', { side: 'local', alert: 'it gave no reason' }),
};

const commitment = 0;

class TlsInside implements TunnelInside {
  readonly #tls: EstablishedTls;

  constructor(tls: EstablishedTls) {
    this.#tls = tls;
  }

  turn(plaintext: Uint8Array): InsideStep {
    const said = plaintext.length === 0 ? 'nothing' : isCommitment(plaintext) ? 'commitment' : 'other';
    // @rfc 5216 2.1.3 @rfc 9190 2.5
    if (said === (this.#tls.version === '1.2' ? 'nothing' : 'commitment'))
      return { kind: 'done', msk: this.#msk() };
    if (said === 'nothing') return { kind: 'acknowledge' };
    const rule = `nothing is said inside of EAP-TLS with TLS ${this.#tls.version}, but for its end`;
    return { kind: 'failed', error: failure('auth.login-server', { side: 'remote', rule }) };
  }

  answer(): InsideStep {
    return { kind: 'failed', error: failure('misuse', { reason: 'EAP-TLS asks for no password' }) };
  }

  tls(): InsideStep {
    return { kind: 'failed', error: failure('misuse', { reason: 'EAP-TLS has no method inside' }) };
  }

  wipe(): void {
    for (const key of this.#tls.keys) key.fill(0);
  }

  #msk(): Uint8Array {
    return this.#tls.keys[0]?.slice(0, mskOctets) ?? new Uint8Array(0);
  }
}

function isCommitment(plaintext: Uint8Array): boolean {
  return plaintext.length === 1 && plaintext[0] === commitment;
}
