import { failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Secret } from '../../base/secret.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import { serverText } from '../../wire/server-text.ts';
import type { EapMethod, EapMethodKind, EapMethodStep, EapQuestion } from '../method.ts';

/**
 * EAP-GTC: the server shows a text, and the user's answer goes to it as it is. The first text asks for the password, or for
 * whatever the user was told to give as one; each further text for another factor, and is shown. It makes no key.
 * @rfc 3748 5.6
 */
export const gtcMethod: EapMethodKind = {
  type: eapType.GTC,
  name: 'EAP-GTC',
  start: () => new GtcMethod('password'),
};

/** The same behind a method that has asked for the password: every text asks for another factor. */
export const gtcCodeMethod: EapMethodKind = {
  ...gtcMethod,
  refusal: failure('auth.passcode', { side: 'local' }),
  start: () => new GtcMethod('passcode'),
};

class GtcMethod implements EapMethod {
  readonly #first: EapQuestion['kind'];
  #asked = 0;
  #waits = false;

  constructor(first: EapQuestion['kind']) {
    this.#first = first;
  }

  process(data: Uint8Array): EapMethodStep {
    if (this.#asked >= limits.eapPrompts) {
      this.wipe();
      const rule = `a login asks ${limits.eapPrompts} questions at most`;
      return { kind: 'failed', error: failure('auth.login-server', { side: 'remote', rule }) };
    }
    this.#asked += 1;
    this.#waits = true;
    const message = serverText(data);
    const kind = this.#asked === 1 ? this.#first : 'passcode';
    return {
      kind: 'ask',
      question: { kind, retry: 0, ...(message === '' ? {} : { message }) },
    };
  }

  answer(secret: Secret): EapMethodStep {
    if (!this.#waits)
      return { kind: 'failed', error: failure('misuse', { reason: 'no password was asked for' }) };
    this.#waits = false;
    return { kind: 'done', data: secret.expose().slice(), more: true };
  }

  wipe(): void {
    this.#waits = false;
    this.#asked = limits.eapPrompts;
  }
}
