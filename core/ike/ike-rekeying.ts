import { type Failure, formatFailure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { toHex } from '../base/octets.ts';
import { after, type Instant } from '../base/time.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, IkeSpi } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import { freshIkeSpi } from './fresh-ike-spi.ts';
import { closeLink, type IkeLink } from './ike-link.ts';
import { spiOctets } from './keymat.ts';
import { afterTemporaryFailure, lifetimesOf, retryAfter, termOf } from './lifetimes.ts';
import { losesCollision } from './nonce-order.ts';
import { openLink } from './open-link.ts';
import type { OwnTask, Plan, RekeyIkeTask } from './own-task.ts';
import { ikeNotify } from './payload-list.ts';
import { refusalIn } from './peer-refusal.ts';
import type { Established, IkeState } from './state.ts';
import { deleteIkeSa } from './tasks/delete.ts';
import {
  answerIkeRekey,
  buildIkeRekey,
  ikeRekeyGroups,
  offerIkeRekey,
  processIkeRekey,
} from './tasks/ike-rekey.ts';
import { wantedGroup } from './tasks/key-exchange.ts';

/*
 * An IKE SA takes the place of another and inherits its CHILD SAs. Whoever began deletes the old one. @rfc 7296 2.8 @rfc 7296 2.18
 */

/** Sends CREATE_CHILD_SA for the IKE SA. */
export function startIkeRekey(
  engine: Engine,
  state: Established,
  plan: Extract<Plan, { readonly kind: 'rekey-ike' }>,
  now: Instant,
): OwnTask {
  const { config, dependencies } = engine;
  const group = plan.group ?? state.link.ike.suite.group;
  const offer = offerIkeRekey(config, dependencies, freshIkeSpi(dependencies.random), group);
  engine.exchange.request(exchangeType.CREATE_CHILD_SA, buildIkeRekey(offer), now);
  return { kind: 'rekey-ike', plan, offer };
}

/** The peer's answer to our rekey. */
export function onIkeRekeyed(
  engine: Engine,
  state: Established,
  task: RekeyIkeTask,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { offer, collision } = task;
  const refusal = refusalIn(message, 'IKE');
  if (refusal !== undefined) return onRefused(engine, state, task, refusal, message, now);
  const made = processIkeRekey(engine.dependencies, state.link.ike, offer, message);
  // The peer has an IKE SA by now that we cannot speak on, and the CHILD SAs with it.
  if (!made.ok) return sayGoodbye(engine, state, made.error, now);
  const ours = openLink(engine, made.value.ike, true);
  const old = state.link;
  if (collision === undefined) {
    useLink(engine, state, ours, now);
    retireLink(state, old, now);
    return state;
  }
  const lost = losesCollision(made.value.nonces, collision.nonces);
  useLink(engine, state, lost ? collision.link : ours, now);
  retireLink(state, lost ? ours : old, now);
  awaitDelete(state, lost ? old : collision.link, now);
  return state;
}

/** The peer replaces the IKE SA: we answer, and use the new one at once unless we are replacing it ourselves. */
export function onPeerIkeRekey(
  engine: Engine,
  state: Established,
  request: IkeMessage,
  now: Instant,
): IkeState {
  const { link, active } = state;
  const busy = active !== undefined && (active.kind !== 'rekey-ike' || active.collision !== undefined);
  if (busy || state.others.size >= limits.retiringIkeSas) {
    link.exchange.respond(request, [ikeNotify(notifyType.TEMPORARY_FAILURE)]);
    return state;
  }
  const { config, dependencies } = engine;
  const spi = freshIkeSpi(dependencies.random);
  const answer = answerIkeRekey(config, dependencies, link.ike, spi, request);
  if (!answer.ok) {
    link.exchange.respond(request, [answer.error]);
    return state;
  }
  const { payloads, rekeyed } = answer.value;
  link.exchange.respond(request, payloads);
  const theirs = openLink(engine, rekeyed.ike, false);
  if (active?.kind === 'rekey-ike') {
    active.collision = { link: theirs, nonces: rekeyed.nonces };
    state.others.add(theirs);
    return state;
  }
  useLink(engine, state, theirs, now);
  awaitDelete(state, link, now);
  return state;
}

/** The peer deleted this IKE SA. False when it is the one in use and nothing replaces it: then all ends. */
export function onLinkDeleted(engine: Engine, state: Established, link: IkeLink, now: Instant): boolean {
  if (link !== state.link) {
    dropLink(state, link);
    return true;
  }
  const { active } = state;
  if (active?.kind !== 'rekey-ike' || active.collision === undefined) return false;
  // It has replaced it, whatever became of our own request. @rfc 7296 2.25.2
  active.offer.keyExchange?.secret.wipe();
  state.active = undefined;
  useLink(engine, state, active.collision.link, now);
  closeLink(link);
  return true;
}

/** Closes an IKE SA that is not in use. */
export function dropLink(state: Established, link: IkeLink): void {
  state.others.delete(link);
  state.agenda.cancelIke(keyOf(link));
  closeLink(link);
}

/** Our DELETE of an IKE SA that is not in use. */
export function retireLink(state: Established, link: IkeLink, now: Instant): void {
  state.others.add(link);
  state.agenda.cancelIke(keyOf(link));
  link.exchange.request(exchangeType.INFORMATIONAL, [deleteIkeSa], now, limits.deleteTries);
}

/** Puts the timers of a new IKE SA into the calendar. */
export function scheduleIke(engine: Engine, state: Established, now: Instant): void {
  const term = termOf(lifetimesOf(engine.config).ike, engine.dependencies.random, now);
  const ike = keyOf(state.link);
  state.agenda.add(term.rekeyAt, { kind: 'rekey-ike', ike });
  state.agenda.add(term.expiresAt, { kind: 'expire-ike', ike });
}

/** Our own SPI names an IKE SA in the calendar: the peer cannot choose it. */
export function keyOf({ ike, exchange }: IkeLink): IkeSpi {
  return exchange.originalInitiator ? ike.spis.initiator : ike.spis.responder;
}

function useLink(engine: Engine, state: Established, link: IkeLink, now: Instant): void {
  state.agenda.cancelIke(keyOf(state.link));
  const planned = state.todo.filter(({ kind }) => kind !== 'rekey-ike');
  state.todo.splice(0, state.todo.length, ...planned);
  state.others.delete(link);
  state.link = link;
  engine.exchange = link.exchange;
  state.ikeTrouble = { refusals: 0 };
  scheduleIke(engine, state, now);
  const { spis, suite } = link.ike;
  state.summary = {
    ...state.summary,
    initiatorSpi: toHex(spiOctets(spis.initiator)),
    responderSpi: toHex(spiOctets(spis.responder)),
    ikeProposal: suite.notation,
  };
  engine.emit({ kind: 'rekeyed', what: 'ike', summary: state.summary });
}

function awaitDelete(state: Established, link: IkeLink, now: Instant): void {
  state.others.add(link);
  state.agenda.add(after(now, limits.retiringIkeMs), { kind: 'retire-ike', ike: keyOf(link) });
}

function onRefused(
  engine: Engine,
  state: Established,
  { plan, offer, collision }: RekeyIkeTask,
  refusal: Failure,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const old = state.link;
  if (collision !== undefined) {
    useLink(engine, state, collision.link, now);
    awaitDelete(state, old, now);
    return state;
  }
  const tried = [...(plan.tried ?? []), offer.keyExchange?.group ?? 0];
  const group = wantedGroup(message, ikeRekeyGroups(engine.config), tried);
  if (group !== undefined) {
    state.todo.unshift({ kind: 'rekey-ike', group, tried });
    return state;
  }
  const job = { kind: 'rekey-ike', ike: keyOf(old) } as const;
  if (notifyOf(message, notifyType.TEMPORARY_FAILURE) !== undefined) {
    state.agenda.add(afterTemporaryFailure(engine.dependencies.random, now), job);
    return state;
  }
  engine.emit({ kind: 'rekey-failed', what: 'ike', error: refusal });
  const refusals = state.ikeTrouble.refusals + 1;
  state.ikeTrouble = { refusals, reason: formatFailure(refusal) };
  state.agenda.add(retryAfter(refusals, now), job);
  return state;
}
