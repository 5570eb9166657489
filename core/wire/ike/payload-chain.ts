/**
 * The chain of payloads: each starts with the generic header, which names the type of the next one.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Next Payload  |C|  RESERVED   |         Payload Length        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 7296 3.2
 */
import type { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { payloadType } from '../registry/payload-types.ts';
import type { Payload } from './payload.ts';
import { decodeAuth, encodeAuth } from './payloads/auth.ts';
import { decodeCert, encodeCert } from './payloads/cert.ts';
import { decodeCertReq, encodeCertReq } from './payloads/certreq.ts';
import { decodeConfig, encodeConfig } from './payloads/config.ts';
import { decodeDelete, encodeDelete } from './payloads/delete.ts';
import { decodeEap, encodeEap } from './payloads/eap.ts';
import { decodeId, encodeId } from './payloads/id.ts';
import { decodeKe, encodeKe } from './payloads/ke.ts';
import { decodeNonce, encodeNonce } from './payloads/nonce.ts';
import { decodeNotify, encodeNotify } from './payloads/notify.ts';
import { decodeSa, encodeSa } from './payloads/sa.ts';
import { decodeTs, encodeTs } from './payloads/ts.ts';
import { decodeVendorId, encodeVendorId } from './payloads/vendor-id.ts';

export const genericHeaderOctets = 4;

/** Where an SK or SKF payload stands, which ends the chain that can be read. */
export interface SealedTail {
  readonly kind: 'SK' | 'SKF';
  /** The Next Payload field: the type of the first payload inside. */
  readonly firstInner: number;
  readonly body: ByteReader;
}

export interface PayloadChain {
  readonly payloads: readonly Payload[];
  readonly sealed?: SealedTail;
}

/**
 * Reads payloads to the end of `reader`, of which the first has type `first`. An SK or SKF payload must be the last
 * and is handed back unread. A critical bit on a payload type that we know means nothing. @rfc 7296 2.5
 */
export function decodeChain(first: number, reader: ByteReader): Result<PayloadChain, MalformedError> {
  const payloads: Payload[] = [];
  let type = first;
  while (type !== payloadType.none && !reader.failed) {
    if (payloads.length === limits.payloadsPerMessage) reader.fail('too many payloads');
    const next = reader.u8();
    const critical = (reader.u8() & 0x80) !== 0;
    const length = reader.u16();
    if (length < genericHeaderOctets) reader.fail(`payload length ${length} below 4`);
    const body = reader.sub(Math.max(length - genericHeaderOctets, 0), `payload ${payloadName(type)}`);
    if (reader.failed) break;
    if (type === payloadType.SK || type === payloadType.SKF) {
      const kind = type === payloadType.SK ? 'SK' : 'SKF';
      return reader.finishAll({ payloads, sealed: { kind, firstInner: next, body } });
    }
    const payload = decodePayload(type, critical, body);
    if (!payload.ok) return err(payload.error);
    payloads.push(payload.value);
    type = next;
  }
  return reader.finishAll({ payloads });
}

/** The chain's octets, and the type of its first payload (0 when it is empty). */
export function encodeChain(payloads: readonly Payload[]): { first: number; octets: Uint8Array } {
  const writer = new ByteWriter(1024);
  for (const [i, payload] of payloads.entries()) {
    const start = writer.length;
    writer.u8(typeOf(payloads[i + 1])).u8(payload.kind === 'unknown' && payload.critical ? 0x80 : 0);
    writer.u16(0);
    encodeBody(writer, payload);
    const length = writer.length - start;
    if (length > 0xffff) throw new RangeError(`payload ${payload.kind} longer than 65,535 octets`);
    writer.patchU16(start + 2, length);
  }
  return { first: typeOf(payloads[0]), octets: writer.finish() };
}

/** The number that the Next Payload field has for this payload; 0 when there is none. */
function typeOf(payload: Payload | undefined): number {
  if (payload === undefined) return payloadType.none;
  return payload.kind === 'unknown' ? payload.type : payloadType[payload.kind];
}

function payloadName(type: number): string {
  for (const [name, number] of Object.entries(payloadType)) if (number === type) return name;
  return String(type);
}

function decodePayload(type: number, critical: boolean, body: ByteReader): Result<Payload, MalformedError> {
  switch (type) {
    case payloadType.SA:
      return decodeSa(body);
    case payloadType.KE:
      return decodeKe(body);
    case payloadType.IDi:
      return decodeId(body, 'IDi');
    case payloadType.IDr:
      return decodeId(body, 'IDr');
    case payloadType.CERT:
      return decodeCert(body);
    case payloadType.CERTREQ:
      return decodeCertReq(body);
    case payloadType.AUTH:
      return decodeAuth(body);
    case payloadType.Nonce:
      return decodeNonce(body);
    case payloadType.N:
      return decodeNotify(body);
    case payloadType.D:
      return decodeDelete(body);
    case payloadType.V:
      return decodeVendorId(body);
    case payloadType.TSi:
      return decodeTs(body, 'TSi');
    case payloadType.TSr:
      return decodeTs(body, 'TSr');
    case payloadType.CP:
      return decodeConfig(body);
    case payloadType.EAP:
      return decodeEap(body);
    default:
      return ok({ kind: 'unknown', type, critical, body: body.rest() });
  }
}

function encodeBody(writer: ByteWriter, payload: Payload): void {
  switch (payload.kind) {
    case 'SA':
      return encodeSa(writer, payload);
    case 'KE':
      return encodeKe(writer, payload);
    case 'IDi':
    case 'IDr':
      return encodeId(writer, payload);
    case 'CERT':
      return encodeCert(writer, payload);
    case 'CERTREQ':
      return encodeCertReq(writer, payload);
    case 'AUTH':
      return encodeAuth(writer, payload);
    case 'Nonce':
      return encodeNonce(writer, payload);
    case 'N':
      return encodeNotify(writer, payload);
    case 'D':
      return encodeDelete(writer, payload);
    case 'V':
      return encodeVendorId(writer, payload);
    case 'TSi':
    case 'TSr':
      return encodeTs(writer, payload);
    case 'CP':
      return encodeConfig(writer, payload);
    case 'EAP':
      return encodeEap(writer, payload);
    case 'unknown':
      writer.bytes(payload.body);
  }
}
