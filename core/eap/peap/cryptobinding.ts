import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { concat, equalConstantTime } from '../../base/octets.ts';
import { utf8 } from '../../base/utf8.ts';
import { type Cryptobinding, cryptobindingToSign } from '../../wire/eap/peap-tlv.ts';
import { eapType } from '../../wire/registry/eap-types.ts';

/*
 * Cryptobinding proves that TLS and the login inside of it have the same two ends: both sides mix the keys of both. Version 0 of
 * PEAP, [MS-PEAP] 3.1.5.5.
 */

const compoundLabel = utf8.encode('Inner Methods Compound Keys');
/** Windows counts the zero at the end of this label, and not of the other. */
const sessionLabel = utf8.encode('Session Key Generating Function\0');
const tunnelKeyOctets = 40;
const iskOctets = 32;

export interface CompoundKeys {
  /** 40 octets: what the MSK is made of. */
  readonly intermediate: Uint8Array;
  /** 20 octets: what both sides sign with. */
  readonly mac: Uint8Array;
}

/** `keyMaterial`: that of TLS. `isk`: 32 octets of the method inside; zeroes for one without a key. */
export function compoundKeys(keyMaterial: Uint8Array, isk: Uint8Array): CompoundKeys {
  const seed = concat(compoundLabel, isk);
  const keys = prfPlus(keyMaterial.subarray(0, tunnelKeyOctets), seed, 60);
  seed.fill(0);
  return { intermediate: keys.subarray(0, 40), mac: keys.subarray(40) };
}

/** The key of the method inside, as it goes into the compound keys: the start of its MSK, or zeroes. [MS-PEAP] 3.1.5.5.2.1 */
export function innerSessionKey(msk: Uint8Array | undefined): Uint8Array {
  const isk = new Uint8Array(iskOctets);
  if (msk !== undefined) isk.set(msk.subarray(0, iskOctets));
  return isk;
}

/** The MSK of PEAP with cryptobinding, 64 octets. */
export function boundMsk({ intermediate }: CompoundKeys): Uint8Array {
  const keys = prfPlus(intermediate, sessionLabel, 128);
  const msk = keys.slice(0, 64);
  keys.fill(0);
  return msk;
}

/** 20 octets over the TLV and the type of PEAP. */
export function compoundMac({ mac }: CompoundKeys, binding: Cryptobinding): Uint8Array {
  return hmac(sha1, mac, concat(cryptobindingToSign(binding), Uint8Array.of(eapType.PEAP)));
}

export function isBound(keys: CompoundKeys, binding: Cryptobinding): boolean {
  return equalConstantTime(compoundMac(keys, binding), binding.compoundMac);
}

/** [MS-PEAP] 3.1.5.5.2.2 */
function prfPlus(key: Uint8Array, seed: Uint8Array, octets: number): Uint8Array {
  const output = new Uint8Array(Math.ceil(octets / 20) * 20);
  let last: Uint8Array = new Uint8Array(0);
  for (let counter = 1; (counter - 1) * 20 < octets; counter++) {
    last = hmac(sha1, key, concat(last, seed, Uint8Array.of(counter, 0, 0)));
    output.set(last, (counter - 1) * 20);
  }
  return output.subarray(0, octets);
}
