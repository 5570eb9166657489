import { md5 } from '@noble/hashes/legacy.js';
import { ByteReader } from '../../base/byte-reader.ts';
import { failure } from '../../base/errors.ts';
import { concat } from '../../base/octets.ts';
import type { Secret } from '../../base/secret.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import type { EapMethod, EapMethodKind, EapMethodStep } from '../method.ts';

/**
 * EAP-MD5: a hash of the password with a challenge. It proves nothing about the server and makes no key, so it is only for
 * gateways that know nothing better, and inside of TLS. @rfc 3748 5.4
 */
export const md5Method: EapMethodKind = {
  type: eapType['MD5-Challenge'],
  name: 'EAP-MD5',
  start: () => new Md5Method(),
};

class Md5Method implements EapMethod {
  #challenge: { readonly identifier: number; readonly value: Uint8Array } | undefined;

  process(data: Uint8Array, identifier: number): EapMethodStep {
    const reader = new ByteReader(data, 'EAP-MD5');
    const value = reader.take(reader.u8());
    const decoded = reader.finish(value);
    if (!decoded.ok) return { kind: 'failed', error: decoded.error };
    if (value.length === 0)
      return { kind: 'failed', error: failure('auth.login-server', { rule: 'a challenge is not empty' }) };
    this.#challenge = { identifier, value: value.slice() };
    return { kind: 'ask', question: { kind: 'password', retry: 0 } };
  }

  answer(secret: Secret): EapMethodStep {
    const challenge = this.#challenge;
    if (challenge === undefined)
      return { kind: 'failed', error: failure('misuse', { reason: 'no password was asked for' }) };
    this.#challenge = undefined;
    // As CHAP does. @rfc 1994 4.1
    const hashed = concat(Uint8Array.of(challenge.identifier), secret.expose(), challenge.value);
    const digest = md5(hashed);
    hashed.fill(0);
    return { kind: 'done', data: concat(Uint8Array.of(digest.length), digest) };
  }

  wipe(): void {
    this.#challenge = undefined;
  }
}
