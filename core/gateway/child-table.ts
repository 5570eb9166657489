import type { Endpoint } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { after, type Instant } from '../base/time.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import type { NoncePair } from '../ike/keymat.ts';
import type { Spi } from '../wire/ike/payload.ts';
import { type SelectorPair, sameSelectors } from '../wire/ike/selector-pair.ts';
import type { ClientId, GatewayOutput } from './io.ts';

/** One CHILD SA of a client. */
export interface Child {
  readonly inbound: Spi;
  readonly outbound: Spi;
  readonly selectors: SelectorPair;
  /** Which of several with the same selectors. @rfc 9611 */
  readonly resource: number;
  /** When we replace it. */
  rekeyAt: Instant | undefined;
  /**
   * `live`; `replaced`: the client has made `successor` and will delete this one; `closing`: we are about to delete it;
   * `deleting`: our DELETE is on the wire.
   */
  phase: 'live' | 'replaced' | 'closing' | 'deleting';
  /** When one that is `closing` is deleted. */
  deleteAt: Instant | undefined;
  /** What the client made to replace it, and in which exchange. */
  successor: { readonly inbound: Spi; readonly nonces: NoncePair } | undefined;
  /** The one with the highest turn sends; 0: nothing is sent on it yet, because the client may not have it. */
  turn: number;
}

/** ESP packets overtake each other, and IKE overtakes ESP. */
const lingerMs = 3_000;

/** The CHILD SAs of one client, and what the data plane is told of them. */
export class ChildTable {
  readonly #client: ClientId;
  readonly #emit: (output: GatewayOutput) => void;
  #children: readonly Child[] = [];
  #nextTurn = 1;
  /** Deleted and replaced: they still receive what their DELETE has overtaken. */
  #lingering: readonly { readonly inbound: Spi; readonly until: Instant }[] = [];

  constructor(client: ClientId, emit: (output: GatewayOutput) => void) {
    this.#client = client;
    this.#emit = emit;
  }

  get all(): readonly Child[] {
    return this.#children;
  }

  get full(): boolean {
    return this.#children.length >= limits.gatewayChildren;
  }

  byInbound(spi: Spi): Child | undefined {
    return this.#children.find(({ inbound }) => inbound === spi);
  }

  /** The client names a CHILD SA by what it receives on. @rfc 7296 1.3.3 @rfc 7296 1.4.1 */
  byOutbound(spi: Spi): Child | undefined {
    return this.#children.find(({ outbound }) => outbound === spi);
  }

  /** A child with the same selectors carries traffic: a new one need not take over before the client has it. */
  covers(selectors: SelectorPair): boolean {
    return this.#children.some((child) => sameSelectors(child.selectors, selectors));
  }

  /** Those with the same selectors that nothing has replaced yet. */
  alike(selectors: SelectorPair): readonly Child[] {
    return this.#children.filter(
      (child) => child.phase === 'live' && sameSelectors(child.selectors, selectors),
    );
  }

  /** `replaces`: the one whose place it takes. */
  install(
    parameters: ChildSaParameters,
    remote: Endpoint,
    rekeyAt: Instant | undefined,
    isStandby: boolean,
    replaces?: Child,
  ): Child {
    const taken = this.alike(parameters.selectors).map(({ resource }) => resource);
    const free = taken.findIndex((_, index) => !taken.includes(index));
    const resource = replaces?.resource ?? (free < 0 ? taken.length : free);
    const child: Child = {
      inbound: parameters.inbound.spi,
      outbound: parameters.outbound.spi,
      selectors: parameters.selectors,
      resource,
      rekeyAt,
      phase: 'live',
      deleteAt: undefined,
      successor: undefined,
      turn: isStandby ? 0 : this.#nextTurn++,
    };
    this.#children = [...this.#children, child];
    const common = { kind: 'child-install', client: this.#client, child: parameters } as const;
    const output = { ...common, remote, resource };
    this.#emit(isStandby ? { ...output, outbound: 'standby' } : output);
    return child;
  }

  /** The client has it, so it may be sent on. */
  use(child: Child): void {
    if (child.turn === 0) this.#switchTo(child);
  }

  #switchTo(child: Child): void {
    child.turn = this.#nextTurn++;
    this.#emit({ kind: 'child-switch-outbound', client: this.#client, inboundSpi: child.inbound });
  }

  nextWakeup(): Instant | undefined {
    return this.#lingering[0]?.until;
  }

  /** Removes what has received long enough. */
  tick(now: Instant): void {
    const over = this.#lingering.filter(
      ({ until }, at) => until <= now || at < this.#lingering.length - limits.gatewayChildren,
    );
    this.#lingering = this.#lingering.filter((entry) => !over.includes(entry));
    for (const { inbound } of over) this.#emitRemove(inbound);
  }

  /**
   * Whoever waits to take over from it does so first. What the client made to replace another and deletes again has replaced
   * nothing. Where another one carries the traffic, the data plane keeps this one for a moment, to receive.
   */
  remove(child: Child, now: Instant): void {
    if (!this.#children.includes(child)) return;
    this.#children = this.#children.filter((other) => other !== child);
    for (const other of this.#children) {
      if (other.successor?.inbound !== child.inbound) continue;
      other.successor = undefined;
      if (other.phase === 'replaced') other.phase = 'live';
    }
    const heirs = this.#children.filter(
      (other) => other.phase === 'live' && sameSelectors(other.selectors, child.selectors),
    );
    const heir = heirs.find(({ turn }) => turn === 0) ?? heirs.toSorted((a, b) => b.turn - a.turn)[0];
    const isSending = child.turn > 0 && heirs.every(({ turn }) => turn < child.turn);
    if (heir !== undefined && isSending) this.#switchTo(heir);
    if (heir === undefined) this.#emitRemove(child.inbound);
    else this.#lingering = [...this.#lingering, { inbound: child.inbound, until: after(now, lingerMs) }];
    this.tick(now);
  }

  clear(): void {
    const children = [...this.#lingering, ...this.#children];
    this.#children = [];
    this.#lingering = [];
    for (const { inbound } of children) this.#emitRemove(inbound);
  }

  #emitRemove(inboundSpi: Spi): void {
    this.#emit({ kind: 'child-remove', client: this.#client, inboundSpi });
  }
}
