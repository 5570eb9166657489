import { decodeMessage } from '../../core/wire/ike/message.ts';
import { Air, type Cargo } from './air.ts';
import { ClientSide } from './client-side.ts';
import { EventQueue } from './event-queue.ts';
import { Forgers } from './forgers.ts';
import { GatewaySide } from './gateway-side.ts';
import { ForgetfulNat, idleMs, type NatStory } from './idle.ts';
import { hasFurtherChild } from './parties.ts';
import { SealMemory } from './sim-crypto.ts';
import type { Deed, Story } from './story.ts';
import type { Surroundings } from './surroundings.ts';
import { notate, type Trace } from './trace.ts';
import { Violation } from './violation.ts';
import { WireWatch } from './wire-watch.ts';

/** After so much good network the tunnel must carry traffic: silence noticed, login repeated, a slow user included. */
const settleMs = 150_000;
/** What a gateway takes to forget everybody who is gone. */
const forgetMs = 400_000;
const mostEvents = 200_000;

export interface Totals {
  readonly logins: number;
  readonly rekeys: number;
  readonly packets: number;
  readonly events: number;
  readonly virtualMs: number;
}

/** Both sides and the network between them, in a time of their own. */
export class World {
  readonly #story: Story;
  readonly #queue = new EventQueue();
  readonly #memory = new SealMemory();
  readonly #air: Air;
  readonly #watches = {
    client: new WireWatch('client', this.#memory),
    gateway: new WireWatch('gateway', this.#memory),
  };
  readonly #client: ClientSide;
  readonly #gateway: GatewaySide;
  readonly #forgers: Forgers | undefined;
  readonly #trace: Trace;
  #now = 1_000;
  #events = 0;
  #deedsLeft = 0;
  #asleepUntil = 0;
  #badUntil = 0;
  #carrying = true;
  /** In the long silence at the end. */
  #nat: ForgetfulNat | undefined;

  constructor(story: Story, trace: Trace) {
    this.#story = story;
    this.#trace = trace;
    this.#air = new Air(story);
    this.#forgers = story.forgers && new Forgers(story, story.forgers, this.#memory);
    const around: Surroundings = {
      story,
      memory: this.#memory,
      trace,
      now: () => this.#now,
      hasImposter: () => this.#gateway.isImposter,
      // What a user or the machine does waits until the machine is awake.
      later: (ms, run) => this.#queue.add(this.#now + ms, () => this.#whenAwake(run)),
    };
    this.#client = new ClientSide(
      around,
      this.#watches.client,
      (octets, via, whole) => this.#fly('gateway', { kind: 'ike', octets, via, intact: true, whole }),
      () => this.#throughNat(),
    );
    this.#gateway = new GatewaySide(around, this.#watches.gateway, (octets, to, via) => {
      if (this.#air.reachesClient(to, via)) this.#fly('client', { kind: 'ike', octets, via, intact: true });
    });
  }

  /** @throws Violation of what must always hold, and whatever the engines throw. */
  run(): Totals {
    this.#deedsLeft = this.#story.deeds.length;
    for (const { at, deed } of this.#story.deeds) {
      this.#queue.add(this.#now + at, () => this.#whenAwake(() => this.#do(deed)));
    }
    this.#queue.add(this.#now, () => this.#traffic());
    this.#client.connect();
    this.#until(this.#story.ms);
    while (this.#deedsLeft > 0 || this.#now < this.#badUntil)
      this.#until(Math.max(this.#badUntil, this.#now + 1_000));
    this.#until(this.#now + settleMs);
    this.#demandTraffic();
    this.#demandOneChild();
    if (this.#story.nat !== undefined) this.#beIdle(this.#story.nat);
    this.#leave();
    return {
      logins: this.#client.logins,
      rekeys: this.#client.rekeys,
      packets: this.#client.received + this.#gateway.received,
      events: this.#events,
      virtualMs: this.#now,
    };
  }

  /** Where the gateway ends logins now and then, one may be under way: then a little later. */
  #demandTraffic(): void {
    const { habits, authLifetimeMs } = this.#story;
    const mayEnd = Object.keys(habits).length > 0 || authLifetimeMs !== undefined;
    for (let tries = mayEnd ? 16 : 1; tries > 0; tries--) {
      const missing = this.#missingTraffic();
      if (missing === undefined) return;
      if (tries === 1) throw new Violation('liveness', missing);
      // Never the same wait, so that it does not keep step with the logins.
      this.#until(this.#now + 500 * tries + 3_000);
    }
  }

  #missingTraffic(): string | undefined {
    const before = { client: this.#client.received, gateway: this.#gateway.received };
    this.#until(this.#now + 4 * this.#story.trafficMs + 2_000);
    if (!this.#client.isUp) return `the network is good, and the client is ${this.#client.state}`;
    if (this.#client.received === before.client) return 'the client hears nothing through the tunnel';
    if (this.#gateway.received === before.gateway) return 'the gateway hears nothing through the tunnel';
    return undefined;
  }

  /** A rekey leaves one SA, whoever else began one at the same time. Where SAs or logins end soon, the next one may be under way. */
  #demandOneChild(): void {
    const { lifetimes, habits, authLifetimeMs, calm } = this.#story;
    const others = [lifetimes.client, lifetimes.gateway, habits.deleteOldLateMs, authLifetimeMs];
    if (others.some((one) => one !== undefined)) return;
    // A login that came late has its early rekey now, whose old SA takes late packets for a while.
    const wanted = hasFurtherChild(this.#story) ? 2 : 1;
    if (this.#client.dataplane.size !== wanted) this.#until(this.#now + 40_000);
    const atGateway = calm ? [...this.#gateway.guests.values()] : [];
    for (const { size } of [this.#client.dataplane, ...atGateway.map(({ dataplane }) => dataplane)]) {
      if (size !== wanted) throw new Violation('leftover', `${size} CHILD SAs where ${wanted} should be`);
    }
  }

  /** Nobody has anything to say for a long time, but for keepalives and what the gateway says of its own accord. */
  #beIdle(story: NatStory): void {
    const { gatewayEveryMs } = story;
    this.#carrying = false;
    const logins = this.#client.logins;
    this.#nat = new ForgetfulNat(story, this.#client.sentAt);
    const until = this.#now + idleMs;
    while (this.#now < until) {
      this.#until(this.#now + (gatewayEveryMs ?? 60_000));
      if (gatewayEveryMs !== undefined) this.#gatewaySpeaks();
    }
    this.#nat.judge();
    this.#nat = undefined;
    if (this.#client.logins !== logins) throw new Violation('idle', 'the silence ended the connection');
  }

  #gatewaySpeaks(): void {
    for (const { dataplane, remote } of this.#gateway.guests.values()) {
      const packet = dataplane.send();
      if (packet !== undefined && this.#air.reachesClient(remote, 'nat-traversal'))
        this.#fly('client', { kind: 'esp', packet });
    }
  }

  #throughNat(): void {
    if (this.#nat?.passOut(this.#now) === true) this.#air.rebind();
  }

  #leave(): void {
    this.#client.stay = true;
    this.#carrying = false;
    this.#client.handle({ kind: 'disconnect' });
    this.#until(this.#now + 60_000);
    if (!this.#client.finished)
      throw new Violation('liveness', `the client does not get away: ${this.#client.state}`);
    this.#until(this.#now + forgetMs);
    const { halfOpen, clients } = this.#gateway.counters;
    if (halfOpen > 0) throw new Violation('leftover', `${halfOpen} half-open SAs`);
    const mayForget = this.#story.calm || this.#story.gatewayLivenessMs !== undefined;
    if (mayForget && clients > 0) throw new Violation('leftover', `${clients} clients that are long gone`);
  }

  /** Lets everything happen that happens before `until`. */
  #until(until: number): void {
    for (;;) {
      const client = this.#later(this.#client.nextWakeup(), this.#asleepUntil);
      const gateway = this.#later(this.#gateway.nextWakeup(), 0);
      const event = this.#queue.nextAt ?? Number.POSITIVE_INFINITY;
      const next = Math.min(client, gateway, event);
      if (next > until) break;
      if (++this.#events > mostEvents) throw new Violation('endless', `more than ${mostEvents} events`);
      this.#now = Math.max(this.#now, next);
      if (event === next) this.#queue.take()?.();
      else if (client === next) this.#client.timeout();
      else this.#gateway.timeout();
    }
    this.#now = Math.max(this.#now, until);
  }

  #later(wakeup: number | undefined, notBefore: number): number {
    return wakeup === undefined ? Number.POSITIVE_INFINITY : Math.max(wakeup, notBefore, this.#now);
  }

  #whenAwake(run: () => void): void {
    if (this.#now >= this.#asleepUntil) run();
    else this.#queue.add(this.#asleepUntil, run);
  }

  #fly(to: 'client' | 'gateway', cargo: Cargo): void {
    if (to === 'gateway') this.#throughNat();
    const copies = this.#air.send(cargo, this.#now);
    if (cargo.kind === 'ike') {
      const fate = copies.length === 0 ? ' (lost)' : copies.length > 1 ? ` (${copies.length} times)` : '';
      const arrow = to === 'gateway' ? 'client ⇒ gateway' : 'gateway ⇒ client';
      this.#trace.note(this.#now, () => `${arrow} ${notate(cargo.octets, this.#memory)}${fate}`);
    }
    if (to === 'gateway') this.#overhear(cargo);
    for (const copy of copies) {
      this.#queue.add(this.#now + copy.afterMs, () =>
        to === 'client' ? this.#atClient(copy.cargo) : this.#atGateway(copy.cargo),
      );
    }
  }

  #overhear(cargo: Cargo): void {
    if (cargo.kind !== 'ike' || this.#forgers === undefined) return;
    const { octets, via } = cargo;
    for (const said of this.#forgers.hear(octets, this.#air.outside(via), via, this.#now)) {
      const { afterMs, ...rest } = said;
      this.#trace.note(this.#now, () => `forger ⇒ client ${notate(rest.octets, this.#memory)}`);
      this.#queue.add(this.#now + afterMs, () => this.#atClient({ kind: 'ike', intact: true, ...rest }));
    }
  }

  #atClient(cargo: Cargo): void {
    if (this.#now < this.#asleepUntil || this.#nat?.passIn(this.#now) === false) return;
    if (cargo.kind === 'esp') {
      const wasUp = this.#client.isUp && this.#client.judging === 0;
      if (this.#client.receive(cargo.packet) === 'unknown' && wasUp) this.#lost('client', cargo.packet.spi);
      return;
    }
    if (!this.#client.listensFor(cargo.octets)) return;
    if (cargo.intact && this.#decodes(cargo.octets)) this.#watches.client.hears(cargo.octets);
    this.#client.hear(cargo.octets.slice(), cargo.via);
  }

  #atGateway(cargo: Cargo): void {
    if (cargo.kind === 'esp') {
      const verdict = this.#gateway.receiveEsp(cargo.packet, this.#air.outside('nat-traversal'));
      if (verdict === 'unknown' && this.#client.isUp) this.#lost('gateway', cargo.packet.spi);
      return;
    }
    if (cargo.intact && this.#decodes(cargo.octets)) this.#watches.gateway.hears(cargo.octets);
    this.#gateway.receiveIke(cargo.octets.slice(), this.#air.outside(cargo.via), cargo.via);
  }

  #decodes(octets: Uint8Array): boolean {
    return decodeMessage(octets).ok;
  }

  #lost(side: string, spi: number): void {
    this.#trace.note(this.#now, () => `${side} does not know SPI ${spi}`);
    if (this.#story.calm && this.#carrying) {
      throw new Violation('make-before-break', `${side}: a packet on SPI ${spi}, which is not installed`);
    }
  }

  /** Both sides send a packet, again and again. */
  #traffic(): void {
    if (!this.#carrying) return;
    this.#queue.add(this.#now + this.#story.trafficMs, () => this.#traffic());
    if (this.#now >= this.#asleepUntil && this.#client.isUp) {
      const packet = this.#client.sendPacket();
      if (packet !== undefined) this.#fly('gateway', { kind: 'esp', packet });
      else if (this.#story.calm)
        throw new Violation('make-before-break', 'the client is up and has nothing to send on');
    }
    this.#gatewaySpeaks();
  }

  #do(deed: Deed): void {
    this.#trace.note(this.#now, () => `*** ${JSON.stringify(deed)}`);
    this.#deedsLeft -= 1;
    if ('ms' in deed) this.#badUntil = Math.max(this.#badUntil, this.#now + deed.ms);
    switch (deed.kind) {
      case 'rebind':
        return this.#air.rebind();
      case 'move':
        this.#air.move();
        return this.#client.roam();
      case 'restart-gateway':
        return this.#gateway.restart();
      case 'disconnect':
        return this.#client.handle({ kind: 'disconnect' });
      case 'gateway-disconnect':
        return this.#gateway.disconnectAll();
      case 'probe':
        return this.#client.handle({ kind: 'network-changed' });
      case 'sleep':
        this.#asleepUntil = this.#now + deed.ms;
        // The machine notices that it slept.
        return this.#queue.add(this.#asleepUntil, () =>
          this.#whenAwake(() => this.#client.handle({ kind: 'network-changed' })),
        );
      case 'outage':
        return this.#air.outage(this.#now + deed.ms);
      case 'rekey':
        return this.#rekey(deed);
    }
  }

  #rekey({ by, what }: Extract<Deed, { readonly kind: 'rekey' }>): void {
    const inboundSpi = this.#client.dataplane.currentSpi;
    if (by !== 'gateway' && what === 'child' && inboundSpi !== undefined) {
      this.#client.handle({ kind: 'rekey-due', inboundSpi });
    }
    if (by !== 'client') this.#gateway.rekey(what);
  }
}
