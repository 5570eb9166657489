import assert from 'node:assert/strict';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { PlainMessage } from '../../../core/ike/fragments/seal-datagrams.ts';
import { createProtection, type Protection } from '../../../core/ike/protection.ts';
import { decodeMessage, type SealedMessage } from '../../../core/wire/ike/message.ts';
import type { IkeHeader } from '../../../core/wire/ike/payload.ts';
import { encodeChain } from '../../../core/wire/ike/payload-chain.ts';
import { type SkCipher, sealOctets } from '../../../core/wire/ike/sk.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';
import { header, must } from '../wire/support.ts';

export { header, must };

/** The octets of AES-GCM-256 (an IV of 8, an ICV of 16, no blocks) or AES-CBC-256 with SHA-256 (16, 16, 16). */
export function protection(kind: 'gcm' | 'cbc' = 'gcm'): Protection {
  const cipher = kind === 'gcm' ? nodePacketCipher(20, 256, 0) : nodePacketCipher(12, 256, 12);
  assert.ok(cipher !== undefined);
  const key = {
    encryption: new Uint8Array(32).fill(1),
    salt: new Uint8Array(kind === 'gcm' ? 4 : 0).fill(2),
    integrity: new Uint8Array(kind === 'gcm' ? 0 : 32).fill(3),
  };
  const empty = new Uint8Array(0);
  const keys = { skD: empty, skPi: empty, skPr: empty, initiator: key, responder: key };
  return createProtection(cipher, keys, seededRandom(3));
}

/** Both directions have one key here. */
export function cipherOf({ cipher, inbound }: Protection): SkCipher {
  return { cipher, key: inbound };
}

/** A message with an EAP packet of so many octets; the whole has 4 more. */
export function plain(octets: number, changes: Partial<IkeHeader> = {}): PlainMessage {
  const packet = Uint8Array.from({ length: octets }, (_, at) => at * 7);
  return { header: header(changes), ...encodeChain([{ kind: 'EAP', packet }]) };
}

/** What the receiver sees of a datagram before it has opened it. */
export function sealed(datagram: Uint8Array): SealedMessage {
  const decoded = must(decodeMessage(datagram));
  assert.ok(decoded.encrypted !== undefined);
  return decoded;
}

/** One authentic fragment, whatever its number. */
export function fragment(
  by: Protection,
  number: number,
  total: number,
  content: Uint8Array = Uint8Array.of(number),
  changes: Partial<IkeHeader> = {},
): SealedMessage {
  const inner = { first: number === 1 ? 48 : 0, octets: content, fragment: { number, total } };
  return sealed(sealOctets(header(changes), inner, { cipher: by.cipher, key: by.outbound }, by.nextIv()));
}
