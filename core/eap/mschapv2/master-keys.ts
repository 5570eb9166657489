import { sha1 } from '@noble/hashes/legacy.js';
import { concat } from '../../base/octets.ts';
import { utf8 } from '../../base/utf8.ts';
import { ntPasswordHash } from './challenge-response.ts';

/** Key derivation of MSCHAPv2. @rfc 3079 3 */

const masterKeyMagic = utf8.encode('This is the MPPE Master Key');
const clientSendMagic = utf8.encode(
  'On the client side, this is the send key; on the server side, it is the receive key.',
);
const clientReceiveMagic = utf8.encode(
  'On the client side, this is the receive key; on the server side, it is the send key.',
);
const shsPad1 = new Uint8Array(40);
const shsPad2 = new Uint8Array(40).fill(0xf2);

/** 16 octets. @rfc 3079 3.4 */
export function masterKey(passwordHash: Uint8Array, response: Uint8Array): Uint8Array {
  const passwordHashHash = ntPasswordHash(passwordHash);
  const digest = sha1(concat(passwordHashHash, response, masterKeyMagic));
  passwordHashHash.fill(0);
  return digest.slice(0, 16);
}

/** The two 16-octet start keys, named from the client's side. @rfc 3079 3.4 */
export function startKeys(master: Uint8Array): { clientSend: Uint8Array; clientReceive: Uint8Array } {
  const derive = (magic: Uint8Array) => sha1(concat(master, shsPad1, magic, shsPad2)).slice(0, 16);
  return { clientSend: derive(clientSendMagic), clientReceive: derive(clientReceiveMagic) };
}

/**
 * The MSK of EAP-MSCHAPv2, 64 octets, the same on both sides: MasterReceiveKey, MasterSendKey (both as the server names
 * them, so the client's send key comes first) and 32 octets of zero. Owned by the caller.
 * @see draft-kamath-pppext-eap-mschapv2-02
 */
export function mschapv2Msk(passwordHash: Uint8Array, response: Uint8Array): Uint8Array {
  const master = masterKey(passwordHash, response);
  const { clientSend, clientReceive } = startKeys(master);
  const msk = new Uint8Array(64);
  msk.set(clientSend, 0);
  msk.set(clientReceive, 16);
  for (const key of [master, clientSend, clientReceive]) key.fill(0);
  return msk;
}
