import { limits } from '../base/limits.ts';
import { earliest, type Instant } from '../base/time.ts';
import type { IkeMessage, IkeSpi } from '../wire/ike/payload.ts';
import type { ExchangeLayer } from './exchange.ts';
import type { InitExchange } from './init-exchange.ts';
import { type Course, type Unproven, wipeState } from './state.ts';
import type { IkeInitTask } from './tasks/ike-init.ts';

/** An IKE SA that another answer to our IKE_SA_INIT would make: our first IKE_AUTH request is being made, or on the wire. */
export interface Rival {
  readonly exchange: ExchangeLayer;
  readonly state: Unproven;
  /** Its answer, which is looked at when the present one comes to nothing. */
  readonly answer?: IkeMessage;
}

/** IKE_SA_INIT that was answered already: a cookie or another group that is asked for all the same may be the gateway's word. */
export interface AskedInit {
  readonly course: Course;
  readonly task: IkeInitTask;
  readonly exchange: InitExchange;
}

/**
 * Nothing protects IKE_SA_INIT, so whoever is quicker than the gateway can answer in its place. Each answer that differs is therefore
 * followed, up to a bound, until the gateway has proven itself on one of them. @rfc 7296 2.4
 */
export class Rivals {
  #asked: AskedInit | undefined;
  #others: readonly Rival[] = [];
  /** Of the answers that were followed: such an answer may come again after it led to nothing. */
  #known: readonly IkeSpi[] = [];
  /** Where to go on if none of them lets us in: one of them, perhaps the gateway, turned us away. */
  #otherwise: Course | undefined;

  /** Our IKE_SA_INIT, while an answer to it with this responder's SPI would be followed. */
  askedFor(responderSpi: IkeSpi): AskedInit | undefined {
    const more = this.#known.length <= limits.initRivals && !this.#known.includes(responderSpi);
    return more ? this.#asked : undefined;
  }

  get waiting(): boolean {
    return this.#others.length > 0;
  }

  /** An answer was taken; the task, with our secret, is owned from here on. */
  begin(asked: AskedInit, responderSpi: IkeSpi): void {
    this.settle();
    this.#asked = asked;
    this.#known = [responderSpi];
  }

  add(exchange: ExchangeLayer, state: Unproven): void {
    this.#others = [...this.#others, { exchange, state }];
    this.#known = [...this.#known, state.association.spis.responder];
  }

  owner(octets: Uint8Array): Rival | undefined {
    return this.#others.find(({ exchange }) => exchange.owns(octets));
  }

  /** The one that asked the driver this. */
  whoAsked(ask: number): Rival | undefined {
    return this.#others.find(({ state }) => 'ask' in state && state.ask === ask);
  }

  /** `present` waits in the place of `rival`, which is taken out: it has gone on, say, or somebody else takes its turn. */
  swap(rival: Rival, present: Rival): void {
    this.#others = this.#others.map((other) => (other === rival ? present : other));
  }

  drop(rival: Rival): void {
    this.#others = this.#others.filter((other) => other !== rival);
    wipeState(rival.state);
    rival.exchange.close();
  }

  /** Takes out the one to go on with, one that has answered first. */
  next(): Rival | undefined {
    const next = this.#others.find(({ answer }) => answer !== undefined) ?? this.#others[0];
    this.#others = this.#others.filter((other) => other !== next);
    return next;
  }

  nextWakeup(): Instant | undefined {
    return this.#others.map(({ exchange }) => exchange.nextWakeup()).reduce(earliest, undefined);
  }

  timeout(now: Instant): void {
    for (const rival of this.#others) if (rival.exchange.timeout(now) !== undefined) this.drop(rival);
  }

  turnedAway(next: Course): void {
    this.#otherwise = next;
  }

  /** When all have come to nothing; told once. */
  takeOtherwise(): Course | undefined {
    const next = this.#otherwise;
    this.#otherwise = undefined;
    return next;
  }

  /** It is known which answer counts, or none does: all others are wiped. */
  settle(): void {
    for (const rival of this.#others) this.drop(rival);
    this.#asked?.task.wipe();
    this.#asked = undefined;
    this.#otherwise = undefined;
  }
}
