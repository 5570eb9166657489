import type { SecuredIke } from './association.ts';
import { wipeAssociation } from './association.ts';
import type { ExchangeLayer } from './exchange.ts';

/** One IKE SA with the exchanges on it. A rekey makes another. */
export interface IkeLink {
  readonly ike: SecuredIke;
  readonly exchange: ExchangeLayer;
}

/** Nothing is sent or taken on it any more, and its keys are gone. */
export function closeLink(link: IkeLink): void {
  link.exchange.close();
  wipeAssociation(link.ike);
}
