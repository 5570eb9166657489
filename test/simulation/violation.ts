/** What must always hold, by the names that a failing run prints. */
export type Invariant =
  /** Neither side ever throws. */
  | 'exception'
  /** A side has one request of its own on the wire at a time. @rfc 7296 2.3 */
  | 'window'
  /** Message IDs rise by one. @rfc 7296 2.2 */
  | 'message-id'
  /** What is sent again is the same, octet by octet. @rfc 7296 2.1 */
  | 'retransmission'
  /** A response follows a request that came in. */
  | 'unasked-response'
  /** No SPI names two SAs. */
  | 'spi-reuse'
  /** No IV is used twice under one key. */
  | 'iv-reuse'
  /** Nothing is sent on an SA that is gone. */
  | 'removed-sa'
  /** Every key is overwritten at the end. */
  | 'keys-not-wiped'
  /** A closed engine does nothing and wants nothing. */
  | 'closed-engine'
  /** A wake-up that is dealt with is not due again at once. */
  | 'timer'
  /** Time, randomness and timers come as arguments alone. */
  | 'outside'
  /** Outputs, queues and half-open SAs are bounded. */
  | 'bounds'
  /** Both ends have the same keys for one pair of SPIs. */
  | 'keys-differ'
  /** What the data plane is told fits what it has. */
  | 'data-plane'
  /** A rekey loses no packet on a network that loses none. */
  | 'make-before-break'
  /** A login stands with the proofs that it should have, and never with somebody who only poses as the gateway. */
  | 'proof'
  /** Who answers IKE_SA_INIT in the gateway's place ends no login. */
  | 'forged'
  /** An end has a name. */
  | 'unnamed-end'
  /** On a good network the tunnel carries traffic, or can be had anew. */
  | 'liveness'
  /** A silent tunnel can be reached: what the NAT forgets is learnt. */
  | 'idle'
  /** The tunnel is no wider than the path. */
  | 'path-size'
  /** Nothing of a client is left at the gateway. */
  | 'leftover'
  /** The run comes to an end. */
  | 'endless';

export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, what: string) {
    super(what);
    this.invariant = invariant;
  }
}
