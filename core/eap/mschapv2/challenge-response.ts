import { sha1 } from '@noble/hashes/legacy.js';
import des from 'des.js';
import md4 from 'js-md4';
import { concat } from '../../base/octets.ts';
import { utf8 } from '../../base/utf8.ts';

/** The functions of MSCHAPv2, named as in the RFC. The algorithms are the protocol's; nothing else may use them. @rfc 2759 8 */

const signingMagic = utf8.encode('Magic server to client signing constant');
const iterationMagic = utf8.encode('Pad to make it do more than one iteration');

/** What both sides of one MSCHAPv2 run know. */
export interface ChallengeResponseInput {
  /** 16 octets, from the server. */
  readonly authenticatorChallenge: Uint8Array;
  /** 16 octets, from the peer. */
  readonly peerChallenge: Uint8Array;
  /** As sent in the Name field, with or without a domain. */
  readonly userName: Uint8Array;
  /** 16 octets: `ntPasswordHash` of the password. */
  readonly passwordHash: Uint8Array;
}

/** 16 octets. `password` is UTF-16LE. @rfc 2759 8.3 */
export function ntPasswordHash(password: Uint8Array): Uint8Array {
  return Uint8Array.from(md4.create().update(password).array());
}

/** 24 octets, the proof that the peer knows the password. @rfc 2759 8.1 */
export function ntResponse(input: ChallengeResponseInput): Uint8Array {
  return challengeResponse(challengeHash(input), input.passwordHash);
}

/** 20 octets, the proof that the server knows the password too. @rfc 2759 8.7 */
export function authenticatorResponse(input: ChallengeResponseInput, response: Uint8Array): Uint8Array {
  const passwordHashHash = ntPasswordHash(input.passwordHash);
  const digest = sha1(concat(passwordHashHash, response, signingMagic));
  passwordHashHash.fill(0);
  return sha1(concat(digest, challengeHash(input), iterationMagic));
}

/** 8 octets. The domain before a backslash does not take part. @rfc 2759 8.2 */
export function challengeHash(input: ChallengeResponseInput): Uint8Array {
  const hash = sha1(concat(input.peerChallenge, input.authenticatorChallenge, withoutDomain(input.userName)));
  return hash.slice(0, 8);
}

/** The part of a user name after the last backslash of `DOMAIN\user`; a view. @rfc 2759 4 */
export function withoutDomain(userName: Uint8Array): Uint8Array {
  return userName.subarray(userName.lastIndexOf(0x5c) + 1);
}

/** @rfc 2759 8.5 */
function challengeResponse(challenge: Uint8Array, passwordHash: Uint8Array): Uint8Array {
  const padded = new Uint8Array(21);
  padded.set(passwordHash);
  const response = new Uint8Array(24);
  for (let i = 0; i < 3; i++) response.set(desEncrypt(padded.subarray(7 * i, 7 * i + 7), challenge), 8 * i);
  padded.fill(0);
  return response;
}

/** 8 octets under a key of 7. @rfc 2759 8.6 */
export function desEncrypt(sevenOctets: Uint8Array, block: Uint8Array): Uint8Array {
  const key = expandDesKey(sevenOctets);
  const encrypted = Uint8Array.from(des.DES.create({ type: 'encrypt', key, padding: false }).update(block));
  key.fill(0);
  return encrypted;
}

/** Spreads 56 bits over 8 octets. The lowest bit of each is the parity bit, which DES ignores. @rfc 2759 8.6 */
function expandDesKey(key: Uint8Array): Uint8Array {
  const expanded = new Uint8Array(8);
  for (let i = 0; i < 8; i++) {
    const pair = ((key[i - 1] ?? 0) << 8) | (key[i] ?? 0);
    expanded[i] = (pair >> i) & 0xfe;
  }
  return expanded;
}
