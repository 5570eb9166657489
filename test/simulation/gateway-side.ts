import type { Endpoint } from '../../core/base/address.ts';
import { formatFailure } from '../../core/base/errors.ts';
import { limits } from '../../core/base/limits.ts';
import { instant } from '../../core/base/time.ts';
import type { ClientId, Gateway, GatewayOutput } from '../../core/gateway/io.ts';
import type { IkePort } from '../../core/ike/io.ts';
import type { Spi } from '../../core/wire/ike/payload.ts';
import { pair } from './client-words.ts';
import { createSimGateway, isImposter } from './parties.ts';
import { SimDataplane, type SimPacket } from './sim-dataplane.ts';
import type { Surroundings } from './surroundings.ts';
import { Violation } from './violation.ts';
import type { WireWatch } from './wire-watch.ts';

interface Guest {
  readonly dataplane: SimDataplane;
  remote: Endpoint;
}

/** The driver of the gateway, with a data plane for each of its clients. */
export class GatewaySide {
  readonly #around: Surroundings;
  readonly #watch: WireWatch;
  readonly #send: (octets: Uint8Array, to: Endpoint, via: IkePort) => void;
  readonly #everUsed = new Set<Spi>();
  #gateway: Gateway;
  #generation = 0;
  readonly guests = new Map<ClientId, Guest>();
  received = 0;

  constructor(
    around: Surroundings,
    watch: WireWatch,
    send: (octets: Uint8Array, to: Endpoint, via: IkePort) => void,
  ) {
    this.#around = around;
    this.#watch = watch;
    this.#send = send;
    this.#gateway = createSimGateway(around.story, around.memory, 0);
  }

  get counters(): Gateway['counters'] {
    return this.#gateway.counters;
  }

  get isImposter(): boolean {
    return isImposter(this.#around.story, this.#generation);
  }

  nextWakeup(): number | undefined {
    return this.#gateway.nextWakeup();
  }

  /** A fresh gateway in its place: it knows nobody. */
  restart(): void {
    this.#generation += 1;
    this.#gateway = createSimGateway(this.#around.story, this.#around.memory, this.#generation);
    this.guests.clear();
  }

  receiveIke(octets: Uint8Array, from: Endpoint, via: IkePort): void {
    this.#do((now) => this.#gateway.handle(octets, from, via, now));
  }

  timeout(): void {
    this.#do((now) => this.#gateway.timeout(now));
    const next = this.#gateway.nextWakeup();
    if (next !== undefined && next <= this.#around.now()) {
      throw new Violation('timer', `the gateway wants a wake-up at ${next}, which has been`);
    }
  }

  /** Everybody is thrown out. */
  disconnectAll(): void {
    for (const client of [...this.guests.keys()]) this.#do((now) => this.#gateway.disconnect(client, now));
  }

  rekey(what: 'child' | 'ike'): void {
    for (const client of [...this.guests.keys()]) this.#do((now) => this.#gateway.rekey(client, what, now));
  }

  receiveEsp(packet: SimPacket, from: Endpoint): 'received' | 'unknown' {
    for (const guest of this.guests.values()) {
      const verdict = guest.dataplane.receive(packet);
      if (verdict === 'unknown') continue;
      this.received += 1;
      guest.remote = from;
      if (verdict === 'first') this.#do((now) => this.#gateway.childUsed(packet.spi, now));
      return 'received';
    }
    return 'unknown';
  }

  #do(what: (now: ReturnType<typeof instant>) => void): void {
    what(instant(this.#around.now()));
    let count = 0;
    for (let output = this.#gateway.poll(); output !== undefined; output = this.#gateway.poll()) {
      if (++count > 256) throw new Violation('bounds', 'the gateway says more than 256 things at once');
      this.#act(output);
    }
    if (this.#gateway.counters.halfOpen > limits.gatewayHalfOpen)
      throw new Violation('bounds', 'too many half-open SAs');
  }

  #act(output: GatewayOutput): void {
    const { trace, now } = { trace: this.#around.trace, now: this.#around.now() };
    switch (output.kind) {
      case 'transmit':
        this.#watch.sends(output.octets);
        return this.#send(output.octets, output.to, output.via);
      case 'child-install': {
        trace.note(
          now,
          () =>
            `gateway installs ${pair(output.child)}${output.outbound === 'standby' ? ', on standby' : ''}`,
        );
        return this.#guest(output.client, output.remote).dataplane.install(
          output.child,
          output.outbound === 'standby',
        );
      }
      case 'child-switch-outbound':
        trace.note(now, () => `gateway sends on ${output.inboundSpi} from now on`);
        return this.guests.get(output.client)?.dataplane.switchOutbound(output.inboundSpi);
      case 'child-remove':
        trace.note(now, () => `gateway removes ${output.inboundSpi}`);
        return this.guests.get(output.client)?.dataplane.remove(output.inboundSpi);
      case 'client-down': {
        trace.note(now, () => `gateway: client ${output.client} is down (${output.reason})`);
        const left = this.guests.get(output.client)?.dataplane.size ?? 0;
        if (left > 0) throw new Violation('data-plane', 'an SA stays at the gateway when its client is down');
        this.guests.delete(output.client);
        return;
      }
      case 'login-failed':
        return trace.note(now, () => `gateway: login failed: ${formatFailure(output.error)}`);
      case 'client-up':
        return trace.note(now, () => `gateway: client ${output.client} is up`);
      case 'client-moved': {
        const guest = this.guests.get(output.client);
        if (guest !== undefined) guest.remote = output.remote;
        return;
      }
      case 'rekeyed':
        return trace.note(now, () => `gateway: ${output.what} SA replaced by the ${output.by}`);
      case 'rekey-failed':
        return trace.note(
          now,
          () => `gateway: ${output.what} SA not replaced (${output.notify ?? 'no notify'})`,
        );
    }
  }

  #guest(client: ClientId, remote: Endpoint): Guest {
    const known = this.guests.get(client) ?? {
      dataplane: new SimDataplane('gateway', this.#everUsed),
      remote,
    };
    this.guests.set(client, known);
    return known;
  }
}
