import * as z from 'zod';

/** Both the user and, unless the profile says otherwise, the gateway prove that they know a key. @rfc 7296 2.15 */
export const pskSchema = z.strictObject({
  method: z.literal('psk').meta({
    description:
      'A pre-shared key, found by the gateway under `localIdentity`. Short ones can be guessed by who poses as the gateway once.',
  }),
});

export interface PskAuthentication {
  readonly method: 'psk';
}
