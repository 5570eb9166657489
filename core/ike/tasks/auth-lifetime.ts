import type { Duration } from '../../base/time.ts';
import { readU32 } from '../../base/words.ts';
import { notifyOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage } from '../../wire/ike/payload.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import type { Engine } from '../engine.ts';

/*
 * HDR, SK {…, N(AUTH_LIFETIME)}          in the last IKE_AUTH response, or
 *     <--  HDR, SK {N(AUTH_LIFETIME)}    in an INFORMATIONAL request
 *
 * Only the initiator can log in anew where EAP is used; the gateway ends the IKE SA after this time. @rfc 4478 3
 */

/** Tells how long the login is good for, if the message says so. */
export function reportAuthLifetime(engine: Engine, message: IkeMessage): void {
  const lifetimeMs = authLifetime(message);
  if (lifetimeMs !== undefined) engine.emit({ kind: 'auth-lifetime', lifetimeMs });
}

/** In milliseconds; the notify has four octets with seconds. */
export function authLifetime(message: IkeMessage): Duration | undefined {
  const data = notifyOf(message, notifyType.AUTH_LIFETIME)?.data;
  if (data?.length !== 4) return undefined;
  return readU32(data, 0) * 1_000;
}
