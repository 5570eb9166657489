/**
 * - malformed: octets without the structure they should have
 * - peer-misbehaved: the peer broke a rule of the protocol (`detail.rule`)
 * - peer-incompatible: nothing in common with the peer
 * - peer-refused: the peer said no (`detail.notify`)
 * - authentication-failed: `detail.side` is `local` (we were not accepted) or `remote` (we did not accept the peer)
 * - timeout: no answer
 * - local-refused: a rule, a profile or the user said no on this side
 * - system-failure: the operating system said no (`detail.call`, `detail.errno`)
 * - misuse: our caller's bug
 */
export type Family =
  | 'malformed'
  | 'peer-misbehaved'
  | 'peer-incompatible'
  | 'peer-refused'
  | 'authentication-failed'
  | 'timeout'
  | 'local-refused'
  | 'system-failure'
  | 'misuse';

/** One way to fail: a sentence for the user and a next step, both with `{name}` places for the detail. */
export interface Leaf {
  readonly family: Family;
  readonly what: string;
  readonly next: string;
}
