/**
 * Traffic Selector payloads, TSi and TSr.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Number of TSs |                 RESERVED                      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   TS Type     |IP Protocol ID |       Selector Length         |   7 IPv4, 8 IPv6
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Start Port          |           End Port            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                         Starting Address                      ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                         Ending Address                        ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.13
 */
import { compareAddresses, formatIpAddress, formatIpPrefix, ipAddress } from '../../../base/address.ts';
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import { ipProtocol } from '../../registry/protocols.ts';
import { nameOf } from '../../registry/registry.ts';
import type { TrafficSelector, TsPayload } from '../payload.ts';

const selectorType = { TS_IPV4_ADDR_RANGE: 7, TS_IPV6_ADDR_RANGE: 8 } as const;

/** Selectors of a type that we do not know (Fibre Channel, security labels) are left out of the value. */
export function decodeTs(reader: ByteReader, kind: TsPayload['kind']): Result<TsPayload, MalformedError> {
  const count = reader.u8();
  reader.u24();
  const selectors: TrafficSelector[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const type = reader.u8();
    const protocol = reader.u8();
    const length = reader.u16();
    if (length < 4) reader.fail(`selector length ${length} below 4`);
    const body = reader.sub(Math.max(length - 4, 0), 'traffic selector');
    if (type !== selectorType.TS_IPV4_ADDR_RANGE && type !== selectorType.TS_IPV6_ADDR_RANGE) continue;
    const selector = readSelector(body, protocol, type === selectorType.TS_IPV4_ADDR_RANGE ? 4 : 16);
    if (!selector.ok) reader.adopt(selector.error);
    else selectors.push(selector.value);
  }
  return reader.finishAll({ kind, selectors });
}

export function encodeTs(writer: ByteWriter, payload: TsPayload): void {
  writer.u8(payload.selectors.length).u24(0);
  for (const selector of payload.selectors) {
    const isV4 = selector.start.family === 4;
    writer.u8(isV4 ? selectorType.TS_IPV4_ADDR_RANGE : selectorType.TS_IPV6_ADDR_RANGE);
    writer.u8(selector.protocol).u16(isV4 ? 16 : 40);
    writer.u16(selector.startPort).u16(selector.endPort);
    writer.bytes(selector.start.octets).bytes(selector.end.octets);
  }
}

/** The first eight selectors, as prefixes where they are prefixes. */
export function notateTs(payload: TsPayload): string {
  const shown = payload.selectors.slice(0, 8).map(notateSelector);
  if (payload.selectors.length > 8) shown.push(`+${payload.selectors.length - 8}`);
  return shown.join(', ');
}

/** `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, with `[TCP/443]` after it when protocol or ports are narrowed. */
export function notateSelector(selector: TrafficSelector): string {
  const { start, end, protocol, startPort, endPort } = selector;
  const length = prefixLength(start.octets, end.octets);
  const range =
    length === undefined
      ? `${formatIpAddress(start)}-${formatIpAddress(end)}`
      : formatIpPrefix({ address: start, length });
  const anyPort = startPort === 0 && endPort === 65_535;
  if (protocol === 0 && anyPort) return range;
  const name = protocol === 0 ? 'any' : nameOf(ipProtocol, protocol);
  if (anyPort) return `${range}[${name}]`;
  if (startPort === 65_535 && endPort === 0) return `${range}[${name}/opaque]`;
  return `${range}[${name}/${startPort === endPort ? startPort : `${startPort}-${endPort}`}]`;
}

function readSelector(
  reader: ByteReader,
  protocol: number,
  addressOctets: 4 | 16,
): Result<TrafficSelector, MalformedError> {
  const startPort = reader.u16();
  const endPort = reader.u16();
  if (!reader.failed && reader.remaining !== 2 * addressOctets)
    reader.fail('selector length does not fit its type');
  const startOctets = reader.take(addressOctets);
  const endOctets = reader.take(addressOctets);
  // After a failed read these are empty; `finish` then drops the value.
  const zero = new Uint8Array(addressOctets);
  const start = ipAddress(reader.failed ? zero : startOctets);
  const end = ipAddress(reader.failed ? zero : endOctets);
  if (compareAddresses(start, end) > 0) reader.fail('start address after end address');
  return reader.finish({ protocol, startPort, endPort, start, end });
}

/** The length of the prefix that is exactly `start` to `end`, or `undefined` when none is. */
function prefixLength(start: Uint8Array, end: Uint8Array): number | undefined {
  const bit = (octets: Uint8Array, at: number) => ((octets[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
  const bits = start.length * 8;
  let common = 0;
  while (common < bits && bit(start, common) === bit(end, common)) common++;
  for (let at = common; at < bits; at++) if (bit(start, at) !== 0 || bit(end, at) !== 1) return undefined;
  return common;
}
