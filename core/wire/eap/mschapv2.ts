/**
 * EAP-MSCHAPv2 packets: the type data of an EAP packet of type 26.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |    OpCode     | MS-CHAPv2-ID  |           MS-Length           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Value-Size   |  Challenge: 16 octets, then the server's name     Value-Size 16
 * +-+-+-+-+-+-+-+-+
 * |  Value-Size   |  Response: peer challenge 16, reserved 8,         Value-Size 49
 * +-+-+-+-+-+-+-+-+    NT-Response 24, flags 1, then the user's name
 * |  Success request, Failure request: the message's text
 * |  Change-Password: encrypted password 516, encrypted hash 16,
 * |    peer challenge 16, reserved 8, NT-Response 24, flags 2
 *
 * Success and Failure responses are the OpCode alone. MS-Length counts from the OpCode: five less than the EAP length.
 *
 * draft-kamath-pppext-eap-mschapv2-02, section 2. @rfc 2759
 */
import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { MalformedError } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { mschapv2OpCode } from '../registry/eap-types.ts';

/** The server sends challenge, success and failure; the peer the others. */
export type Mschapv2Packet =
  | Mschapv2Challenge
  | Mschapv2Response
  | Mschapv2Verdict
  | Mschapv2ChangePassword
  | { readonly kind: 'success-response' }
  | { readonly kind: 'failure-response' };

export interface Mschapv2Challenge {
  readonly kind: 'challenge';
  readonly id: number;
  /** 16 octets. */
  readonly challenge: Uint8Array;
  /** The server's name. */
  readonly name: Uint8Array;
}

export interface Mschapv2Response {
  readonly kind: 'response';
  readonly id: number;
  /** 16 octets. */
  readonly peerChallenge: Uint8Array;
  /** 24 octets. */
  readonly ntResponse: Uint8Array;
  /** The user's name. */
  readonly name: Uint8Array;
}

/** The server's verdict; `mschapv2-text.ts` reads `message`. */
export interface Mschapv2Verdict {
  readonly kind: 'success' | 'failure';
  readonly id: number;
  readonly message: string;
}

/** @rfc 2759 7 */
export interface Mschapv2ChangePassword {
  readonly kind: 'change-password';
  readonly id: number;
  /** 516 octets. */
  readonly encryptedPassword: Uint8Array;
  /** 16 octets. */
  readonly encryptedHash: Uint8Array;
  /** 16 octets. */
  readonly peerChallenge: Uint8Array;
  /** 24 octets. */
  readonly ntResponse: Uint8Array;
}

const challengeOctets = 16;
const ntResponseOctets = 24;
const responseValueOctets = 49;
const encryptedPasswordOctets = 516;
const encryptedHashOctets = 16;

/**
 * Decodes the type data of a request or a response. A success or failure is the peer's when it is the OpCode alone.
 * Octets behind MS-Length are ignored; too few are malformed.
 */
export function decodeMschapv2(data: Uint8Array): Result<Mschapv2Packet, MalformedError> {
  if (data.length === 1 && data[0] === mschapv2OpCode.Success) return ok({ kind: 'success-response' });
  if (data.length === 1 && data[0] === mschapv2OpCode.Failure) return ok({ kind: 'failure-response' });
  const { reader, opCode, id } = readHead(data);
  switch (opCode) {
    case mschapv2OpCode.Challenge:
      return readChallenge(reader, id);
    case mschapv2OpCode.Response:
      return readResponse(reader, id);
    case mschapv2OpCode['Change-Password']:
      return readChangePassword(reader, id);
    case mschapv2OpCode.Success:
      return reader.finish({ kind: 'success' as const, id, message: utf8.decode(reader.rest()) });
    case mschapv2OpCode.Failure:
      return reader.finish({ kind: 'failure' as const, id, message: utf8.decode(reader.rest()) });
    default: {
      reader.fail(`op code ${opCode}`);
      return reader.finish({ kind: 'success-response' as const });
    }
  }
}

/** @throws RangeError when a field of fixed size has another one. */
export function encodeMschapv2(packet: Mschapv2Packet): Uint8Array {
  switch (packet.kind) {
    case 'success-response':
      return Uint8Array.of(mschapv2OpCode.Success);
    case 'failure-response':
      return Uint8Array.of(mschapv2OpCode.Failure);
    case 'success':
    case 'failure': {
      const opCode = packet.kind === 'success' ? mschapv2OpCode.Success : mschapv2OpCode.Failure;
      return withHead(opCode, packet.id, (writer) => writer.bytes(utf8.encode(packet.message)));
    }
    case 'challenge':
      expectOctets(packet.challenge, challengeOctets);
      return withHead(mschapv2OpCode.Challenge, packet.id, (writer) =>
        writer.u8(challengeOctets).bytes(packet.challenge).bytes(packet.name),
      );
    case 'response':
      expectOctets(packet.peerChallenge, challengeOctets);
      expectOctets(packet.ntResponse, ntResponseOctets);
      return withHead(mschapv2OpCode.Response, packet.id, (writer) => {
        writer.u8(responseValueOctets).bytes(packet.peerChallenge).zeros(8).bytes(packet.ntResponse);
        writer.u8(0).bytes(packet.name);
      });
    case 'change-password':
      expectOctets(packet.encryptedPassword, encryptedPasswordOctets);
      expectOctets(packet.encryptedHash, encryptedHashOctets);
      expectOctets(packet.peerChallenge, challengeOctets);
      expectOctets(packet.ntResponse, ntResponseOctets);
      return withHead(mschapv2OpCode['Change-Password'], packet.id, (writer) => {
        writer.bytes(packet.encryptedPassword).bytes(packet.encryptedHash).bytes(packet.peerChallenge);
        writer.zeros(8).bytes(packet.ntResponse).u16(0);
      });
  }
}

function readChallenge(reader: ByteReader, id: number): Result<Mschapv2Challenge, MalformedError> {
  readValueSize(reader, challengeOctets);
  const challenge = reader.take(challengeOctets);
  return reader.finish({ kind: 'challenge' as const, id, challenge, name: reader.rest() });
}

function readResponse(reader: ByteReader, id: number): Result<Mschapv2Response, MalformedError> {
  readValueSize(reader, responseValueOctets);
  const peerChallenge = reader.take(challengeOctets);
  reader.take(8);
  const ntResponse = reader.take(ntResponseOctets);
  reader.u8();
  return reader.finish({ kind: 'response' as const, id, peerChallenge, ntResponse, name: reader.rest() });
}

function readChangePassword(reader: ByteReader, id: number): Result<Mschapv2ChangePassword, MalformedError> {
  const encryptedPassword = reader.take(encryptedPasswordOctets);
  const encryptedHash = reader.take(encryptedHashOctets);
  const peerChallenge = reader.take(challengeOctets);
  reader.take(8);
  const ntResponse = reader.take(ntResponseOctets);
  reader.u16();
  const kind = 'change-password' as const;
  return reader.finish({ kind, id, encryptedPassword, encryptedHash, peerChallenge, ntResponse });
}

function readHead(data: Uint8Array): { reader: ByteReader; opCode: number; id: number } {
  const reader = new ByteReader(data, 'EAP-MSCHAPv2');
  const opCode = reader.u8();
  const id = reader.u8();
  const length = reader.u16();
  if (length < 4) reader.fail(`MS-Length ${length} below 4`);
  if (reader.failed) return { reader, opCode, id };
  if (length > data.length) {
    reader.fail(`MS-Length ${length} in ${data.length} octets`);
    return { reader, opCode, id };
  }
  return { reader: reader.sub(length - 4, 'EAP-MSCHAPv2'), opCode, id };
}

function readValueSize(reader: ByteReader, expected: number): void {
  const size = reader.u8();
  if (size !== expected) reader.fail(`Value-Size ${size} where ${expected} belongs`);
}

function withHead(opCode: number, id: number, writeBody: (writer: ByteWriter) => unknown): Uint8Array {
  const writer = new ByteWriter(64).u8(opCode).u8(id).u16(0);
  writeBody(writer);
  if (writer.length > 0xffff - 5) throw new RangeError('EAP-MSCHAPv2 packet too long');
  writer.patchU16(2, writer.length);
  return writer.finish();
}

function expectOctets(field: Uint8Array, octets: number): void {
  if (field.length !== octets) throw new RangeError(`a field of ${octets} octets has ${field.length}`);
}
