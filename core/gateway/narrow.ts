import type { IpPrefix } from '../base/address.ts';
import { selectorOf } from '../ike/child-wishes.ts';
import { narrow } from '../ike/narrow.ts';
import { payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, TrafficSelector } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';

/**
 * What a client with these inner addresses may have of what it asks for (TSi, TSr): its own addresses on its side, our networks
 * on ours, each in families that the other side has too. `undefined`: nothing is left.
 */
export function narrowBoth(
  networks: readonly IpPrefix[],
  addresses: readonly IpPrefix[],
  request: Pick<IkeMessage, 'payloads'>,
): SelectorPair | undefined {
  const wanted = (kind: 'TSi' | 'TSr') => payloadOf(request, kind)?.selectors ?? [];
  const local = narrow(networks.map(selectorOf), wanted('TSr'));
  const remote = inFamiliesOf(narrow(addresses.map(selectorOf), wanted('TSi')), local);
  const reachable = inFamiliesOf(local, remote);
  return remote.length === 0 || reachable.length === 0 ? undefined : { local: reachable, remote };
}

/** The selectors whose family has a counterpart in `others`. */
export function inFamiliesOf(
  selectors: readonly TrafficSelector[],
  others: readonly TrafficSelector[],
): readonly TrafficSelector[] {
  const families = new Set(others.map((other) => other.start.family));
  return selectors.filter((selector) => families.has(selector.start.family));
}
