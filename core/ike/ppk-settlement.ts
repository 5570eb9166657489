import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { wipeMixedKeys, withMixedKeys } from './ppk.ts';
import type { Login } from './state.ts';

/**
 * The answer to the request with our AUTH says whether the gateway mixed the PPK in: then its AUTH and all keys from SK_d on
 * come from the mixed keys. A PPK that is required and was not taken stays `offered`. @rfc 8784 3
 */
export function settlePpk(
  { association, ppk, weaknesses }: Pick<Login, 'association' | 'ppk' | 'weaknesses'>,
  message: IkeMessage,
): Pick<Login, 'association' | 'ppk' | 'weaknesses'> {
  if (ppk.kind !== 'offered' || ppk.mixed === undefined) return { association, ppk, weaknesses };
  if (notifyOf(message, notifyType.PPK_IDENTITY) !== undefined) {
    const keys = withMixedKeys(association.keys, ppk.mixed);
    return { association: { ...association, keys }, ppk: { kind: 'used' }, weaknesses };
  }
  if (ppk.terms.required) return { association, ppk, weaknesses };
  wipeMixedKeys(ppk.mixed);
  return { association, ppk: { kind: 'none' }, weaknesses: [...weaknesses, 'no-ppk'] };
}

/** After `settlePpk`: the gateway did not take a PPK that we insist on. */
export function ppkRefused({ ppk }: Pick<Login, 'ppk'>): boolean {
  return ppk.kind === 'offered';
}
