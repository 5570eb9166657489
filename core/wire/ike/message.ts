import { ByteReader } from '../../base/byte-reader.ts';
import type { MalformedError } from '../../base/errors.ts';
import { malformed } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { concat } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { decodeHeader, encodeHeader, ikeHeaderOctets } from './header.ts';
import type { IkeHeader, IkeMessage, Payload } from './payload.ts';
import { decodeChain, encodeChain } from './payload-chain.ts';
import {
  openEnvelope,
  type SkCipher,
  type SkEnvelope,
  sealOctets,
  type UnsealError,
  unsealOctets,
} from './sk.ts';

/** What can be known about a datagram without a key. */
export type Decoded = ClearMessage | SealedMessage;

/** All payloads are in the clear: IKE_SA_INIT, or something unauthenticated that must be a hint at most. */
export interface ClearMessage extends IkeMessage {
  readonly encrypted?: undefined;
}

export interface SealedMessage {
  readonly header: IkeHeader;
  readonly encrypted: SkEnvelope;
  /** Payloads in front of SK: for dumps alone, never to be acted on. */
  readonly cleartextPayloads: readonly Payload[];
}

/**
 * One IKE message: the whole of a datagram, without the non-ESP marker. Any octets give a value or a `malformed`
 * failure whose `offset` is where in `octets` the structure breaks. Major version 2 alone is read; for another one use
 * `decodeHeader` to answer with INVALID_MAJOR_VERSION. @rfc 7296 3.1
 */
export function decodeMessage(octets: Uint8Array): Result<Decoded, MalformedError> {
  if (octets.length > limits.ikeMessageOctets) {
    return err(malformed('IKE message', { offset: limits.ikeMessageOctets, reason: 'message too large' }));
  }
  const wire = decodeHeader(octets);
  if (!wire.ok) return wire;
  const { header, nextPayload, length } = wire.value;
  if (header.majorVersion !== 2) {
    return err(malformed('IKE header', { offset: 17, reason: `major version ${header.majorVersion}` }));
  }
  if (length !== octets.length) {
    return err(malformed('IKE header', { offset: 24, need: length, got: octets.length }));
  }
  const reader = new ByteReader(octets.subarray(ikeHeaderOctets), 'IKE message', ikeHeaderOctets);
  const chain = decodeChain(nextPayload, reader);
  if (!chain.ok) return chain;
  const { payloads, sealed } = chain.value;
  if (sealed === undefined) return ok({ header, payloads });
  const envelope = openEnvelope(header, octets, sealed);
  return envelope.ok ? ok({ header, encrypted: envelope.value, cleartextPayloads: payloads }) : envelope;
}

/** A message in the clear. */
export function encodeMessage({ header, payloads }: IkeMessage): Uint8Array {
  const { first, octets } = encodeChain(payloads);
  const length = ikeHeaderOctets + octets.length;
  return concat(encodeHeader({ header, nextPayload: first, length }), octets);
}

/**
 * A message whose payloads are all in one SK payload. `iv` has `ivOctets` octets: unpredictable for CBC, never used
 * before with this key for an AEAD. @rfc 7296 3.14
 */
export function sealMessage(message: IkeMessage, cipher: SkCipher, iv: Uint8Array): Uint8Array {
  return sealOctets(message.header, encodeChain(message.payloads), cipher, iv);
}

/**
 * The message inside an SK payload. Fails with `peer.integrity` when the ICV does not verify, with `malformed` when
 * what is inside, or around it, has no valid structure; only the latter comes from who has the key, once the ICV has
 * been checked. A fragment is refused here, unless it is the only one: see `unsealOctets`. @rfc 7296 3.14
 */
export function unsealMessage(envelope: SkEnvelope, cipher: SkCipher): Result<IkeMessage, UnsealError> {
  if (envelope.fragment !== undefined && envelope.fragment.total > 1) {
    return err(malformed('SKF payload', { offset: ikeHeaderOctets, reason: 'a fragment is not a message' }));
  }
  const inner = unsealOctets(envelope, cipher);
  if (!inner.ok) return inner;
  return decodeInner(envelope.header, envelope.firstInner, inner.value.octets, inner.value.offset);
}

/** The message made of payloads that were decrypted, and put together from fragments perhaps. */
export function decodeInner(
  header: IkeHeader,
  firstInner: number,
  octets: Uint8Array,
  offset: number,
): Result<IkeMessage, MalformedError> {
  const reader = new ByteReader(octets, 'SK payload', offset);
  const chain = decodeChain(firstInner, reader);
  if (!chain.ok) return chain;
  if (chain.value.sealed !== undefined) {
    return err(malformed('SK payload', { offset, reason: 'an SK payload inside another' }));
  }
  return ok({ header, payloads: chain.value.payloads });
}
