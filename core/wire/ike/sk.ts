/**
 * Encrypted and Authenticated payload (SK), and its fragment (SKF), which has two more fields.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * | Next Payload  |C|  RESERVED   |         Payload Length        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Fragment Number        |        Total Fragments        |   SKF only
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                     Initialization Vector                     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                    Encrypted IKE Payloads                     ~
 * +               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |               |             Padding (0-255 octets)            |
 * +-+-+-+-+-+-+-+-+                               +-+-+-+-+-+-+-+-+
 * |                                               |  Pad Length   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                    Integrity Checksum Data                    ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * What is authenticated besides the ciphertext runs from the first octet of the IKE header to the last one before the
 * IV; for CBC with HMAC the cipher takes in IV and ciphertext too.
 *
 * @rfc 7296 3.14 @rfc 5282 5.1 @rfc 7383 2.5
 */
import { type Failure, failure, type MalformedError, malformed } from '../../base/errors.ts';
import { concat } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { OpenPacketCipher, PacketCipher } from '../../crypto/interfaces.ts';
import { payloadType } from '../registry/payload-types.ts';
import { encodeHeader, ikeHeaderOctets } from './header.ts';
import type { IkeHeader } from './payload.ts';
import { genericHeaderOctets, type SealedTail } from './payload-chain.ts';

/** A cipher with the key of one direction, and the sizes that lay out the payload. */
export interface SkCipher {
  readonly cipher: Pick<PacketCipher, 'ivOctets' | 'icvOctets' | 'blockOctets'>;
  readonly key: OpenPacketCipher;
}

/** A message that is still sealed: all that `unsealMessage` needs. Its octet arrays are views into the datagram. */
export interface SkEnvelope {
  readonly header: IkeHeader;
  /** The type of the first payload inside; 0 for an empty message, and for fragments after the first. */
  readonly firstInner: number;
  /** Present for SKF. `number` runs from 1 to `total`. @rfc 7383 2.5 */
  readonly fragment?: SkFragment;
  /** From the IKE header to the octet before the IV. */
  readonly associated: Uint8Array;
  /** IV, ciphertext and ICV. */
  readonly sealed: Uint8Array;
}

export interface SkFragment {
  readonly number: number;
  readonly total: number;
}

/** The ICV did not verify (`peer.integrity`: drop it), or the structure is wrong (`malformed`). */
export type UnsealError = Failure<'peer.integrity'> | MalformedError;

/** What was inside: the encoded payloads, or a part of them when `fragment` is there. Without padding. */
export interface UnsealedOctets {
  readonly octets: Uint8Array;
  /** Where `octets` starts in the datagram, for the offsets of errors. */
  readonly offset: number;
}

/** @internal Builds the envelope for the tail of a chain in the datagram `octets`. */
export function openEnvelope(
  header: IkeHeader,
  octets: Uint8Array,
  tail: SealedTail,
): Result<SkEnvelope, MalformedError> {
  const { body, firstInner } = tail;
  let fragment: SkFragment | undefined;
  if (tail.kind === 'SKF') {
    fragment = { number: body.u16(), total: body.u16() };
    if (!body.failed && (fragment.number < 1 || fragment.number > fragment.total)) {
      body.fail(`fragment ${fragment.number} of ${fragment.total}`);
    }
  }
  const associated = octets.subarray(0, body.offset);
  const envelope = { header, firstInner, associated, sealed: body.rest() };
  return body.finish(fragment === undefined ? envelope : { ...envelope, fragment });
}

/** Checks the ICV, then takes off the padding, whatever octets and length it has. The result is owned by the caller. */
export function unsealOctets(
  envelope: SkEnvelope,
  { cipher, key }: SkCipher,
): Result<UnsealedOctets, UnsealError> {
  const { ivOctets, icvOctets, blockOctets } = cipher;
  const start = envelope.associated.length;
  const ciphertextOctets = envelope.sealed.length - ivOctets - icvOctets;
  if (ciphertextOctets < 1) {
    const need = ivOctets + icvOctets + 1;
    return err(malformed('SK payload', { offset: start, need, got: envelope.sealed.length }));
  }
  if (ciphertextOctets % blockOctets !== 0) {
    return err(
      malformed('SK payload', { offset: start, reason: 'ciphertext is not a number of whole blocks' }),
    );
  }
  const iv = envelope.sealed.subarray(0, ivOctets);
  const plaintext = key.unseal(envelope.associated, iv, envelope.sealed.subarray(ivOctets));
  if (plaintext === undefined) return err(failure('peer.integrity', { octets: envelope.sealed.length }));
  const padOctets = plaintext[plaintext.length - 1] ?? 0;
  const end = plaintext.length - 1 - padOctets;
  const offset = start + ivOctets;
  if (end < 0) {
    const reason = `pad length ${padOctets} in a plaintext of ${plaintext.length} octets`;
    return err(malformed('SK payload', { offset: offset + plaintext.length - 1, reason }));
  }
  return ok({ octets: plaintext.subarray(0, end), offset });
}

/**
 * Seals encoded payloads (or a fragment of them) into a whole datagram. `header`'s length field is computed here.
 * @throws RangeError when `iv` has not the length that the cipher asks for.
 */
export function sealOctets(
  header: IkeHeader,
  inner: { readonly first: number; readonly octets: Uint8Array; readonly fragment?: SkFragment },
  { cipher, key }: SkCipher,
  iv: Uint8Array,
): Uint8Array {
  if (iv.length !== cipher.ivOctets) throw new RangeError(`an IV of ${cipher.ivOctets} octets is needed`);
  const { blockOctets, icvOctets } = cipher;
  const padOctets = (blockOctets - ((inner.octets.length + 1) % blockOctets)) % blockOctets;
  const plaintext = new Uint8Array(inner.octets.length + padOctets + 1);
  plaintext.set(inner.octets);
  plaintext[plaintext.length - 1] = padOctets;
  const { fragment } = inner;
  const headOctets = genericHeaderOctets + (fragment === undefined ? 0 : 4);
  const payloadOctets = headOctets + iv.length + plaintext.length + icvOctets;
  if (payloadOctets > 0xffff) throw new RangeError('SK payload longer than 65,535 octets');
  const nextPayload = fragment === undefined ? payloadType.SK : payloadType.SKF;
  const head = new Uint8Array(headOctets);
  const view = new DataView(head.buffer);
  view.setUint8(0, inner.first);
  view.setUint16(2, payloadOctets);
  if (fragment !== undefined) {
    view.setUint16(4, fragment.number);
    view.setUint16(6, fragment.total);
  }
  const length = ikeHeaderOctets + payloadOctets;
  const associated = concat(encodeHeader({ header, nextPayload, length }), head);
  return concat(associated, iv, key.seal(associated, iv, plaintext));
}
