import type { CipherShape } from '../crypto/interfaces.ts';
import { paddingOctets } from './padding.ts';

/** SPI and Sequence Number. */
export const espHeaderOctets = 8;
const udpHeaderOctets = 8;
const outerHeaderOctets = { 4: 20, 6: 40 } as const;

/** Octets of the ESP packet (the UDP payload) around an inner packet of `innerLength`. @rfc 4303 2 */
export function espOctets(cipher: CipherShape, innerLength: number): number {
  const padding = paddingOctets(innerLength, cipher.blockOctets);
  return espHeaderOctets + cipher.ivOctets + innerLength + padding + 2 + cipher.icvOctets;
}

/** Octets on the outer path: IP, UDP, ESP. @rfc 3948 3.3 */
export function outerOctets(cipher: CipherShape, family: 4 | 6, innerLength: number): number {
  return outerHeaderOctets[family] + udpHeaderOctets + espOctets(cipher, innerLength);
}

/** The largest inner packet whose outer packet fits `pathMtu`; 0 when none does. */
export function innerMtu(cipher: CipherShape, family: 4 | 6, pathMtu: number): number {
  let inner = pathMtu - outerOctets(cipher, family, 0);
  while (inner > 0 && outerOctets(cipher, family, inner) > pathMtu) inner--;
  // Padding can leave room that the first guess did not see.
  while (inner >= 0 && outerOctets(cipher, family, inner + 1) <= pathMtu) inner++;
  return Math.max(inner, 0);
}

/** The TCP payload that fits an inner MTU, without options. */
export function tcpMss(mtu: number, version: 4 | 6): number {
  return mtu - (version === 4 ? 40 : 60);
}
