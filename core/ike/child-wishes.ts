import { type IpPrefix, networkOf } from '../base/address.ts';
import type { TrafficSelector } from '../wire/ike/payload.ts';
import type { SelectorPair } from '../wire/ike/selector-pair.ts';
import type { ChildWish, IkeConfig } from './config.ts';

/** The CHILD SAs that we ask for, the first one with the login. Never empty. */
export function childWishes(config: Pick<IkeConfig, 'children' | 'remoteNetworks'>): readonly ChildWish[] {
  const { children, remoteNetworks } = config;
  if (children !== undefined && children.length > 0) return children;
  return [{ remote: remoteNetworks.length > 0 ? remoteNetworks.map(selectorOf) : everything }];
}

/** The selectors to ask for before we have an address: the gateway narrows our side to what it assigns. @rfc 7296 2.19 */
export function firstSelectors({ remote }: ChildWish): SelectorPair {
  return { local: everything.map((selector) => ({ ...selector, protocol: protocolOf(remote) })), remote };
}

/** The same once our inner addresses are known. */
export function furtherSelectors({ remote }: ChildWish, addresses: readonly IpPrefix[]): SelectorPair {
  const protocol = protocolOf(remote);
  const families = new Set(remote.map(({ start }) => start.family));
  const local = hostSelectors(addresses).filter(({ start }) => families.has(start.family));
  return { local: local.map((selector) => ({ ...selector, protocol })), remote };
}

/** All that may lie in a CHILD SA that the gateway asks for. */
export function allowedSelectors(
  config: Pick<IkeConfig, 'children' | 'remoteNetworks'>,
  addresses: readonly IpPrefix[],
): SelectorPair {
  return { local: hostSelectors(addresses), remote: childWishes(config).flatMap(({ remote }) => remote) };
}

/** All protocols and ports of a prefix. */
export function selectorOf(prefix: IpPrefix): TrafficSelector {
  const start = networkOf(prefix).address;
  const octets = start.octets.slice();
  for (let bit = prefix.length; bit < octets.length * 8; bit++) {
    octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return { protocol: 0, startPort: 0, endPort: 0xffff, start, end: { family: start.family, octets } };
}

function hostSelectors(addresses: readonly IpPrefix[]): readonly TrafficSelector[] {
  return addresses.map(({ address }) => selectorOf({ address, length: address.octets.length * 8 }));
}

/** Both ends of a CHILD SA speak one protocol; 0 is any. */
function protocolOf(remote: readonly TrafficSelector[]): number {
  const [first, ...others] = new Set(remote.map(({ protocol }) => protocol));
  return others.length === 0 ? (first ?? 0) : 0;
}

/** Every packet of both families. */
export const everything: readonly TrafficSelector[] = [
  selectorOf({ address: { family: 4, octets: new Uint8Array(4) }, length: 0 }),
  selectorOf({ address: { family: 6, octets: new Uint8Array(16) }, length: 0 }),
];
