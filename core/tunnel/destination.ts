import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { formatTarget, type RedirectTarget } from '../ike/redirect-target.ts';

/** Where a login goes. */
export interface Destination {
  /** The gateway of the profile: whoever answers must prove to be this one. */
  readonly gateway: string;
  /** Where it is looked for: the same, or where that one sent us. */
  readonly host: string;
  /** Who sent us. @rfc 5685 */
  readonly redirectedFrom?: RedirectTarget;
}

/** The way on from one gateway, at `from`, to where it sends us. It must still prove to be the one that the profile names. */
export function redirected(before: Destination, from: RedirectTarget, to: RedirectTarget): Destination {
  return { gateway: before.gateway, host: formatTarget(to), redirectedFrom: from };
}

/** Counts redirects, so that two gateways that point at each other are seen through. @rfc 5685 3 */
export class RedirectLimit {
  #followed: Instant[] = [];

  /** True when one more may be followed, which is counted. */
  allows(now: Instant): boolean {
    this.#followed = this.#followed.filter((at) => now - at < limits.redirectPeriodMs);
    if (this.#followed.length >= limits.redirects) return false;
    this.#followed.push(now);
    return true;
  }
}
