import type { Failure, Family } from '../base/errors.ts';

/** What each exit code says. `--help` prints this table. */
export const exitCodes = {
  ok: { code: 0, says: 'done' },
  misuse: { code: 1, says: 'a mistake in Godwit itself' },
  usage: { code: 2, says: 'the command was not understood' },
  refusedHere: {
    code: 3,
    says: 'refused on this side: profile, password file, or a connection that is up already',
  },
  noDaemon: { code: 4, says: 'the daemon does not answer, or not to this account' },
  authentication: { code: 5, says: 'the login or the certificate of the gateway failed' },
  refusedThere: { code: 6, says: 'the gateway refused' },
  incompatible: { code: 7, says: 'nothing in common with the gateway' },
  timeout: { code: 8, says: 'no answer' },
  protocol: { code: 9, says: 'the gateway broke the protocol' },
  system: { code: 10, says: 'the operating system refused' },
  cancelled: { code: 130, says: 'cancelled (Ctrl-C, or someone disconnected)' },
} as const;

const byFamily: Readonly<Record<Family, number>> = {
  malformed: exitCodes.protocol.code,
  'peer-misbehaved': exitCodes.protocol.code,
  'peer-incompatible': exitCodes.incompatible.code,
  'peer-refused': exitCodes.refusedThere.code,
  'authentication-failed': exitCodes.authentication.code,
  timeout: exitCodes.timeout.code,
  'local-refused': exitCodes.refusedHere.code,
  'system-failure': exitCodes.system.code,
  misuse: exitCodes.misuse.code,
};

export function exitCodeOf({ code, family }: Failure): number {
  if (code === 'tunnel.cancelled') return exitCodes.cancelled.code;
  if (code === 'rpc.unavailable' || code === 'rpc.denied') return exitCodes.noDaemon.code;
  return byFamily[family];
}
