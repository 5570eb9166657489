import { limits } from '../base/limits.ts';
import { earliest, type Instant } from '../base/time.ts';
import type { IkeMessage, IkeSpi } from '../wire/ike/payload.ts';
import type { ExchangeLayer } from './exchange.ts';
import { type AuthenticatingGateway, type Course, type IkeState, wipeState } from './state.ts';
import type { IkeInitTask } from './tasks/ike-init.ts';

/** An IKE SA that another answer to our IKE_SA_INIT would make, with our first IKE_AUTH request on the wire. */
export interface Rival {
  readonly exchange: ExchangeLayer;
  readonly state: IkeState;
  /** Its answer, which is looked at when the present one comes to nothing. */
  readonly answer?: IkeMessage;
}

/**
 * Nothing protects IKE_SA_INIT, so whoever is quicker than the gateway can answer in its place. Each answer that differs is therefore
 * followed, up to a bound, until the gateway has proven itself on one of them. @rfc 7296 2.4
 */
export class Rivals {
  #init: { readonly course: Course; readonly task: IkeInitTask } | undefined;
  #others: readonly Rival[] = [];
  /** Of the answers that were followed: such an answer may come again after it led to nothing. */
  #known: readonly IkeSpi[] = [];

  /** What our IKE_SA_INIT was, while an answer to it with this responder's SPI would be followed. */
  initFor(responderSpi: IkeSpi): { readonly course: Course; readonly task: IkeInitTask } | undefined {
    const more = this.#known.length <= limits.initRivals && !this.#known.includes(responderSpi);
    return more ? this.#init : undefined;
  }

  get waiting(): boolean {
    return this.#others.length > 0;
  }

  /** An answer was taken; the task, with our secret, is owned from here on. */
  begin(course: Course, task: IkeInitTask, responderSpi: IkeSpi): void {
    this.settle();
    this.#init = { course, task };
    this.#known = [responderSpi];
  }

  add(exchange: ExchangeLayer, state: AuthenticatingGateway): void {
    this.#others = [...this.#others, { exchange, state }];
    this.#known = [...this.#known, state.association.spis.responder];
  }

  owner(octets: Uint8Array): Rival | undefined {
    return this.#others.find(({ exchange }) => exchange.owns(octets));
  }

  keep(rival: Rival, answer: IkeMessage): void {
    this.#others = this.#others.map((other) => (other === rival ? { ...rival, answer } : other));
  }

  /** `present` waits in the place of `rival`, which is taken out. */
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

  /** It is known which answer counts, or none does: all others are wiped. */
  settle(): void {
    for (const rival of this.#others) this.drop(rival);
    this.#init?.task.wipe();
    this.#init = undefined;
  }
}
