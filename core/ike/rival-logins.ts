import type { Instant } from '../base/time.ts';
import type { IkeMessage } from '../wire/ike/payload.ts';
import type { Engine } from './engine.ts';
import type { ExchangeLayer } from './exchange.ts';
import type { IkeAnswer, IkeOutput } from './io.ts';
import { onProofAnswer, takeInit } from './login.ts';
import { type Rival, Rivals } from './rivals.ts';
import { type IkeState, isUnproven, wipeState } from './state.ts';

/** Another answer to IKE_SA_INIT than the one that was taken: one of them is forged, and nobody knows which. @rfc 7296 2.4 */
export function onRivalInit(engine: Engine, message: IkeMessage, octets: Uint8Array, now: Instant): void {
  const asked = engine.rivals.askedFor(message.header.responderSpi);
  if (asked?.exchange.receive(message, now) !== 'candidate') return;
  const association = asked.task.process(message, octets);
  if (!association.ok) return;
  const aside = beside(engine, engine.rivalExchange());
  const next = takeInit(aside, asked.course, association.value, message, now);
  if (next.ok && isUnproven(next.value)) return engine.rivals.add(aside.exchange, next.value);
  if (next.ok) wipeState(next.value);
  aside.exchange.close();
}

/** The secret or signature that a login beside the present one asked for. */
export function onRivalAnswer(engine: Engine, rival: Rival, answer: IkeAnswer, now: Instant): void {
  const { state } = rival;
  if (state.kind === 'authenticating-gateway') return;
  const next: IkeState = onProofAnswer(beside(engine, rival.exchange), state, answer, now);
  if (isUnproven(next)) engine.rivals.swap(rival, { exchange: rival.exchange, state: next });
  else engine.rivals.drop(rival);
}

/**
 * Sends and asks; what it comes to is nobody's business while another login is the present one. If both answers are the
 * gateway's, this login must not end the other.
 */
function beside(engine: Engine, exchange: ExchangeLayer): Engine {
  const emit = (output: IkeOutput) => (output.kind === 'transmit' ? engine.emit(output) : undefined);
  const config = { ...engine.config, initialContact: false };
  return {
    ...engine,
    config,
    exchange,
    rivals: new Rivals(),
    emit,
    restartLogin: () => ({ kind: 'closed' }),
  };
}
