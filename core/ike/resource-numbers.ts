import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import type { Payload } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { childWishes } from './child-wishes.ts';
import type { IkeConfig } from './config.ts';
import { ikeNotify } from './payload-list.ts';

/*
 * Wish `w` of `n` has number `w`, its copy for resource `r` has number `w + r * n`.
 */

/** Which resource the CHILD SA of this wish is for; 0 is the one that is always there. */
export function resourceOf(config: IkeConfig, wish: number | undefined): number {
  return Math.floor((wish ?? 0) / childWishes(config).length);
}

/** The wish that this one is a copy of; itself for resource 0. */
export function originalOf(config: IkeConfig, wish: number): number {
  return wish % childWishes(config).length;
}

/** Whether two wishes are for the same traffic: one and its copies. */
export function sameOriginal(config: IkeConfig, a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && originalOf(config, a) === originalOf(config, b);
}

/** How many resources we have, this one included. */
export function mostResources(config: IkeConfig): number {
  const { most = 1 } = config.resources ?? {};
  // Each may be there twice while it is rekeyed.
  const room = Math.floor(limits.childSas / (2 * childWishes(config).length));
  return Math.max(1, Math.min(most, room));
}

/** N(SA_RESOURCE_INFO) for a request about the CHILD SA of this wish; the number is for the peer's log alone. @rfc 9611 5.1 */
export function announceResource(config: IkeConfig, wish: number | undefined): readonly Payload[] {
  if (wish === undefined || mostResources(config) === 1) return [];
  const resource = resourceOf(config, wish);
  return [ikeNotify(notifyType.SA_RESOURCE_INFO, Uint8Array.of(...(resource === 0 ? [] : [resource])))];
}

/** The same where it is one of several: a rekey of the only one needs no word of it. @rfc 9611 3 */
export function announceCopy(config: IkeConfig, wish: number | undefined): readonly Payload[] {
  return resourceOf(config, wish) === 0 ? [] : announceResource(config, wish);
}

/** What is known of the gateway's mind about copies. */
export interface Resources {
  /** It has said that it takes them, or the profile says to try. */
  allowed: boolean;
  madeAt: Instant | undefined;
}
