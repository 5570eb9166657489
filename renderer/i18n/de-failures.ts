import { certificatesFailures } from './de-failures/certificates.ts';
import { localFailures } from './de-failures/local.ts';
import { loginFailures } from './de-failures/login.ts';
import { peerFailures } from './de-failures/peer.ts';

/** What the core says of failures, in German, by code: `{name}` stands for evidence. Another code is told in English. */
export const germanFailures: Record<string, { readonly what: string; readonly next: string }> = {
  ...peerFailures,
  ...loginFailures,
  ...certificatesFailures,
  ...localFailures,
};
