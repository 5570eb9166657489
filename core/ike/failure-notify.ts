import type { Failure, FailureCode } from '../base/errors.ts';
import type { NotifyPayload } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { ikeNotify } from './payload-list.ts';

/**
 * What the peer is told about a failure of ours: the type of an error notify, or `undefined` for silence. The peer is not told
 * what it said itself, nor what is none of its business (our profile, our system).
 *
 * @rfc 7296 2.21
 */
export function notifyForFailure(error: Failure): number | undefined {
  const special = byCode.get(error.code);
  if (special !== undefined) return special === silence ? undefined : special;
  switch (error.family) {
    case 'malformed':
    case 'peer-misbehaved':
      return notifyType.INVALID_SYNTAX;
    case 'authentication-failed':
      return notifyType.AUTHENTICATION_FAILED;
    case 'peer-incompatible':
    case 'peer-refused':
    case 'timeout':
    case 'local-refused':
    case 'system-failure':
    case 'misuse':
      return undefined;
  }
}

/** What a request is answered with whose payloads break a rule, or that has a critical one which is not known. @rfc 7296 2.5 */
export function notifyForBrokenRequest({ code, detail }: Failure): NotifyPayload {
  return code === 'peer.critical-payload'
    ? ikeNotify(notifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(Number(detail['type'] ?? 0)))
    : ikeNotify(notifyType.INVALID_SYNTAX);
}

const silence = 'silence';

/** Where a failure is not told as its family is. */
const byCode: ReadonlyMap<FailureCode, number | typeof silence> = new Map<
  FailureCode,
  number | typeof silence
>([
  ['peer.unacceptable-choice', notifyType.NO_PROPOSAL_CHOSEN],
  ['peer.critical-payload', notifyType.UNSUPPORTED_CRITICAL_PAYLOAD],
  // Whoever sent what fails its integrity check is not the peer, or we could not tell.
  ['peer.integrity', silence],
  // Here it was our login that failed, and it is the peer who said so.
  ['auth.refused', silence],
  ['auth.refused-early', silence],
  ['auth.refused-certificate', silence],
  ['auth.refused-key', silence],
  ['auth.refused-psk', silence],
  ['auth.refused-ppk', silence],
  ['auth.wants-eap', silence],
  ['auth.wants-no-eap', silence],
  ['auth.password', silence],
  ['auth.passcode', silence],
  ['auth.account', silence],
  ['auth.tls-alert', silence],
  ['auth.client-certificate', silence],
  // Our rule, but it is the gateway's certificate that does not meet it.
  ['certificate.revocation-unknown', notifyType.AUTHENTICATION_FAILED],
  ['certificate.not-fetched', notifyType.AUTHENTICATION_FAILED],
  // What went wrong is inside of EAP.
  ['auth.login-server', notifyType.AUTHENTICATION_FAILED],
]);
