import type { TrafficSelector } from './payload.ts';
import { notateSelector } from './payloads/ts.ts';

/** The inner addresses of a CHILD SA: `local` on our side of it, `remote` behind the peer. */
export interface SelectorPair {
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
}

/** The same text for the same selectors in the same order. */
export function selectorsKey({ local, remote }: SelectorPair): string {
  return [...local.map(notateSelector), '|', ...remote.map(notateSelector)].join(' ');
}

export function sameSelectors(a: SelectorPair, b: SelectorPair): boolean {
  return selectorsKey(a) === selectorsKey(b);
}
