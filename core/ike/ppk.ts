import { concat } from '../base/octets.ts';
import type { Prf } from '../crypto/interfaces.ts';
import { type IkeKeys, prfPlus } from './keymat.ts';

/** A post-quantum pre-shared key that both sides may mix into the keys of the IKE SA. @rfc 8784 */
export interface PpkTerms {
  /** By what name the gateway knows it. */
  readonly id: Uint8Array;
  /** Without it, no connection. */
  readonly required: boolean;
}

/** The keys that a PPK changes; each has the length of the one in whose place it stands. */
export interface MixedKeys {
  readonly skD: Uint8Array;
  readonly skPi: Uint8Array;
  readonly skPr: Uint8Array;
}

/** SK_d = prf+ (PPK, SK_d'), SK_pi = prf+ (PPK, SK_pi'), SK_pr = prf+ (PPK, SK_pr'). @rfc 8784 3 */
export function mixPpk(prf: Prf, keys: IkeKeys, ppk: Uint8Array): MixedKeys {
  const mix = (key: Uint8Array) => prfPlus(prf, ppk, key, key.length);
  return { skD: mix(keys.skD), skPi: mix(keys.skPi), skPr: mix(keys.skPr) };
}

/** The keys of the IKE SA with the mixed ones in their places, which are overwritten. */
export function withMixedKeys(keys: IkeKeys, { skD, skPi, skPr }: MixedKeys): IkeKeys {
  for (const old of [keys.skD, keys.skPi, keys.skPr]) old.fill(0);
  return { ...keys, skD, skPi, skPr };
}

export function wipeMixedKeys(mixed: MixedKeys): void {
  for (const key of [mixed.skD, mixed.skPi, mixed.skPr]) key.fill(0);
}

/** PPK_ID_FIXED: the name of one configured key, as the two sides agreed on it. @rfc 8784 5.1.1 */
const fixedPpkId = 2;

/** The data of N(PPK_IDENTITY). */
export function ppkIdentityData(id: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(fixedPpkId), id);
}
