import { type Failure, failure } from '../../base/errors.ts';
import { parseMschapv2Failure } from '../../wire/eap/mschapv2-text.ts';

const wrongNameOrPassword = 691;

/** @rfc 2759 6 */
const accountReasons: Readonly<Record<number, string>> = {
  646: 'logging in is not allowed at this hour',
  647: 'the account is disabled',
  648: 'the password has expired',
  649: 'the account may not dial in',
  709: 'the password must be changed',
};

/** What the text of a Failure request means to a user; its error number and words are kept as evidence. */
export function mschapv2Failure(text: Uint8Array): Failure {
  const { error, message } = parseMschapv2Failure(text);
  const evidence = {
    side: 'local',
    ...(error === undefined ? {} : { error }),
    ...(message === '' ? {} : { message }),
  };
  if (error === wrongNameOrPassword) return failure('auth.password', evidence);
  const reason = error === undefined ? undefined : accountReasons[error];
  return reason === undefined
    ? failure('auth.refused', evidence)
    : failure('auth.account', { ...evidence, reason });
}
