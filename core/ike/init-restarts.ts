import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { refusalIn } from './peer-refusal.ts';

/** How the IKE_SA_INIT request must look now. */
export interface InitRestart {
  /** 1 to 64 octets, to be returned as they came. */
  readonly cookie?: Uint8Array;
  /** The group of the KE payload. */
  readonly group: number;
}

/** What a response to IKE_SA_INIT asks for. */
export type InitVerdict =
  /** Send the request anew, changed as `InitRestarts.current` says. */
  | { readonly kind: 'restart' }
  /** It may be the answer. */
  | { readonly kind: 'candidate' }
  /** It sends us to another gateway, perhaps. @rfc 5685 3 */
  | { readonly kind: 'redirect' }
  /** It reports an error, which anybody may have sent: keep waiting. @rfc 7296 2.21.1 */
  | { readonly kind: 'hint'; readonly error: Failure }
  /** It was acted upon already. */
  | { readonly kind: 'stale' };

/**
 * Follows COOKIE and INVALID_KE_PAYLOAD through the restarts of one IKE_SA_INIT, a bounded number of times: both come
 * unauthenticated, so somebody on the path could ask for ever.
 *
 * @rfc 7296 2.6
 * @rfc 7296 2.6.1
 */
export class InitRestarts {
  readonly #groups: readonly number[];
  #current: InitRestart;
  #count = 0;

  /** `groups`: all that we offer, the one to begin with first; not empty. */
  constructor(groups: readonly number[]) {
    this.#groups = groups;
    this.#current = { group: groups[0] ?? 0 };
  }

  get current(): InitRestart {
    return this.#current;
  }

  judge(message: IkeMessage): InitVerdict {
    if (payloadOf(message, 'SA') !== undefined) return { kind: 'candidate' };
    if (notifyOf(message, notifyType.REDIRECT) !== undefined) return { kind: 'redirect' };
    const cookie = notifyOf(message, notifyType.COOKIE);
    if (cookie !== undefined) return this.#cookie(cookie.data);
    const group = notifyOf(message, notifyType.INVALID_KE_PAYLOAD);
    if (group !== undefined) return this.#group(group.data);
    const error = refusalIn(message, 'IKE');
    return error === undefined ? { kind: 'stale' } : { kind: 'hint', error };
  }

  #cookie(cookie: Uint8Array): InitVerdict {
    if (cookie.length < 1 || cookie.length > 64) return misbehaved('a cookie has 1 to 64 octets');
    if (this.#current.cookie !== undefined && equal(cookie, this.#current.cookie)) return { kind: 'stale' };
    return this.#restart({ ...this.#current, cookie: cookie.slice() });
  }

  #group(data: Uint8Array): InitVerdict {
    const [high, low, ...more] = data;
    if (high === undefined || low === undefined || more.length > 0) {
      return misbehaved('INVALID_KE_PAYLOAD names one group');
    }
    const group = high * 256 + low;
    if (group === this.#current.group) return { kind: 'stale' };
    if (!this.#groups.includes(group)) return misbehaved('INVALID_KE_PAYLOAD names a group that was offered');
    return this.#restart({ ...this.#current, group });
  }

  #restart(next: InitRestart): InitVerdict {
    if (this.#count >= limits.initRestarts) {
      return misbehaved(`IKE_SA_INIT restarts at most ${limits.initRestarts} times`);
    }
    this.#count += 1;
    this.#current = next;
    return { kind: 'restart' };
  }
}

function misbehaved(rule: string): InitVerdict {
  return { kind: 'hint', error: failure('peer.misbehaved', { rule }) };
}
