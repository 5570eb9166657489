import { formatIpAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import type { Engine } from './engine.ts';
import { formatTarget, type RedirectTarget } from './redirect-target.ts';

/** Tells where the gateway sends us, and answers why the login ends. @rfc 5685 */
export function redirected(engine: Engine, to: RedirectTarget): Failure {
  engine.emit({ kind: 'redirect', to });
  const gateway = formatIpAddress(engine.config.remote.address);
  return failure('peer.redirected', { gateway, to: formatTarget(to) });
}
