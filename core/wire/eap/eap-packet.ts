/**
 * EAP packet.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Code      |  Identifier   |            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type      |  Type-Data ...                                    Request and Response only
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Expanded types (254) carry a vendor (3 octets) and a vendor's type (4 octets) at the start of the type data.
 *
 * @rfc 3748 4 @rfc 3748 5.7
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { eapCode, eapType } from '../registry/eap-types.ts';
import { nameOf } from '../registry/registry.ts';

export type EapPacket = EapRequestOrResponse | EapOutcome;

export interface EapRequestOrResponse {
  readonly code: 'request' | 'response';
  /** 0 to 255; a response repeats the one of its request. */
  readonly identifier: number;
  /** IANA number; 254 for expanded types, whose vendor fields are then the start of `data`. */
  readonly type: number;
  readonly data: Uint8Array;
}

export interface EapOutcome {
  readonly code: 'success' | 'failure';
  readonly identifier: number;
  /** FortiGate: a fifth octet of Success, the type of the method that is to follow in the same run. No RFC has it. */
  readonly next?: number;
}

/** Octets after the Length field's end are padding of the layer below and are ignored. @rfc 3748 4.1 */
export function decodeEapPacket(octets: Uint8Array): Result<EapPacket, MalformedError> {
  const reader = new ByteReader(octets, 'EAP packet');
  const code = reader.u8();
  const identifier = reader.u8();
  const length = reader.u16();
  if (length < 4) reader.fail(`length ${length} below 4`);
  const body = reader.sub(Math.max(length - 4, 0), 'EAP packet');
  if (code === eapCode.Request || code === eapCode.Response) {
    const type = body.u8();
    const packet = {
      code: code === eapCode.Request ? ('request' as const) : ('response' as const),
      identifier,
      type,
      data: body.rest(),
    };
    const inner = body.finish(packet);
    return reader.failed || inner.ok ? reader.finish(packet) : inner;
  }
  if (code !== eapCode.Success && code !== eapCode.Failure) reader.fail(`code ${code}`);
  const outcome = code === eapCode.Success ? ('success' as const) : ('failure' as const);
  if (length === 5 && outcome === 'success')
    return reader.finish({ code: outcome, identifier, next: body.u8() });
  if (length > 4) reader.fail(`length ${length} of EAP-${nameOf(eapCode, code)}`);
  return reader.finish({ code: outcome, identifier });
}

/** @throws RangeError when the packet would be longer than 65,535 octets. */
export function encodeEapPacket(packet: EapPacket): Uint8Array {
  if (!('type' in packet)) {
    const code = packet.code === 'success' ? eapCode.Success : eapCode.Failure;
    const { next } = packet;
    const writer = new ByteWriter(5)
      .u8(code)
      .u8(packet.identifier)
      .u16(next === undefined ? 4 : 5);
    return (next === undefined ? writer : writer.u8(next)).finish();
  }
  const length = 5 + packet.data.length;
  if (length > 65_535) throw new RangeError('EAP packet longer than 65,535 octets');
  const code = packet.code === 'request' ? eapCode.Request : eapCode.Response;
  const writer = new ByteWriter(length).u8(code).u8(packet.identifier).u16(length);
  return writer.u8(packet.type).bytes(packet.data).finish();
}

/** Code, identifier, type and length; never the type data, which may hold what a password can be guessed from. */
export function notateEapPacket(octets: Uint8Array): string {
  const decoded = decodeEapPacket(octets);
  if (!decoded.ok) return `malformed ${octets.length}`;
  const packet = decoded.value;
  if (!('type' in packet)) {
    const next = packet.next === undefined ? '' : ` next ${nameOf(eapType, packet.next)}`;
    return `${packet.code} ${packet.identifier}${next}`;
  }
  return `${packet.code} ${packet.identifier} ${nameOf(eapType, packet.type)} ${octets.length}`;
}

export interface ExpandedEapType {
  readonly vendor: number;
  readonly vendorType: number;
  readonly data: Uint8Array;
}

/** The vendor fields at the start of an expanded packet's type data. */
export function decodeExpandedType(data: Uint8Array): Result<ExpandedEapType, MalformedError> {
  const reader = new ByteReader(data, 'EAP expanded type');
  const vendor = reader.u24();
  const vendorType = reader.u32();
  return reader.finish({ vendor, vendorType, data: reader.rest() });
}

export function encodeExpandedType({ vendor, vendorType, data }: ExpandedEapType): Uint8Array {
  return new ByteWriter(7 + data.length).u24(vendor).u32(vendorType).bytes(data).finish();
}

/** A Nak in answer to an expanded request: the same, in the long form. @rfc 3748 5.3.2 */
export function eapExpandedNak(identifier: number, wishes: readonly number[]): EapRequestOrResponse {
  const writer = new ByteWriter().u24(0).u32(eapType.Nak);
  for (const wish of wishes.length === 0 ? [0] : wishes) writer.u8(eapType.Expanded).u24(0).u32(wish);
  return { code: 'response', identifier, type: eapType.Expanded, data: writer.finish() };
}

/**
 * A legacy Nak: "not this method, rather one of these". Each wish is an IANA method number; none becomes the single
 * zero that says there is no alternative. @rfc 3748 5.3.1
 */
export function eapNak(identifier: number, wishes: readonly number[]): EapRequestOrResponse {
  const data = Uint8Array.from(wishes.length === 0 ? [0] : wishes);
  return { code: 'response', identifier, type: eapType.Nak, data };
}
