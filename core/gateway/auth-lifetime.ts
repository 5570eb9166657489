import { ikeNotify } from '../ike/payload-list.ts';
import type { Payload } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { GatewayConfig } from './config.ts';

/** Tells the client when it has to log in anew: seconds in four octets. Empty when it never has to. @rfc 4478 3 */
export function authLifetime({ authLifetimeMs }: GatewayConfig): readonly Payload[] {
  if (authLifetimeMs === undefined) return [];
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, Math.floor(authLifetimeMs / 1_000));
  return [ikeNotify(notifyType.AUTH_LIFETIME, data)];
}
