import { type IpAddress, type IpPrefix, ipAddress, networkOf } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { concat } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { payloadOf } from '../../wire/ike/lookup.ts';
import type { ConfigAttribute, ConfigPayload, IkeMessage } from '../../wire/ike/payload.ts';
import { configAttribute, configType } from '../../wire/registry/config-attributes.ts';
import type { AssignedConfig } from '../io.ts';

/*
 * HDR, SK {…, CP(CFG_REQUEST), …}  -->
 *                    <--  HDR, SK {…, CP(CFG_REPLY), …}
 *
 * @rfc 7296 2.19 @rfc 7296 3.15 @rfc 8598
 */

const wanted = [
  configAttribute.INTERNAL_IP4_ADDRESS,
  configAttribute.INTERNAL_IP4_NETMASK,
  configAttribute.INTERNAL_IP4_DNS,
  configAttribute.INTERNAL_IP4_SUBNET,
  configAttribute.INTERNAL_IP6_ADDRESS,
  configAttribute.INTERNAL_IP6_DNS,
  configAttribute.INTERNAL_IP6_SUBNET,
  configAttribute.INTERNAL_DNS_DOMAIN,
  configAttribute.APPLICATION_VERSION,
] as const;

/** Asks for all that we can use; an empty value leaves the choice to the gateway. `addresses`: those that we would like. */
export function buildConfigRequest(addresses: readonly IpAddress[] = []): ConfigPayload {
  const attributes = wanted.map((type) => ({ type, value: wish(type, addresses) }));
  return { kind: 'CP', type: configType.CFG_REQUEST, attributes };
}

/** An IPv6 address goes with its prefix length. @rfc 7296 3.15.1 */
function wish(type: number, addresses: readonly IpAddress[]): Uint8Array {
  const family = { [configAttribute.INTERNAL_IP4_ADDRESS]: 4, [configAttribute.INTERNAL_IP6_ADDRESS]: 6 }[
    type
  ];
  const octets = addresses.find((address) => address.family === family)?.octets ?? new Uint8Array(0);
  return octets.length === 16 ? concat(octets, Uint8Array.of(128)) : octets;
}

/**
 * What the gateway assigned. An attribute of a wrong length, a name that is none, and whatever exceeds a bound is left out: the
 * rest still makes a useful tunnel. Without any address it fails with `peer.no-address`.
 */
export function processConfigReply(message: Pick<IkeMessage, 'payloads'>): Result<AssignedConfig, Failure> {
  const reply = payloadOf(message, 'CP');
  if (reply === undefined || reply.type !== configType.CFG_REPLY) return err(failure('peer.no-address'));
  const { attributes } = reply;
  const addresses = read(attributes, limits.addressesFromGateway, readAddress);
  if (addresses.length === 0) return err(failure('peer.no-address'));
  const [applicationVersion] = read(attributes, 1, readVersion);
  return ok({
    addresses,
    dnsServers: read(attributes, limits.dnsServersFromGateway, readDnsServer),
    subnets: read(attributes, limits.subnetsFromGateway, readSubnet),
    dnsDomains: read(attributes, limits.domainsFromGateway, readDomain),
    ...(applicationVersion === undefined ? {} : { applicationVersion }),
  });
}

function read<T>(
  attributes: readonly ConfigAttribute[],
  most: number,
  reader: (attribute: ConfigAttribute) => T | undefined,
): readonly T[] {
  const values: T[] = [];
  for (const attribute of attributes) {
    const value = values.length < most ? reader(attribute) : undefined;
    if (value !== undefined) values.push(value);
  }
  return values;
}

/** An IPv4 address is ours alone, whatever the netmask says: nobody shares a link with us. */
function readAddress({ type, value }: ConfigAttribute): IpPrefix | undefined {
  if (type === configAttribute.INTERNAL_IP4_ADDRESS && value.length === 4) {
    return assignable({ address: ipAddress(value), length: 32 });
  }
  if (type === configAttribute.INTERNAL_IP6_ADDRESS && value.length === 17) {
    const prefix = readIp6Prefix(value);
    return prefix === undefined ? undefined : assignable(prefix);
  }
  return undefined;
}

function readDnsServer({ type, value }: ConfigAttribute): IpAddress | undefined {
  const length = { [configAttribute.INTERNAL_IP4_DNS]: 4, [configAttribute.INTERNAL_IP6_DNS]: 16 }[type];
  return value.length === length ? ipAddress(value) : undefined;
}

function readSubnet({ type, value }: ConfigAttribute): IpPrefix | undefined {
  if (type === configAttribute.INTERNAL_IP4_SUBNET && value.length === 8) {
    const length = maskLength(value.subarray(4));
    return length === undefined ? undefined : networkOf({ address: ipAddress(value.subarray(0, 4)), length });
  }
  if (type === configAttribute.INTERNAL_IP6_SUBNET && value.length === 17) {
    const prefix = readIp6Prefix(value);
    return prefix === undefined ? undefined : networkOf(prefix);
  }
  return undefined;
}

/** A name that may go into a resolver's configuration: labels of letters, digits, hyphens. @rfc 8598 4.1 @rfc 1035 2.3.4 */
function readDomain({ type, value }: ConfigAttribute): string | undefined {
  if (type !== configAttribute.INTERNAL_DNS_DOMAIN || value.length > limits.domainOctets) return undefined;
  const name = utf8.decodeStrict(value)?.replace(/\.$/, '').toLowerCase();
  if (name === undefined || name.length > 253) return undefined;
  return name.split('.').every((label) => labelPattern.test(label)) ? name : undefined;
}

/** 1 to 63 characters, no hyphen at either end. Each character can match in one way only: a long name costs no time. */
const labelPattern = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

function readVersion({ type, value }: ConfigAttribute): string | undefined {
  if (type !== configAttribute.APPLICATION_VERSION || value.length === 0) return undefined;
  const text = utf8.decode(value.subarray(0, limits.logFieldCharacters));
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** 16 octets of address and one of prefix length. @rfc 7296 3.15.1 */
function readIp6Prefix(value: Uint8Array): IpPrefix | undefined {
  const length = value[16] ?? 0;
  return length > 128 ? undefined : { address: ipAddress(value.subarray(0, 16)), length };
}

/** Neither the unspecified address nor a multicast one can be ours. */
function assignable(prefix: IpPrefix): IpPrefix | undefined {
  const { family, octets } = prefix.address;
  const first = octets[0] ?? 0;
  const multicast = family === 4 ? first >= 224 : first === 0xff;
  return multicast || octets.every((octet) => octet === 0) ? undefined : prefix;
}

/** The length of a netmask of 4 octets; `undefined` when its ones are not all in front. */
function maskLength(mask: Uint8Array): number | undefined {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, '').length : undefined;
}
