/**
 * Delete payload.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Protocol ID   |   SPI Size    |          Num of SPIs          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~               Security Parameter Index(es) (SPI)              ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.11
 */
import type { ByteReader } from '../../../base/byte-reader.ts';
import type { ByteWriter } from '../../../base/byte-writer.ts';
import type { MalformedError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { Result } from '../../../base/result.ts';
import { securityProtocol } from '../../registry/protocols.ts';
import { nameOf } from '../../registry/registry.ts';
import type { DeletePayload, Spi } from '../payload.ts';

export function decodeDelete(reader: ByteReader): Result<DeletePayload, MalformedError> {
  const protocol = reader.u8();
  const spiOctets = reader.u8();
  const count = reader.u16();
  const expected = protocol === securityProtocol.IKE || count === 0 ? 0 : 4;
  // Some peers say SPI size 4 with no SPI; that is harmless.
  if (count > 0 && spiOctets !== expected) reader.fail(`SPI size ${spiOctets} where ${expected} belongs`);
  if (count > 0 && expected === 0) reader.fail('SPIs for the IKE SA');
  if (count > limits.spisPerDelete) reader.fail('too many SPIs');
  const spis: Spi[] = [];
  for (let i = 0; i < count && !reader.failed; i++) spis.push(reader.u32());
  return reader.finishAll({ kind: 'D' as const, protocol, spis });
}

export function encodeDelete(writer: ByteWriter, payload: DeletePayload): void {
  const spiOctets = payload.protocol === securityProtocol.IKE ? 0 : 4;
  writer.u8(payload.protocol).u8(spiOctets).u16(payload.spis.length);
  for (const spi of payload.spis) writer.u32(spi);
}

export function notateDelete(payload: DeletePayload): string {
  const spis = payload.spis.slice(0, 4).map((spi) => ` ${spi.toString(16).padStart(8, '0')}`);
  const more = payload.spis.length > 4 ? ` +${payload.spis.length - 4}` : '';
  return `${nameOf(securityProtocol, payload.protocol)}${spis.join('')}${more}`;
}
