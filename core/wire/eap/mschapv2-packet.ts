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
import type { Result } from '../../base/result.ts';
import { mschapv2OpCode } from '../registry/eap-types.ts';

/** What the server sends. */
export type Mschapv2Request =
  | {
      readonly kind: 'challenge';
      readonly id: number;
      readonly challenge: Uint8Array;
      readonly name: Uint8Array;
    }
  | { readonly kind: 'success'; readonly id: number; readonly message: Uint8Array }
  | { readonly kind: 'failure'; readonly id: number; readonly message: Uint8Array };

/** What the peer sends. */
export type Mschapv2Response =
  | {
      readonly kind: 'response';
      readonly id: number;
      /** 16 octets. */
      readonly peerChallenge: Uint8Array;
      /** 24 octets. */
      readonly ntResponse: Uint8Array;
      readonly name: Uint8Array;
    }
  | { readonly kind: 'success-acknowledged' }
  | { readonly kind: 'failure-acknowledged' }
  | {
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
    };

const challengeOctets = 16;
const ntResponseOctets = 24;
const responseValueOctets = 49;
const encryptedPasswordOctets = 516;
const encryptedHashOctets = 16;

/** Decodes the type data of a request. Octets behind MS-Length are ignored; too few are malformed. */
export function decodeMschapv2Request(data: Uint8Array): Result<Mschapv2Request, MalformedError> {
  const { reader, opCode, id } = readHead(data);
  if (opCode === mschapv2OpCode.Challenge) {
    readValueSize(reader, challengeOctets);
    return reader.finish({
      kind: 'challenge' as const,
      id,
      challenge: reader.take(challengeOctets),
      name: reader.rest(),
    });
  }
  if (opCode === mschapv2OpCode.Success) {
    return reader.finish({ kind: 'success' as const, id, message: reader.rest() });
  }
  if (opCode !== mschapv2OpCode.Failure) reader.fail(`op code ${opCode} in a request`);
  return reader.finish({ kind: 'failure' as const, id, message: reader.rest() });
}

export function encodeMschapv2Request(request: Mschapv2Request): Uint8Array {
  switch (request.kind) {
    case 'challenge':
      expectOctets(request.challenge, challengeOctets);
      return withHead(mschapv2OpCode.Challenge, request.id, (writer) =>
        writer.u8(challengeOctets).bytes(request.challenge).bytes(request.name),
      );
    case 'success':
      return withHead(mschapv2OpCode.Success, request.id, (writer) => writer.bytes(request.message));
    case 'failure':
      return withHead(mschapv2OpCode.Failure, request.id, (writer) => writer.bytes(request.message));
  }
}

/** Decodes the type data of a response. */
export function decodeMschapv2Response(data: Uint8Array): Result<Mschapv2Response, MalformedError> {
  if (data.length === 1 && data[0] === mschapv2OpCode.Success) {
    return new ByteReader(data, 'EAP-MSCHAPv2').finish({ kind: 'success-acknowledged' as const });
  }
  if (data.length === 1 && data[0] === mschapv2OpCode.Failure) {
    return new ByteReader(data, 'EAP-MSCHAPv2').finish({ kind: 'failure-acknowledged' as const });
  }
  const { reader, opCode, id } = readHead(data);
  if (opCode === mschapv2OpCode['Change-Password']) {
    const encryptedPassword = reader.take(encryptedPasswordOctets);
    const encryptedHash = reader.take(encryptedHashOctets);
    const peerChallenge = reader.take(challengeOctets);
    reader.take(8);
    const ntResponse = reader.take(ntResponseOctets);
    reader.u16();
    const kind = 'change-password' as const;
    return reader.finish({ kind, id, encryptedPassword, encryptedHash, peerChallenge, ntResponse });
  }
  if (opCode !== mschapv2OpCode.Response) reader.fail(`op code ${opCode} in a response`);
  readValueSize(reader, responseValueOctets);
  const peerChallenge = reader.take(challengeOctets);
  reader.take(8);
  const ntResponse = reader.take(ntResponseOctets);
  reader.u8();
  return reader.finish({ kind: 'response' as const, id, peerChallenge, ntResponse, name: reader.rest() });
}

/** @throws RangeError when a field of fixed size has another one. */
export function encodeMschapv2Response(response: Mschapv2Response): Uint8Array {
  switch (response.kind) {
    case 'success-acknowledged':
      return Uint8Array.of(mschapv2OpCode.Success);
    case 'failure-acknowledged':
      return Uint8Array.of(mschapv2OpCode.Failure);
    case 'response':
      expectOctets(response.peerChallenge, challengeOctets);
      expectOctets(response.ntResponse, ntResponseOctets);
      return withHead(mschapv2OpCode.Response, response.id, (writer) =>
        writer
          .u8(responseValueOctets)
          .bytes(response.peerChallenge)
          .zeros(8)
          .bytes(response.ntResponse)
          .u8(0)
          .bytes(response.name),
      );
    case 'change-password':
      expectOctets(response.encryptedPassword, encryptedPasswordOctets);
      expectOctets(response.encryptedHash, encryptedHashOctets);
      expectOctets(response.peerChallenge, challengeOctets);
      expectOctets(response.ntResponse, ntResponseOctets);
      return withHead(mschapv2OpCode['Change-Password'], response.id, (writer) =>
        writer
          .bytes(response.encryptedPassword)
          .bytes(response.encryptedHash)
          .bytes(response.peerChallenge)
          .zeros(8)
          .bytes(response.ntResponse)
          .u16(0),
      );
  }
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

function withHead(opCode: number, id: number, writeBody: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(64).u8(opCode).u8(id).u16(0);
  writeBody(writer);
  if (writer.length > 0xffff - 5) throw new RangeError('EAP-MSCHAPv2 packet too long');
  writer.patchU16(2, writer.length);
  return writer.finish();
}

function expectOctets(field: Uint8Array, octets: number): void {
  if (field.length !== octets) throw new RangeError(`a field of ${octets} octets has ${field.length}`);
}
