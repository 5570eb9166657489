/** What is known of one certificate. */
export type RevocationStatus =
  /** `until`: milliseconds since 1970, up to when the evidence may be used again. */
  | { readonly kind: 'good'; readonly until: number }
  | { readonly kind: 'revoked'; readonly date: number; readonly reason: number }
  /** `reason` is the end of a sentence. */
  | { readonly kind: 'unknown'; readonly reason: string };

export const unknownStatus = (reason: string): RevocationStatus => ({ kind: 'unknown', reason });

/** Clocks differ: evidence that is made a little later than now is taken. Milliseconds. */
export const clockSkew = 300_000;

const reasons: Readonly<Record<number, string>> = {
  1: 'its key was stolen',
  2: 'the key of its CA was stolen',
  3: 'its holder has another role now',
  4: 'it was replaced by another one',
  5: 'it is no longer in use',
  6: 'it is on hold',
  9: 'its holder lost the right to it',
  10: 'the key of its issuer was stolen',
};

/** Why a certificate was revoked, for people. @rfc 5280 5.3.1 */
export function formatRevocationReason(reason: number): string {
  return reasons[reason] ?? 'the CA gives no reason';
}
