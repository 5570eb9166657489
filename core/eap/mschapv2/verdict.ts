import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { fromHex } from '../../base/octets.ts';
import { escapeText } from '../../wire/escape-text.ts';

/** The 20 octets of `S=<40 hexadecimal digits> M=<text>`, or `undefined` when they are not there. @rfc 2759 5 */
export function parseSuccessMessage(message: string): Uint8Array | undefined {
  const digits = /(?:^|\s)S=([0-9A-Fa-f]{40})(?![0-9A-Fa-f])/.exec(message)?.[1];
  return digits === undefined ? undefined : fromHex(digits);
}

/** What the error codes of a Failure packet mean. 691 is not here: it is the wrong user name or password. @rfc 2759 6 */
const accountReasons: Readonly<Record<number, string>> = {
  646: 'logging in is not allowed at this hour',
  647: 'the account is disabled',
  648: 'the password has expired',
  649: 'the account may not dial in',
  709: 'the password must be changed',
};

/** The failure that `E=eeeeeeeeee R=r C=… V=… M=<text>` tells. @rfc 2759 6 */
export function mschapv2Failure(message: string): Failure {
  const digits = /(?:^|\s)E=(\d{1,10})(?!\d)/.exec(message)?.[1];
  const text = escapeText(/(?:^|\s)M=(.*)$/s.exec(message)?.[1] ?? '', limits.peerTextCharacters);
  const evidence = {
    side: 'local',
    ...(digits === undefined ? {} : { error: Number(digits) }),
    ...(text === '' ? {} : { message: text }),
  };
  if (digits === undefined) return failure('auth.refused', evidence);
  const code = Number(digits);
  if (code === 691) return failure('auth.password', evidence);
  const reason = accountReasons[code];
  return reason === undefined
    ? failure('auth.refused', evidence)
    : failure('auth.account', { ...evidence, reason });
}
