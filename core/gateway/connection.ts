import type { Endpoint, IpPrefix } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { after, type Duration, earliest, type Instant } from '../base/time.ts';
import { readU16, readU32 } from '../base/words.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import type { NoncePair } from '../ike/keymat.ts';
import { losesCollision } from '../ike/nonce-order.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { buildChildDelete } from '../ike/tasks/delete.ts';
import { notifyOf, payloadOf, payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, IkeSpi, NotifyPayload, Payload, Spi } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { isErrorNotify, notifyType } from '../wire/registry/notify-types.ts';
import { securityProtocol } from '../wire/registry/protocols.ts';
import { type Child, ChildTable } from './child-table.ts';
import {
  answerResources,
  type CreateChildContext,
  childKeyExchanges,
  respondCreateChild,
} from './create-child.ts';
import type { ClientId, GatewayOutput, RekeyTarget } from './io.ts';
import { acceptChildRekey, type ChildOffer, offerChildRekey } from './rekey-child.ts';
import { acceptRekeyIke, type IkeOffer, type NewIkeSa, offerRekeyIke, respondRekeyIke } from './rekey-ike.ts';
import type { SaChannel } from './sa-channel.ts';

/** What a request of ours is for. */
export type Purpose =
  | { readonly kind: 'liveness' }
  | { readonly kind: 'delete-ike' }
  | { readonly kind: 'delete-child'; readonly child: Child }
  | { readonly kind: 'rekey-child'; readonly offer: ChildOffer; readonly isRetry: boolean }
  | { readonly kind: 'rekey-ike'; readonly offer: IkeOffer; readonly isRetry: boolean };

export type Channel = SaChannel<Purpose>;

/** What a connection needs of the session that it belongs to. */
export interface ConnectionHost extends CreateChildContext {
  readonly id: ClientId;
  readonly emit: (output: GatewayOutput) => void;
  /** An SPI of `newSpi` that came to nothing. */
  readonly freeSpi: (spi: Spi) => void;
  readonly newIkeSpi: () => IkeSpi;
  /** Where the client is now. */
  readonly endpoint: () => Endpoint;
  /** The IKE SA that carries requests. */
  readonly current: () => Channel;
  readonly adopt: (channel: Channel) => void;
  /** `undefined`: the client has too many already. */
  readonly open: (next: NewIkeSa, now: Instant) => Channel | undefined;
}

const defaultRetryMs = 5_000;
const temporaryFailure: readonly Payload[] = [ikeNotify(notifyType.TEMPORARY_FAILURE)];
const noAdditionalSas: readonly Payload[] = [ikeNotify(notifyType.NO_ADDITIONAL_SAS)];

/**
 * One client that is in: its CHILD SAs, and how they and its IKE SA are replaced, by either side or by both at once. CHILD SAs
 * belong to the connection, so that they move to the new IKE SA by themselves. @rfc 7296 2.8 @rfc 7296 2.25
 */
export class Connection {
  readonly user: string;
  readonly addresses: readonly IpPrefix[];
  readonly children: ChildTable;
  readonly #host: ConnectionHost;
  /** The client's new IKE SA, while a rekey of our own for the same one is on the wire. */
  #theirs: { readonly channel: Channel; readonly nonces: NoncePair } | undefined;
  #rekeyIkeAt: Instant | undefined;
  #hasFailedOnce = false;

  constructor(host: ConnectionHost, user: string, addresses: readonly IpPrefix[], now: Instant) {
    this.#host = host;
    this.user = user;
    this.addresses = addresses;
    this.children = new ChildTable(host.id, host.emit);
    this.#rekeyIkeAt = inTime(host.config.rekeyIkeMs, now);
  }

  /** The CHILD SA of IKE_AUTH: the client waits for its answer, so it may be sent on at once. */
  installFirst(child: ChildSaParameters, now: Instant): void {
    this.children.install(child, this.#host.endpoint(), this.#rekeyChildAt(now), false);
  }

  nextWakeup(): Instant | undefined {
    const lingering = this.children.nextWakeup();
    if (!this.#host.current().idle) return lingering;
    let next = earliest(lingering, this.#rekeyIkeAt);
    for (const child of this.children.all) {
      next = earliest(next, child.phase === 'live' ? child.rekeyAt : child.deleteAt);
    }
    return next;
  }

  /** Does one thing that is due, if nothing of ours is on the wire. */
  tick(now: Instant): void {
    this.children.tick(now);
    if (!this.#host.current().idle) return;
    const isDue = (at: Instant | undefined) => at !== undefined && at <= now;
    const closing = this.children.all.find(({ phase, deleteAt }) => phase === 'closing' && isDue(deleteAt));
    if (closing !== undefined) return this.#sendDelete(closing, now);
    const old = this.children.all.find(({ phase, rekeyAt }) => phase === 'live' && isDue(rekeyAt));
    if (old !== undefined) return this.#startChildRekey(old, now);
    if (isDue(this.#rekeyIkeAt)) this.#startIkeRekey(now);
  }

  /** Has the client's SAs replaced as soon as possible. */
  rekey(what: RekeyTarget, now: Instant): void {
    if (what === 'ike') this.#rekeyIkeAt = now;
    else for (const child of this.children.all) child.rekeyAt = now;
    this.tick(now);
  }

  /** The payloads of the answer to CREATE_CHILD_SA; `undefined` is a habit: no answer. */
  createChild(channel: Channel, request: IkeMessage, now: Instant): readonly Payload[] | undefined {
    const habits = this.#host.config.habits ?? {};
    if (habits.silentInRekey) return undefined;
    if (habits.noAdditionalSas) return noAdditionalSas;
    if (habits.refuseRekey !== undefined) return [ikeNotify(habits.refuseRekey)];
    const isFirstFailure = habits.temporaryFailureOnce === true && !this.#hasFailedOnce;
    this.#hasFailedOnce = true;
    // Only the newest IKE SA makes SAs: the others are about to be closed.
    if (isFirstFailure || channel !== this.#host.current() || channel.phase !== 'open')
      return temporaryFailure;
    const proposals = payloadOf(request, 'SA')?.proposals ?? [];
    return proposals.some(({ protocol }) => protocol === securityProtocol.IKE)
      ? this.#answerIkeRekey(channel, request, now)
      : this.#answerChild(channel, request, now);
  }

  /** The client deletes these CHILD SAs. The result names our halves. @rfc 7296 1.4.1 */
  deleteChildren(spis: readonly Spi[], now: Instant): readonly Payload[] {
    const deleted: Spi[] = [];
    for (const spi of spis) {
      const child = this.children.byOutbound(spi);
      // Both sides delete it at once: it goes when our own DELETE is answered.
      if (child === undefined || child.phase === 'deleting') continue;
      deleted.push(child.inbound);
      this.children.remove(child, now);
    }
    return deleted.length === 0 ? [] : [buildChildDelete(deleted)];
  }

  /**
   * The client deletes an IKE SA, which the session ends. False: it was the one that the connection lives on. @rfc 7296 2.8.2
   */
  survivesDeletionOf(channel: Channel, now: Instant): boolean {
    const theirs = this.#theirs;
    if (channel === theirs?.channel) this.#theirs = undefined;
    if (channel !== this.#host.current()) return true;
    return this.fallBack(now);
  }

  /** Gives up our own rekey of the IKE SA for the client's, if there is one. */
  fallBack(now: Instant): boolean {
    const theirs = this.#theirs;
    if (theirs === undefined) return false;
    this.#theirs = undefined;
    this.#replace(this.#host.current(), theirs.channel, 'client', now);
    return true;
  }

  /** A request of ours is given up: what was kept for its answer goes. */
  giveUp(request: Purpose | undefined): void {
    if (request?.kind === 'rekey-ike') request.offer.secret.wipe();
    if (request?.kind !== 'rekey-child') return;
    request.offer.keyExchange?.secret.wipe();
    this.#host.freeSpi(request.offer.inboundSpi);
  }

  /** An answer to a request of ours; `undefined` when it broke a rule. */
  answered(channel: Channel, to: Purpose, answer: IkeMessage | undefined, now: Instant): void {
    if (to.kind === 'delete-child') this.children.remove(to.child, now);
    if (to.kind === 'rekey-child') this.#childRekeyAnswered(channel, to.offer, to.isRetry, answer, now);
    if (to.kind === 'rekey-ike') this.#ikeRekeyAnswered(channel, to.offer, to.isRetry, answer, now);
  }

  #answerIkeRekey(channel: Channel, request: IkeMessage, now: Instant): readonly Payload[] {
    const host = this.#host;
    const own = channel.outstanding?.kind;
    const isBusy = own !== undefined && own !== 'liveness' && own !== 'rekey-ike';
    if (isBusy || this.#theirs !== undefined) return temporaryFailure;
    const answer = respondRekeyIke(host, channel.sa, request, host.newIkeSpi());
    if (answer.kind === 'refused') return answer.payloads;
    const next = host.open(answer.next, now);
    if (next === undefined) return noAdditionalSas;
    if (own === 'rekey-ike') this.#theirs = { channel: next, nonces: answer.next.nonces };
    else this.#replace(channel, next, 'client', now);
    return answer.payloads;
  }

  #answerChild(channel: Channel, request: IkeMessage, now: Instant): readonly Payload[] {
    if (channel.outstanding?.kind === 'rekey-ike') return temporaryFailure;
    const rekey = notifyOf(request, notifyType.REKEY_SA);
    const old = rekey === undefined ? undefined : this.#named(rekey);
    if (rekey !== undefined && old === undefined) {
      const { protocol, spi } = rekey;
      return [{ ...ikeNotify(notifyType.CHILD_SA_NOT_FOUND), protocol, spi }];
    }
    if (old !== undefined && old.phase !== 'live') return temporaryFailure;
    if (this.children.full) return noAdditionalSas;
    const answer = respondCreateChild(this.#host, channel.sa, this.addresses, request);
    if (answer.kind === 'refused') return answer.payloads;
    const { parameters, nonces } = answer.child;
    const alike = old === undefined ? this.children.alike(parameters.selectors) : [];
    const isCopy = notifyOf(request, notifyType.SA_RESOURCE_INFO) !== undefined;
    if (isCopy && alike.length >= (this.#host.config.resources ?? Number.POSITIVE_INFINITY)) {
      this.#host.freeSpi(parameters.inbound.spi);
      return [ikeNotify(notifyType.TS_MAX_QUEUE)];
    }
    const waits = old !== undefined || this.children.covers(parameters.selectors);
    const rekeyAt = this.#rekeyChildAt(now);
    const child = this.children.install(parameters, this.#host.endpoint(), rekeyAt, waits, old);
    if (this.#host.config.habits?.oneChildOnly) for (const each of alike) this.#closeAt(each, now);
    if (old !== undefined) {
      old.phase = 'replaced';
      old.successor = { inbound: child.inbound, nonces };
      this.#rekeyed('child', 'client');
    }
    return [...answer.payloads, ...answerResources(this.#host.config, request)];
  }

  #named({ protocol, spi }: NotifyPayload): Child | undefined {
    if (protocol !== securityProtocol.ESP || spi.length !== 4) return undefined;
    return this.children.byOutbound(readU32(spi, 0));
  }

  #startChildRekey(old: Child, now: Instant, group?: number): void {
    const offer = offerChildRekey(this.#host, old, group);
    old.rekeyAt = undefined;
    const purpose = { kind: 'rekey-child', offer, isRetry: group !== undefined } as const;
    this.#host.current().request(exchangeType.CREATE_CHILD_SA, offer.payloads, purpose, now);
  }

  #childRekeyAnswered(
    channel: Channel,
    offer: ChildOffer,
    isRetry: boolean,
    answer: IkeMessage | undefined,
    now: Instant,
  ): void {
    const { old } = offer;
    const refusal = answer === undefined ? undefined : errorIn(answer);
    const made =
      answer === undefined || refusal !== undefined
        ? undefined
        : acceptChildRekey(this.#host, channel.sa, offer, answer);
    offer.keyExchange?.secret.wipe();
    if (!made?.ok) {
      this.#host.freeSpi(offer.inboundSpi);
      this.#childRekeyRefused(old, isRetry, refusal, now);
      return;
    }
    const { parameters, nonces } = made.value;
    const loses = old.successor !== undefined && losesCollision(nonces, old.successor.nonces);
    const rekeyAt = this.#rekeyChildAt(now);
    const child = this.children.install(parameters, this.#host.endpoint(), rekeyAt, loses, old);
    if (loses) {
      this.#closeAt(child, now);
      return;
    }
    this.#rekeyed('child', 'gateway');
    // Both sides know by the nonces that the client deletes its own.
    const rival = old.successor && this.children.byInbound(old.successor.inbound);
    if (rival !== undefined) rival.phase = 'replaced';
    this.#closeAt(old, after(now, this.#host.config.habits?.deleteOldLateMs ?? 0));
  }

  #childRekeyRefused(old: Child, isRetry: boolean, refusal: NotifyPayload | undefined, now: Instant): void {
    const isGone = this.children.byInbound(old.inbound) === undefined;
    // The client has replaced or deleted it before it heard of our rekey, which is why that failed.
    if (isGone || old.successor !== undefined) return;
    switch (refusal?.type) {
      case notifyType.TEMPORARY_FAILURE:
        old.rekeyAt = this.#retryAt(now);
        return;
      case notifyType.CHILD_SA_NOT_FOUND:
        this.children.remove(old, now);
        return;
      case notifyType.INVALID_KE_PAYLOAD: {
        const group = groupIn(refusal);
        if (!isRetry && group !== undefined && childKeyExchanges(this.#host.config).includes(group)) {
          this.#startChildRekey(old, now, group);
          return;
        }
      }
    }
    this.#failed('child', refusal);
  }

  #startIkeRekey(now: Instant, group?: number): boolean {
    const offer = offerRekeyIke(this.#host, this.#host.newIkeSpi(), group);
    this.#rekeyIkeAt = undefined;
    if (offer === undefined) return false;
    const purpose = { kind: 'rekey-ike', offer, isRetry: group !== undefined } as const;
    this.#host.current().request(exchangeType.CREATE_CHILD_SA, offer.payloads, purpose, now);
    return true;
  }

  #ikeRekeyAnswered(
    channel: Channel,
    offer: IkeOffer,
    isRetry: boolean,
    answer: IkeMessage | undefined,
    now: Instant,
  ): void {
    const refusal = answer === undefined ? undefined : errorIn(answer);
    const made =
      answer === undefined || refusal !== undefined
        ? undefined
        : acceptRekeyIke(this.#host, channel.sa, offer, answer);
    offer.secret.wipe();
    const theirs = this.#theirs;
    const next = made?.ok ? this.#host.open(made.value, now) : undefined;
    if (!made?.ok || next === undefined) {
      if (!this.fallBack(now)) this.#ikeRekeyRefused(isRetry, refusal, now);
      return;
    }
    this.#theirs = undefined;
    if (theirs !== undefined && losesCollision(made.value.nonces, theirs.nonces)) {
      this.#replace(channel, theirs.channel, 'client', now);
      next.phase = 'replaced';
      next.deleteAt = now;
      return;
    }
    this.#replace(channel, next, 'gateway', now);
    if (theirs === undefined) return;
    theirs.channel.phase = 'replaced';
    theirs.channel.forgetAt = after(now, limits.gatewayReplacedMs);
  }

  #ikeRekeyRefused(isRetry: boolean, refusal: NotifyPayload | undefined, now: Instant): void {
    if (refusal?.type === notifyType.TEMPORARY_FAILURE) {
      this.#rekeyIkeAt = this.#retryAt(now);
      return;
    }
    const group = refusal?.type === notifyType.INVALID_KE_PAYLOAD ? groupIn(refusal) : undefined;
    if (!isRetry && group !== undefined && this.#startIkeRekey(now, group)) return;
    this.#failed('ike', refusal);
  }

  /** Whoever began the rekey deletes the old IKE SA; if that is the client and it never does, it is forgotten. */
  #replace(old: Channel, next: Channel, by: 'client' | 'gateway', now: Instant): void {
    old.phase = 'replaced';
    if (by === 'gateway') old.deleteAt = after(now, this.#host.config.habits?.deleteOldLateMs ?? 0);
    else old.forgetAt = after(now, limits.gatewayReplacedMs);
    this.#host.adopt(next);
    this.#rekeyIkeAt = inTime(this.#host.config.rekeyIkeMs, now);
    this.#rekeyed('ike', by);
  }

  #closeAt(child: Child, at: Instant): void {
    child.phase = 'closing';
    child.deleteAt = at;
  }

  #sendDelete(child: Child, now: Instant): void {
    child.phase = 'deleting';
    child.deleteAt = undefined;
    const purpose = { kind: 'delete-child', child } as const;
    this.#host
      .current()
      .request(exchangeType.INFORMATIONAL, [buildChildDelete([child.inbound])], purpose, now);
  }

  #rekeyChildAt(now: Instant): Instant | undefined {
    return inTime(this.#host.config.rekeyChildMs, now);
  }

  /** Both sides may have been told to come again later: a random wait keeps them from colliding for ever. */
  #retryAt(now: Instant): Instant {
    const wait = this.#host.config.rekeyRetryMs ?? defaultRetryMs;
    const jitter = (this.#host.dependencies.random.octets(1)[0] ?? 0) / 256;
    return after(now, Math.round(wait * (1 + jitter)));
  }

  #rekeyed(what: RekeyTarget, by: 'client' | 'gateway'): void {
    this.#host.emit({ kind: 'rekeyed', client: this.#host.id, what, by });
  }

  #failed(what: RekeyTarget, refusal: NotifyPayload | undefined): void {
    const output = { kind: 'rekey-failed', client: this.#host.id, what } as const;
    this.#host.emit(refusal === undefined ? output : { ...output, notify: refusal.type });
  }
}

function errorIn(message: IkeMessage): NotifyPayload | undefined {
  return payloadsOf(message, 'N').find(({ type }) => isErrorNotify(type));
}

/** The group that INVALID_KE_PAYLOAD asks for. @rfc 7296 1.3 */
function groupIn({ data }: NotifyPayload): number | undefined {
  return data.length === 2 ? readU16(data, 0) : undefined;
}

function inTime(wait: Duration | undefined, now: Instant): Instant | undefined {
  return wait === undefined ? undefined : after(now, wait);
}
