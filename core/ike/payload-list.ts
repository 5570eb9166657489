import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type PayloadOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, NotifyPayload, Payload } from '../wire/ike/payload.ts';

/** A payload that `what` cannot do without: `peer.misbehaved` when it is missing. */
export function required<Kind extends Payload['kind']>(
  message: Pick<IkeMessage, 'payloads'>,
  kind: Kind,
  what: string,
): Result<PayloadOf<Kind>, Failure> {
  const payload = payloadOf(message, kind);
  return payload === undefined
    ? err(failure('peer.misbehaved', { rule: `${what} has a payload ${kind}` }))
    : ok(payload);
}

/** A notify that concerns the IKE SA. @rfc 7296 3.10 */
export function ikeNotify(type: number, data: Uint8Array = new Uint8Array(0)): NotifyPayload {
  return { kind: 'N', protocol: 0, spi: new Uint8Array(0), type, data };
}
