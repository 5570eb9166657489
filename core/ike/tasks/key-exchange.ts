import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { CryptoProvider, KeyExchangeSecret, Random } from '../../crypto/interfaces.ts';
import { notifyOf, payloadOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../wire/ike/payload.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import { ikeNotify, required } from '../payload-list.ts';

/** Half of a key exchange, ours; `undefined` stands for NONE. */
export interface OwnKeyExchange {
  readonly group: number;
  readonly secret: KeyExchangeSecret;
}

/** @throws RangeError for a group that the crypto provider lacks (a bug). */
export function beginKeyExchange(
  crypto: CryptoProvider,
  random: Random,
  group: number,
): OwnKeyExchange | undefined {
  if (group === 0) return undefined;
  const method = crypto.keyExchange(group);
  if (method === undefined) throw new RangeError(`no key exchange for group ${group}`);
  return { group, secret: method.generate(random) };
}

export function buildKe(own: OwnKeyExchange | undefined): readonly Payload[] {
  return own === undefined ? [] : [{ kind: 'KE', group: own.group, publicValue: own.secret.publicValue }];
}

/** g^ir after the peer chose `chosen` (0 is NONE: empty). The caller wipes it. */
export function finishKeyExchange(
  own: OwnKeyExchange | undefined,
  chosen: number,
  message: IkeMessage,
): Result<Uint8Array, Failure> {
  if (chosen === 0) return ok(new Uint8Array(0));
  const ke = required(message, 'KE', 'an answer that accepts a key exchange');
  if (!ke.ok) return ke;
  if (own === undefined || own.group !== chosen || ke.value.group !== chosen) {
    // A responder that wants another group says INVALID_KE_PAYLOAD instead. @rfc 7296 1.3
    return err(wrongGroup());
  }
  return own.secret.agree(ke.value.publicValue);
}

/** The KE payload of an answer is of another group than the proposal that the answer accepts. @rfc 7296 1.3 */
export function wrongGroup(): Failure {
  return failure('peer.misbehaved', { rule: 'the key exchange has the group of the accepted proposal' });
}

/** What the peer's KE payload makes of the group that we chose: our own payload and g^ir, or the notify that refuses it. */
export function answerKeyExchange(
  crypto: CryptoProvider,
  random: Random,
  chosen: number,
  request: IkeMessage,
): Result<{ readonly payloads: readonly Payload[]; readonly shared: Uint8Array }, Payload> {
  if (chosen === 0) return ok({ payloads: [], shared: new Uint8Array(0) });
  const ke = payloadOf(request, 'KE');
  if (ke?.group !== chosen) {
    return err(ikeNotify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(chosen >> 8, chosen & 0xff)));
  }
  const own = beginKeyExchange(crypto, random, chosen);
  const shared = own?.secret.agree(ke.publicValue);
  own?.secret.wipe();
  return shared?.ok === true
    ? ok({ payloads: buildKe(own), shared: shared.value })
    : err(ikeNotify(notifyType.INVALID_SYNTAX));
}

/** The group that INVALID_KE_PAYLOAD asks for, if it is one of these and not `tried` already. @rfc 7296 1.3 */
export function wantedGroup(
  message: IkeMessage,
  offered: readonly number[],
  tried: readonly number[],
): number | undefined {
  const [high, low, ...more] = notifyOf(message, notifyType.INVALID_KE_PAYLOAD)?.data ?? [];
  if (high === undefined || low === undefined || more.length > 0) return undefined;
  const group = high * 256 + low;
  return offered.includes(group) && !tried.includes(group) ? group : undefined;
}
