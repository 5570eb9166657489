/**
 * Notify payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Protocol ID  |   SPI Size    |      Notify Message Type      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                Security Parameter Index (SPI)                 ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                       Notification Data                       ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.10
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import { toHex } from '../../../base/octets.ts';
import type { Result } from '../../../base/result.ts';
import { notifyType } from '../../registry/notify-types.ts';
import { securityProtocol } from '../../registry/protocols.ts';
import { nameOf } from '../../registry/registry.ts';
import { keyExchangeMethod } from '../../registry/transforms.ts';
import type { NotifyPayload } from '../payload.ts';

export function decodeNotify(reader: ByteReader): Result<NotifyPayload, MalformedError> {
  const protocol = reader.u8();
  const spiOctets = reader.u8();
  const type = reader.u16();
  const spi = reader.take(spiOctets);
  return reader.finish({ kind: 'N' as const, protocol, spi, type, data: reader.rest() });
}

export function encodeNotify(writer: ByteWriter, payload: NotifyPayload): void {
  writer.u8(payload.protocol).u8(payload.spi.length).u16(payload.type).bytes(payload.spi).bytes(payload.data);
}

/** The type's name, the SA that it concerns, and its data as a number where it is one, else as a length. */
export function notateNotify(payload: NotifyPayload): string {
  const spi =
    payload.spi.length === 0
      ? ''
      : ` ${nameOf(securityProtocol, payload.protocol)} ${toHex(payload.spi.subarray(0, 8))}`;
  return `${nameOf(notifyType, payload.type)}${spi}${notateData(payload)}`;
}

function notateData({ type, data }: NotifyPayload): string {
  if (data.length === 0) return '';
  const isNatHash =
    type === notifyType.NAT_DETECTION_SOURCE_IP || type === notifyType.NAT_DETECTION_DESTINATION_IP;
  if (isNatHash && data.length === 20) return '';
  const number = data.length <= 4 ? data.reduce((sum, octet) => sum * 256 + octet, 0) : undefined;
  if (type === notifyType.INVALID_KE_PAYLOAD && data.length === 2 && number !== undefined) {
    return ` ${nameOf(keyExchangeMethod, number)}`;
  }
  const isNumber = type === notifyType.AUTH_LIFETIME || type === notifyType.MS_STATUS;
  if (isNumber && data.length === 4) return ` ${number}`;
  return ` +${data.length}`;
}
