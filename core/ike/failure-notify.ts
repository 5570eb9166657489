import type { Failure } from '../base/errors.ts';
import { notifyType } from '../wire/registry/notify-types.ts';

/**
 * What the peer is told about a failure of ours: the type of an error notify, or `undefined` for silence. The peer is not told
 * what it said itself, nor what is none of its business (our profile, our system).
 *
 * @rfc 7296 2.21
 */
export function notifyForFailure(error: Failure): number | undefined {
  switch (error.family) {
    case 'malformed':
    case 'peer-misbehaved':
      return error.code === 'peer.unacceptable-choice'
        ? notifyType.NO_PROPOSAL_CHOSEN
        : notifyType.INVALID_SYNTAX;
    case 'authentication-failed':
      return saidByPeer.has(error.code) ? undefined : notifyType.AUTHENTICATION_FAILED;
    case 'peer-incompatible':
    case 'peer-refused':
    case 'timeout':
    case 'local-refused':
    case 'system-failure':
    case 'misuse':
      return undefined;
  }
}

/** The authentication that failed was ours, so the peer is where we know it from. */
const saidByPeer: ReadonlySet<string> = new Set<Failure['code']>([
  'auth.refused',
  'auth.password',
  'auth.account',
]);
