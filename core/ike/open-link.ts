import type { SecuredIke } from './association.ts';
import type { Engine } from './engine.ts';
import type { IkeLink } from './ike-link.ts';
import { createProtection } from './protection.ts';

/** Opens an IKE SA that CREATE_CHILD_SA made. `ours`: that exchange was ours, so we are its initiator. @rfc 7296 2.18 */
export function openLink(engine: Engine, ike: SecuredIke, ours: boolean): IkeLink {
  const exchange = engine.openExchange();
  const { keys } = ike;
  const directions = ours ? keys : { ...keys, initiator: keys.responder, responder: keys.initiator };
  const protection = createProtection(ike.suite.cipher, directions, engine.dependencies.random);
  exchange.acceptRekeyed(ike.spis, protection, ours);
  return { ike, exchange };
}
