import { concat, fromHex, toHex } from '../../../core/base/octets.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import type { Random } from '../../../core/crypto/interfaces.ts';
import { authenticatorResponse, ntPasswordHash } from '../../../core/eap/mschapv2/challenge-response.ts';
import { utf16LePassword } from '../../../core/eap/mschapv2/password.ts';

/** What a login server sends, octet by octet, independent of the codecs under test. */

export function eapRequest(
  identifier: number,
  type: number,
  data: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const length = 5 + data.length;
  return concat(Uint8Array.of(1, identifier, length >> 8, length & 0xff, type), data);
}

export const eapSuccess = (identifier: number) => Uint8Array.of(3, identifier, 0, 4);
export const eapFailure = (identifier: number) => Uint8Array.of(4, identifier, 0, 4);

/** The challenge of RFC 2759 9.2. */
const serverChallenge = fromHex('5b5d7c7d7b3f2f3e3c2c602132262628');
/** The peer challenge of RFC 2759 9.2, so that the responses are the RFC's. */
export const rfcRandom: Random = {
  octets: (count) =>
    count === 16 ? fromHex('21402324255e262a28295f2b3a337c7e') : new Uint8Array(count).fill(0x5a),
};

export function mschapv2Challenge(id = 7): Uint8Array {
  return concat(opCode(1, id, 1 + 16 + 4), Uint8Array.of(16), serverChallenge, utf8.encode('rras'));
}

export function mschapv2Success(id: number, message: string): Uint8Array {
  return text(3, id, message);
}

export function mschapv2Failure(id: number, message: string): Uint8Array {
  return text(4, id, message);
}

/** The `S=…` that fits an MSCHAPv2 Response (Type-Data). */
export function proofFor(
  response: Uint8Array,
  password: string,
  authenticatorChallenge: Uint8Array = serverChallenge,
): string {
  const passwordHash = ntPasswordHash(utf16LePassword(utf8.encode(password)));
  const input = {
    authenticatorChallenge,
    peerChallenge: response.subarray(5, 21),
    userName: response.subarray(54),
    passwordHash,
  };
  return `S=${toHex(authenticatorResponse(input, response.subarray(29, 53))).toUpperCase()}`;
}

function text(code: number, id: number, message: string): Uint8Array {
  const octets = utf8.encode(message);
  return concat(opCode(code, id, octets.length), octets);
}

function opCode(code: number, id: number, dataOctets: number): Uint8Array {
  return Uint8Array.of(code, id, (4 + dataOctets) >> 8, (4 + dataOctets) & 0xff);
}
