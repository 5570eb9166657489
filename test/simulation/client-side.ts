import { type Failure, formatFailure } from '../../core/base/errors.ts';
import { Secret } from '../../core/base/secret.ts';
import { instant } from '../../core/base/time.ts';
import type { IkeSa } from '../../core/ike/ike-sa.ts';
import type { IkeAsk, IkeInput, IkeOutput, IkePort } from '../../core/ike/io.ts';
import type { Spi } from '../../core/wire/ike/payload.ts';
import { createSimClient } from './parties.ts';
import { KeyLedger, type SealMemory, simSpki } from './sim-crypto.ts';
import { SimDataplane, type SimPacket } from './sim-dataplane.ts';
import type { Story } from './story.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import type { WireWatch } from './wire-watch.ts';

/** What the client's side needs of the world around it. */
export interface Surroundings {
  readonly story: Story;
  readonly memory: SealMemory;
  readonly trace: Trace;
  now(): number;
  later(ms: number, run: () => void): void;
}

/** More than any input can call for: it would be a queue that grows. */
const outputsPerInput = 64;

/** The driver of the engine: one login after the other, as a user who wants to be connected would have it. */
export class ClientSide {
  readonly #around: Surroundings;
  readonly #watch: WireWatch;
  readonly #send: (octets: Uint8Array, via: IkePort) => void;
  readonly #everUsed = new Set<Spi>();
  #engine: IkeSa;
  #ledger = new KeyLedger();
  #generation = 0;
  #closed = false;
  #leaving = false;
  #moves = 0;
  #lastTrafficSeen = 0;
  /** No login follows the next end. */
  stay = false;
  dataplane: SimDataplane;
  received = 0;
  logins = 0;
  rekeys = 0;

  constructor(around: Surroundings, watch: WireWatch, send: (octets: Uint8Array, via: IkePort) => void) {
    this.#around = around;
    this.#watch = watch;
    this.#send = send;
    this.dataplane = new SimDataplane('client', this.#everUsed);
    this.#engine = createSimClient(around.story, around.memory, this.#ledger, 0);
  }

  get state(): IkeSa['state'] {
    return this.#engine.state;
  }

  /** Established, and not about to leave. */
  get isUp(): boolean {
    return this.#engine.state === 'established';
  }

  nextWakeup(): number | undefined {
    return this.#engine.nextWakeup();
  }

  connect(): void {
    const { story, memory } = this.#around;
    this.#ledger = new KeyLedger();
    this.#generation += 1;
    this.#engine = createSimClient(story, memory, this.#ledger, this.#generation);
    this.#closed = false;
    this.#leaving = false;
    this.dataplane = new SimDataplane('client', this.#everUsed);
    this.handle({ kind: 'command', command: { kind: 'connect' } });
  }

  /** The machine has another address now. */
  roam(): void {
    this.#moves += 1;
    const octets = Uint8Array.of(192, 168, 2 + (this.#moves % 250), 5);
    const local = { address: { family: 4, octets }, port: 50_000 } as const;
    this.handle({ kind: 'command', command: { kind: 'roam', local } });
  }

  disconnect(): void {
    this.#leaving = true;
    this.handle({ kind: 'command', command: { kind: 'disconnect' } });
  }

  timeout(): void {
    this.handle({ kind: 'timeout' });
    const next = this.#engine.nextWakeup();
    if (next !== undefined && next <= this.#around.now()) {
      throw new Violation('timer', `the engine wants a wake-up at ${next}, which has been`);
    }
  }

  receive(packet: SimPacket): 'received' | 'unknown' {
    const verdict = this.dataplane.receive(packet);
    if (verdict === 'unknown') return 'unknown';
    this.received += 1;
    const now = instant(this.#around.now());
    if (verdict === 'first') {
      this.handle({ kind: 'command', command: { kind: 'child-used', inboundSpi: packet.spi } });
    }
    // As the daemon does: not for every packet.
    if (now - this.#lastTrafficSeen >= 1_000) {
      this.#lastTrafficSeen = now;
      this.handle({ kind: 'command', command: { kind: 'traffic-seen', at: now } });
    }
    return 'received';
  }

  handle(input: IkeInput): void {
    const engine = this.#engine;
    engine.handle(input, instant(this.#around.now()));
    let count = 0;
    for (let output = engine.poll(); output !== undefined; output = engine.poll()) {
      if (this.#closed) throw new Violation('closed-engine', `a closed engine says ${output.kind}`);
      if (++count > outputsPerInput)
        throw new Violation('bounds', `more than ${outputsPerInput} outputs for one input`);
      this.#act(output);
    }
    if (this.#closed && engine.nextWakeup() !== undefined) {
      throw new Violation('closed-engine', 'a closed engine wants a wake-up');
    }
  }

  #act(output: IkeOutput): void {
    const { trace, now } = { trace: this.#around.trace, now: this.#around.now() };
    switch (output.kind) {
      case 'transmit':
        this.#watch.sends(output.octets);
        return this.#send(output.octets, output.via);
      case 'ask':
        return this.#answerLater(output.id, output.ask);
      case 'child-install':
        trace.note(
          now,
          () => `client installs ${pair(output.child)}${output.outbound === 'standby' ? ', on standby' : ''}`,
        );
        return this.dataplane.install(output.child, output.outbound === 'standby');
      case 'child-switch-outbound':
        trace.note(now, () => `client sends on ${output.inboundSpi} from now on`);
        return this.dataplane.switchOutbound(output.inboundSpi);
      case 'child-remove':
        trace.note(now, () => `client removes ${output.inboundSpi}`);
        return this.dataplane.remove(output.inboundSpi);
      case 'established':
        this.logins += 1;
        return trace.note(now, () => 'client is established');
      case 'rekeyed':
        this.rekeys += 1;
        return trace.note(now, () => `client: ${output.what} SA replaced`);
      case 'rekey-failed':
        return trace.note(
          now,
          () => `client: ${output.what} SA not replaced: ${formatFailure(output.error)}`,
        );
      case 'closed':
        return this.#end(output.error);
      case 'roamed':
        return trace.note(now, () => 'client: the gateway follows');
      case 'peer-addresses':
      case 'auth-lifetime':
      case 'phase':
      case 'proven':
      case 'config-assigned':
        return;
    }
  }

  #answerLater(id: number, ask: IkeAsk): void {
    const { story, later, now } = this.#around;
    const engine = this.#engine;
    // Who mistypes the password finds out, and does not do it for ever.
    const wrong = story.wrongPassword && now() < story.ms;
    const answer =
      ask.kind === 'credential'
        ? ({ kind: 'credential', secret: Secret.fromText(wrong ? 'wrong' : 'correct horse') } as const)
        : ({ kind: 'certificate-verdict', verdict: { ok: true, spki: simSpki } } as const);
    later(story.answerMs, () => {
      if (engine === this.#engine) this.handle({ kind: 'answer', id, answer });
    });
  }

  #end(error: Failure | undefined): void {
    const { trace, now, later } = this.#around;
    trace.note(now(), () => `client is closed: ${error === undefined ? 'as asked' : formatFailure(error)}`);
    this.#closed = true;
    if (error === undefined && !this.#leaving)
      throw new Violation('unnamed-end', 'the engine ends and does not say why');
    const unwiped = this.#ledger.unwiped();
    if (unwiped.length > 0) throw new Violation('keys-not-wiped', unwiped.join(', '));
    if (this.dataplane.size > 0)
      throw new Violation('data-plane', 'an SA stays in the data plane of a closed engine');
    if (this.stay) return;
    const generation = this.#generation;
    later(3_000, () => {
      if (this.#closed && !this.stay && generation === this.#generation) this.connect();
    });
  }
}

export function pair({
  inbound,
  outbound,
}: {
  readonly inbound: { readonly spi: Spi };
  readonly outbound: { readonly spi: Spi };
}): string {
  return `${inbound.spi} in, ${outbound.spi} out`;
}
