import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Instant } from '../base/time.ts';
import { checkOccurrence } from '../wire/ike/message-rules.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { type InitRestart, InitRestarts } from './init-restarts.ts';
import type { DropCause } from './received.ts';
import { Retransmission } from './retransmission.ts';

/**
 * IKE_SA_INIT on the wire, through all its restarts. Nothing protects it: whatever comes may come from anybody, so every doubt
 * leaves the wait as it is. @rfc 7296 2.6 @rfc 7296 2.21.1
 */
export class InitExchange {
  readonly kind = 'init';
  readonly #restarts: InitRestarts;
  readonly #build: (restart: InitRestart) => Uint8Array;
  readonly #send: (octets: Uint8Array) => void;
  #retransmission: Retransmission;
  #candidates = 0;
  #hint: Failure | undefined;

  /** Sends the first request. `build` is called again for each restart. */
  constructor(
    groups: readonly number[],
    build: (restart: InitRestart) => Uint8Array,
    send: (octets: Uint8Array) => void,
    now: Instant,
  ) {
    this.#restarts = new InitRestarts(groups);
    this.#build = build;
    this.#send = send;
    this.#retransmission = this.#begin(now);
  }

  get retransmission(): Retransmission {
    return this.#retransmission;
  }

  /** The last unauthenticated error that came in place of an answer. */
  get hint(): Failure | undefined {
    return this.#hint;
  }

  /** A message without protection that names our SPI. `undefined`: it was dealt with here. */
  receive(message: IkeMessage, now: Instant): 'candidate' | DropCause | undefined {
    const { header } = message;
    if (header.exchange !== exchangeType.IKE_SA_INIT) return 'exchange';
    if (!header.isResponse) return 'direction';
    if (header.messageId !== 0) return 'message-id';
    const allowed = checkOccurrence(message, false);
    if (!allowed.ok) return this.reject(allowed.error);
    const verdict = this.#restarts.judge(message);
    switch (verdict.kind) {
      case 'candidate':
      case 'redirect':
        // Who sends us away has made no IKE SA.
        if (verdict.kind === 'candidate' && header.responderSpi === 0n) return 'spi';
        if (this.#candidates >= limits.initCandidates) return 'hint';
        this.#candidates += 1;
        return 'candidate';
      case 'restart':
        this.#retransmission = this.#begin(now);
        return undefined;
      case 'hint':
        return this.reject(verdict.error);
      case 'stale':
        return 'hint';
    }
  }

  /** It was not the answer, for this reason. The wait goes on, but not for long. */
  reject(error: Failure): 'hint' {
    this.#hint = error;
    this.#retransmission.limitTo(limits.hintedTries);
    return 'hint';
  }

  #begin(now: Instant): Retransmission {
    const octets = this.#build(this.#restarts.current);
    this.#send(octets);
    return new Retransmission(octets, limits.retransmitTries, now);
  }
}
