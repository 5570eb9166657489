/**
 * ESP packet, slow and obvious: for dumps, and as the twin of the packet path.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |               Security Parameters Index (SPI)                 |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      Sequence Number                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                    IV, then Payload Data                      ~
 * +               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |               |     Padding (0-255 bytes): 1, 2, 3, ...       |
 * +-+-+-+-+-+-+-+-+               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                               |  Pad Length   | Next Header   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                   Integrity Check Value (ICV)                 ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 4303 2
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { type MalformedError, malformed } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Spi } from '../ike/payload.ts';
import { ipProtocol } from '../registry/protocols.ts';
import { nameOf } from '../registry/registry.ts';

export const espHeaderOctets = 8;

export interface EspPacket {
  /** Never 0, which on port 4500 is IKE. */
  readonly spi: Spi;
  /** The low 32 bits. */
  readonly sequence: number;
  /** IV, ciphertext and ICV; a view. */
  readonly sealed: Uint8Array;
}

export function decodeEspPacket(octets: Uint8Array): Result<EspPacket, MalformedError> {
  const reader = new ByteReader(octets, 'ESP packet');
  const spi = reader.u32();
  if (spi === 0) reader.fail('SPI 0');
  const sequence = reader.u32();
  return reader.finish({ spi, sequence, sealed: reader.rest() });
}

export function encodeEspPacket({ spi, sequence, sealed }: EspPacket): Uint8Array {
  return new ByteWriter(espHeaderOctets + sealed.length).u32(spi).u32(sequence).bytes(sealed).finish();
}

/** What is inside an ESP packet once it is decrypted. */
export interface EspPlaintext {
  /** The inner packet, with traffic flow confidentiality padding behind it perhaps. */
  readonly payload: Uint8Array;
  /** 4 or 41 in tunnel mode, 59 for a dummy packet. */
  readonly nextHeader: number;
}

/** Takes off the trailer; padding other than 1, 2, 3, … is malformed. @rfc 4303 2.4 */
export function decodeEspPlaintext(plaintext: Uint8Array): Result<EspPlaintext, MalformedError> {
  const what = 'ESP trailer';
  if (plaintext.length < 2) return err(malformed(what, { offset: 0, need: 2, got: plaintext.length }));
  const padLength = plaintext[plaintext.length - 2] ?? 0;
  const nextHeader = plaintext[plaintext.length - 1] ?? 0;
  const end = plaintext.length - 2 - padLength;
  if (end < 0) {
    const reason = `pad length ${padLength} in a plaintext of ${plaintext.length} octets`;
    return err(malformed(what, { offset: plaintext.length - 2, reason }));
  }
  for (let i = 0; i < padLength; i++) {
    if (plaintext[end + i] !== i + 1) return err(malformed(what, { offset: end + i, reason: 'padding' }));
  }
  return ok({ payload: plaintext.subarray(0, end), nextHeader });
}

/** Pads to a multiple of `blockOctets` and of 4, with as little as does it. @rfc 4303 2.4 */
export function encodeEspPlaintext({ payload, nextHeader }: EspPlaintext, blockOctets: number): Uint8Array {
  const boundary = Math.max(4, blockOctets);
  const padLength = (boundary - ((payload.length + 2) % boundary)) % boundary;
  const writer = new ByteWriter(payload.length + padLength + 2).bytes(payload);
  for (let i = 1; i <= padLength; i++) writer.u8(i);
  return writer.u8(padLength).u8(nextHeader).finish();
}

/** The next header of a tunnelled packet, by its IP version; 59 for what is no IP packet. */
export function nextHeaderOf(inner: Uint8Array): number {
  const version = (inner[0] ?? 0) >> 4;
  if (version === 4) return ipProtocol.IPV4;
  return version === 6 ? ipProtocol.IPV6 : ipProtocol.IPV6_NO_NEXT;
}

export function notateEspPacket(packet: EspPacket): string {
  return `ESP ${packet.spi.toString(16).padStart(8, '0')} ${packet.sequence} {${packet.sealed.length} octets}`;
}

export function notateEspPlaintext(plaintext: EspPlaintext): string {
  return `${nameOf(ipProtocol, plaintext.nextHeader)} ${plaintext.payload.length}`;
}
