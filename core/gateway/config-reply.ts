import { type IpPrefix, networkOf } from '../base/address.ts';
import { concat } from '../base/octets.ts';
import { utf8 } from '../base/utf8.ts';
import type { ConfigAttribute, ConfigPayload } from '../wire/ike/payload.ts';
import { configAttribute, configType } from '../wire/registry/config-attributes.ts';
import type { GatewayConfig } from './config.ts';

/** The families of address that a CFG_REQUEST asks for. */
export function requestedFamilies(request: ConfigPayload): readonly (4 | 6)[] {
  const asks = (type: number) => request.attributes.some((attribute) => attribute.type === type);
  const families: (4 | 6)[] = [];
  if (asks(configAttribute.INTERNAL_IP4_ADDRESS)) families.push(4);
  if (asks(configAttribute.INTERNAL_IP6_ADDRESS)) families.push(6);
  return families;
}

/** CFG_REPLY: the addresses, and of everything else what the client asked for. @rfc 7296 3.15 @rfc 8598 */
export function configReply(
  config: GatewayConfig,
  request: ConfigPayload,
  addresses: readonly IpPrefix[],
): ConfigPayload {
  const families = new Set(addresses.map(({ address }) => address.family));
  const attributes = [
    ...addresses.map(addressAttribute),
    ...config.dnsServers
      .filter(({ family }) => families.has(family))
      .map(({ family, octets }) => ({
        type: family === 4 ? configAttribute.INTERNAL_IP4_DNS : configAttribute.INTERNAL_IP6_DNS,
        value: octets,
      })),
    // "Everything" is said by the selectors alone.
    ...config.networks
      .filter(({ address, length }) => length > 0 && families.has(address.family))
      .map(subnetAttribute),
    ...config.dnsDomains.map((domain) => ({
      type: configAttribute.INTERNAL_DNS_DOMAIN,
      value: utf8.encode(domain),
    })),
  ];
  const asked = new Set(request.attributes.map(({ type }) => type));
  return {
    kind: 'CP',
    type: configType.CFG_REPLY,
    attributes: attributes.filter(({ type }) => asked.has(type)),
  };
}

function addressAttribute({ address, length }: IpPrefix): ConfigAttribute {
  return address.family === 4
    ? { type: configAttribute.INTERNAL_IP4_ADDRESS, value: address.octets }
    : {
        type: configAttribute.INTERNAL_IP6_ADDRESS,
        value: concat(address.octets, Uint8Array.of(length)),
      };
}

function subnetAttribute(prefix: IpPrefix): ConfigAttribute {
  const { address, length } = networkOf(prefix);
  if (address.family === 6) {
    return {
      type: configAttribute.INTERNAL_IP6_SUBNET,
      value: concat(address.octets, Uint8Array.of(length)),
    };
  }
  const mask = new Uint8Array(4);
  for (let bit = 0; bit < length; bit++) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return { type: configAttribute.INTERNAL_IP4_SUBNET, value: concat(address.octets, mask) };
}
