import { type MalformedError, malformed } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { utf8 } from '../../../base/utf8.ts';
import { HostReader, HostWriter } from './host-order.ts';

/*
 * Netlink messages, all fields in the machine's byte order:
 *
 *    0                   1                   2                   3
 *   +---------------------------------------------------------------+
 *   |                   length, with this header                    |
 *   +-------------------------------+-------------------------------+
 *   |             type              |             flags             |
 *   +-------------------------------+-------------------------------+
 *   |                           sequence                            |
 *   +---------------------------------------------------------------+
 *   |                             port                              |
 *   +---------------------------------------------------------------+
 *
 * and in the payload, after a structure that the type fixes, attributes: length (2), type (2), data, padded to 4.
 */

export const messageFlags = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  /** A dump was interrupted by a change. */
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  /** In an ACK: the request is not repeated. */
  capped: 0x100,
  /** In an ACK: extended attributes follow. */
  ackAttributes: 0x200,
} as const;

export const controlTypes = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  /** A view into the datagram. */
  readonly payload: Uint8Array;
}

/** Attribute type to its data (a view). Of a type that comes twice, the last one. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** An attribute to write: its data, or the attributes nested in it. */
export type AttributeValue = Uint8Array | readonly (readonly [number, AttributeValue])[];
export type AttributeList = readonly (readonly [number, AttributeValue])[];

const headerOctets = 16;
const attributeHeaderOctets = 4;
const nestedBit = 0x8000;
const typeMask = 0x3fff;

export function encodeMessage(
  header: { readonly type: number; readonly flags: number; readonly sequence: number },
  payload: Uint8Array,
): Uint8Array {
  return new HostWriter()
    .u32(headerOctets + payload.length)
    .u16(header.type)
    .u16(header.flags)
    .u32(header.sequence)
    .u32(0)
    .bytes(payload)
    .finish();
}

/** All messages of one datagram. A message that overruns the datagram makes the whole malformed. */
export function decodeMessages(octets: Uint8Array): Result<readonly NetlinkMessage[], MalformedError> {
  const messages: NetlinkMessage[] = [];
  let at = 0;
  while (octets.length - at >= headerOctets) {
    const reader = new HostReader(octets.subarray(at));
    const length = reader.u32();
    const type = reader.u16();
    const flags = reader.u16();
    const sequence = reader.u32();
    const port = reader.u32();
    if (length < headerOctets || length > octets.length - at)
      return err(malformed('netlink message', { offset: at, need: length, got: octets.length - at }));
    messages.push({ type, flags, sequence, port, payload: octets.subarray(at + headerOctets, at + length) });
    at += aligned(length);
  }
  if (at < octets.length)
    return err(malformed('netlink message', { offset: at, need: headerOctets, got: octets.length - at }));
  return ok(messages);
}

export function encodeAttributes(attributes: AttributeList): Uint8Array {
  const writer = new HostWriter();
  for (const [type, value] of attributes) {
    const nested = !(value instanceof Uint8Array);
    const data = nested ? encodeAttributes(value) : value;
    writer
      .u16(attributeHeaderOctets + data.length)
      .u16(nested ? type | nestedBit : type)
      .bytes(data)
      .align();
  }
  return writer.finish();
}

export function decodeAttributes(octets: Uint8Array): Result<Attributes, MalformedError> {
  const attributes = new Map<number, Uint8Array>();
  let at = 0;
  // Fewer than four octets at the end are padding.
  while (octets.length - at >= attributeHeaderOctets) {
    const reader = new HostReader(octets.subarray(at));
    const length = reader.u16();
    const type = reader.u16() & typeMask;
    if (length < attributeHeaderOctets || length > octets.length - at)
      return err(malformed('netlink attribute', { offset: at, need: length, got: octets.length - at }));
    attributes.set(type, octets.subarray(at + attributeHeaderOctets, at + length));
    at += aligned(length);
  }
  return ok(attributes);
}

/** What NLMSG_ERROR says: `errno` 0 is an acknowledgement. `text` is the kernel's own sentence, where it has one. */
export interface NetlinkAck {
  readonly errno: number;
  readonly text?: string;
}

/** The payload of NLMSG_ERROR or NLMSG_DONE: a negative errno, and with NLMSG_ERROR the header of the request. */
export function decodeAck(message: NetlinkMessage): Result<NetlinkAck, MalformedError> {
  const reader = new HostReader(message.payload);
  const code = reader.s32();
  if (message.type === controlTypes.done) {
    // A dump that ends well may come without a code.
    return ok({ errno: reader.failed ? 0 : Math.abs(code) });
  }
  const requestLength = reader.u32();
  reader.take(12);
  if (reader.failed)
    return err(malformed('netlink error', { offset: reader.offset, need: 20, got: message.payload.length }));
  if ((message.flags & messageFlags.ackAttributes) === 0) return ok({ errno: Math.abs(code) });
  if ((message.flags & messageFlags.capped) === 0)
    reader.take(aligned(Math.max(requestLength, headerOctets)) - headerOctets);
  const attributes = decodeAttributes(reader.rest());
  if (reader.failed || !attributes.ok) return ok({ errno: Math.abs(code) });
  const said = attributes.value.get(1);
  return ok({ errno: Math.abs(code), ...(said === undefined ? {} : { text: kernelText(said) }) });
}

/** A NUL-terminated string of the kernel, made printable. */
export function kernelText(octets: Uint8Array): string {
  const end = octets.indexOf(0);
  const text = utf8.decode(end < 0 ? octets : octets.subarray(0, end));
  return text.replace(/[^\x20-\x7e]/g, '?');
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
