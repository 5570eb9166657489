import type { Instant } from '../base/time.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { establish } from './established.ts';
import { isLastRound, startRound } from './own-proof.ts';
import { refusalIn } from './peer-refusal.ts';
import { redirected } from './redirected.ts';
import type { IkeState, Login, ProvenGateway } from './state.ts';
import { redirectIn } from './tasks/redirect.ts';

/**
 * A round is over, and the gateway is proven: the next one begins, or the IKE SA stands and `message` has its CHILD SA. This is the
 * only way to one.
 */
export function roundDone(
  engine: Engine,
  login: Login,
  gateway: ProvenGateway,
  message: IkeMessage,
  now: Instant,
): IkeState {
  if (!isLastRound(login)) return startRound(engine, { ...login, round: login.round + 1 }, gateway, now);
  const redirect = redirectIn(engine.config, message);
  if (redirect !== undefined)
    return sayGoodbye(engine, login, redirect.ok ? redirected(engine, redirect.value) : redirect.error, now);
  // From here on the IKE SA stands, whatever became of the CHILD SA. @rfc 7296 2.21.2
  const refusal = refusalIn(message, 'ESP');
  if (refusal !== undefined) return sayGoodbye(engine, login, refusal, now);
  return establish(engine, login, gateway, message, now);
}
