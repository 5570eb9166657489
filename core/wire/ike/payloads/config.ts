/**
 * Configuration payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   CFG Type    |                    RESERVED                   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |R|         Attribute Type      |            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                             Value                             ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.15
 */
import { formatIpAddress, ipAddress } from '../../../base/address.ts';
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { Result } from '../../../base/result.ts';
import { utf8 } from '../../../base/utf8.ts';
import { escapeText } from '../../escape-text.ts';
import { configAttribute, configType } from '../../registry/config-attributes.ts';
import { nameOf } from '../../registry/registry.ts';
import type { ConfigAttribute, ConfigPayload } from '../payload.ts';

/** Values are not judged here: a reply with an odd length is the engine's to refuse or to ignore. */
export function decodeConfig(reader: ByteReader): Result<ConfigPayload, MalformedError> {
  const type = reader.u8();
  reader.u24();
  const attributes: ConfigAttribute[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    if (attributes.length === limits.configAttributes) reader.fail('too many attributes');
    const attribute = reader.u16() & 0x7fff;
    attributes.push({ type: attribute, value: reader.take(reader.u16()) });
  }
  return reader.finish({ kind: 'CP' as const, type, attributes });
}

export function encodeConfig(writer: ByteWriter, payload: ConfigPayload): void {
  writer.u8(payload.type).u24(0);
  for (const { type, value } of payload.attributes) {
    writer
      .u16(type & 0x7fff)
      .u16(value.length)
      .bytes(value);
  }
}

/** The attributes, shortened: `ADDR DNS DNS6` in a request, `ADDR=10.1.0.7 DNS=10.0.0.53` in a reply. */
export function notateConfig(payload: ConfigPayload): string {
  const shown = payload.attributes.slice(0, 24).map(notateAttribute);
  if (payload.attributes.length > 24) shown.push(`+${payload.attributes.length - 24}`);
  return shown.join(' ');
}

/** The letters that strongSwan and the RFC's examples use for a configuration payload, by its type. */
export function configNotation(type: number): string {
  if (type === configType.CFG_REQUEST) return 'CPRQ';
  if (type === configType.CFG_REPLY) return 'CPRP';
  if (type === configType.CFG_SET) return 'CPS';
  if (type === configType.CFG_ACK) return 'CPA';
  return `CP[${type}]`;
}

const shortNames = new Map<number, string>([
  [configAttribute.INTERNAL_IP4_ADDRESS, 'ADDR'],
  [configAttribute.INTERNAL_IP4_NETMASK, 'MASK'],
  [configAttribute.INTERNAL_IP4_DNS, 'DNS'],
  [configAttribute.INTERNAL_IP4_NBNS, 'NBNS'],
  [configAttribute.INTERNAL_IP4_DHCP, 'DHCP'],
  [configAttribute.INTERNAL_IP4_SUBNET, 'SUBNET'],
  [configAttribute.INTERNAL_IP6_ADDRESS, 'ADDR6'],
  [configAttribute.INTERNAL_IP6_DNS, 'DNS6'],
  [configAttribute.INTERNAL_IP6_DHCP, 'DHCP6'],
  [configAttribute.INTERNAL_IP6_SUBNET, 'SUBNET6'],
  [configAttribute.INTERNAL_DNS_DOMAIN, 'DOMAIN'],
  [configAttribute.APPLICATION_VERSION, 'VERSION'],
]);

function notateAttribute({ type, value }: ConfigAttribute): string {
  const name = shortNames.get(type) ?? nameOf(configAttribute, type);
  if (value.length === 0) return name;
  const isText = type === configAttribute.INTERNAL_DNS_DOMAIN || type === configAttribute.APPLICATION_VERSION;
  if (isText) return `${name}=${escapeText(utf8.decode(value), 64)}`;
  if (!shortNames.has(type)) return `${name}+${value.length}`;
  if (value.length === 4 || value.length === 16) return `${name}=${formatIpAddress(ipAddress(value))}`;
  if (value.length === 8) {
    return `${name}=${formatIpAddress(ipAddress(value.subarray(0, 4)))}/${formatIpAddress(ipAddress(value.subarray(4)))}`;
  }
  if (value.length === 17) return `${name}=${formatIpAddress(ipAddress(value.subarray(0, 16)))}/${value[16]}`;
  return `${name}+${value.length}`;
}
