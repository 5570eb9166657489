import { type Failure, failure } from '../../base/errors.ts';
import { utf8 } from '../../base/utf8.ts';
import { eapType } from '../../wire/registry/eap-types.ts';
import type { EapMethod, EapMethodContext, EapMethodKind, EapMethodStep } from '../method.ts';

/**
 * EAP-Identity: answers every request with the user name, whatever the displayable text of the request says. It proves
 * nothing, so it is never done. @rfc 3748 5.1
 */
export const identityMethod: EapMethodKind = {
  type: eapType.Identity,
  name: 'EAP-Identity',
  start: (context) => new IdentityMethod(context),
};

class IdentityMethod implements EapMethod {
  readonly #identity: Uint8Array;

  constructor(context: EapMethodContext) {
    this.#identity = utf8.encode(context.identity);
  }

  process(): EapMethodStep {
    return { kind: 'respond', data: this.#identity.slice() };
  }

  answer(): EapMethodStep {
    const error: Failure = failure('misuse', { reason: 'EAP-Identity asks for no password' });
    return { kind: 'failed', error };
  }

  wipe(): void {
    // The user name is no secret.
  }
}
