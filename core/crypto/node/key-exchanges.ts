import type { KeyExchange } from '../interfaces.ts';
import { ecpGroup } from './ecp.ts';
import { modpGroup } from './modp.ts';
import { x25519 } from './x25519.ts';

const groups: readonly KeyExchange[] = [
  modpGroup(14, 'modp2048', 2048, 32),
  modpGroup(15, 'modp3072', 3072, 40),
  modpGroup(16, 'modp4096', 4096, 48),
  ecpGroup(19),
  ecpGroup(20),
  ecpGroup(21),
  x25519,
];

/** The group with IANA number `id` (transform type 4). */
export function nodeKeyExchange(id: number): KeyExchange | undefined {
  return groups.find((group) => group.id === id);
}
