import { type IpAddress, type IpPrefix, networkOf } from '../base/address.ts';
import { narrow } from '../ike/narrow.ts';
import { payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, TrafficSelector } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';

/** The selector of everything in `prefix`, all protocols and ports. */
export function selectorOf(prefix: IpPrefix): TrafficSelector {
  const start = networkOf(prefix).address;
  const octets = start.octets.slice();
  for (let bit = prefix.length; bit < octets.length * 8; bit++) {
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  const end: IpAddress = { family: start.family, octets };
  return { protocol: 0, startPort: 0, endPort: 65_535, start, end };
}

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
