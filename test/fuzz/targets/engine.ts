import { type Instant, instant } from '../../../core/base/time.ts';
import type { Gateway } from '../../../core/gateway/io.ts';
import type { IkeSa } from '../../../core/ike/ike-sa.ts';
import type { IkeInput, IkePort } from '../../../core/ike/io.ts';
import { decodeMessage } from '../../../core/wire/ike/message.ts';
import { sealOctets, unsealOctets } from '../../../core/wire/ike/sk.ts';
import { Air } from '../../simulation/air.ts';
import { answerTo } from '../../simulation/logins.ts';
import { clientAddress, createSimClient, createSimGateway } from '../../simulation/parties.ts';
import { KeyLedger, SealMemory } from '../../simulation/sim-crypto.ts';
import { type Story, tellStory } from '../../simulation/story.ts';
import { mutate, Numbers } from '../mutator.ts';
import type { FuzzTarget } from '../target.ts';

/** Whose messages are changed: what the gateway says is the engine's input, and the other way round. */
export type Liar = 'gateway' | 'client';

const mostSteps = 600;
const virtualMs = 90_000;
const local = { address: clientAddress(0), port: 50_000 } as const;
const firstLogin = { gateway: 'vpn.example', wantedAddresses: [], beside: false } as const;

/**
 * Whole conversations whose messages are changed behind the encryption, sealed again with the right keys: what an authentic
 * but hostile peer can do. The octets say what is changed and how.
 */
export function engineTarget(liar: Liar): FuzzTarget {
  return {
    name: liar === 'gateway' ? 'engine-and-hostile-gateway' : 'gateway-and-hostile-client',
    weight: 5,
    corpus: Array.from({ length: 8 }, (_, i) => Uint8Array.of(i, 3, 0, 0, i * 40, 128)),
    run: (octets) => new Conversation(octets, liar).run(),
  };
}

class Conversation {
  readonly #numbers: Numbers;
  readonly #liar: Liar;
  readonly #story: Story;
  readonly #memory = new SealMemory();
  readonly #ledger = new KeyLedger();
  readonly #client: IkeSa;
  readonly #gateway: Gateway;
  readonly #air: Air;
  readonly #queue: {
    readonly to: 'client' | 'gateway';
    readonly octets: Uint8Array;
    readonly via: IkePort;
  }[] = [];
  /** What was inside earlier messages: parts of it turn up in later ones. */
  readonly #said: Uint8Array[] = [];
  /** One message in so many is changed. */
  readonly #rate: number;
  #now = 1_000;
  #closed = false;
  #answers: IkeInput[] = [];

  constructor(octets: Uint8Array, liar: Liar) {
    let seed = 0x811c9dc5;
    for (const octet of octets) seed = Math.imul(seed ^ octet, 0x01000193) >>> 0;
    this.#numbers = new Numbers(seed);
    this.#liar = liar;
    this.#rate = 1 + this.#numbers.below(8);
    this.#story = {
      ...tellStory(seed % 100_000),
      calm: true,
      answerMs: 0,
      earlyRekeyMs: 5_000,
      lifetimes: { client: { childMs: 20_000, ikeMs: 40_000 }, gateway: { childMs: 24_000, ikeMs: 50_000 } },
      ms: virtualMs,
    };
    this.#air = new Air(this.#story);
    this.#client = createSimClient(this.#story, this.#memory, this.#ledger, 1, local, firstLogin);
    this.#gateway = createSimGateway(this.#story, this.#memory, 1);
  }

  run(): string {
    this.#tell({ kind: 'command', command: { kind: 'connect' } });
    const was = new Set<string>();
    for (let step = 0; step < mostSteps && this.#now < virtualMs && !this.#closed; step++) {
      was.add(this.#client.state);
      this.#step();
    }
    const reached = [...was].at(-1) ?? '';
    if (!this.#closed) this.#tell({ kind: 'command', command: { kind: 'disconnect' } });
    for (let step = 0; step < 200 && !this.#closed; step++) this.#step();
    if (!this.#closed) throw new Error(`the engine does not end: ${this.#client.state}`);
    if (this.#client.nextWakeup() !== undefined) throw new Error('a closed engine wants a wake-up');
    const unwiped = this.#ledger.unwiped();
    if (unwiped.length > 0) throw new Error(`not wiped: ${unwiped.join(', ')}`);
    return `${reached} ${Object.keys(this.#client.drops).sort().join()}`;
  }

  #step(): void {
    const answer = this.#answers.shift();
    const next = answer === undefined ? this.#queue.shift() : undefined;
    if (answer !== undefined) this.#tell(answer);
    else if (next?.to === 'client') this.#tell({ kind: 'datagram', octets: next.octets, via: next.via });
    else if (next?.to === 'gateway') {
      this.#gateway.handle(next.octets, this.#air.outside(next.via), next.via, this.#instant);
    } else this.#sleep();
    this.#drainGateway();
  }

  get #instant(): Instant {
    return instant(this.#now);
  }

  #sleep(): void {
    const wakeups = [this.#client.nextWakeup(), this.#gateway.nextWakeup()].filter((at) => at !== undefined);
    this.#now = wakeups.length === 0 ? virtualMs : Math.max(this.#now + 1, Math.min(...wakeups));
    this.#gateway.timeout(this.#instant);
    this.#tell({ kind: 'timeout' });
  }

  #tell(input: IkeInput): void {
    this.#client.handle(input, this.#instant);
    let count = 0;
    for (let output = this.#client.poll(); output !== undefined; output = this.#client.poll()) {
      if (++count > 64) throw new Error('more than 64 outputs for one input');
      if (output.kind === 'transmit') this.#send('gateway', output.octets, output.via);
      if (output.kind === 'closed') this.#closed = true;
      if (output.kind === 'ask') {
        this.#answers.push({ kind: 'answer', id: output.id, answer: answerTo(output.ask, false) });
      }
    }
  }

  #drainGateway(): void {
    let count = 0;
    for (let output = this.#gateway.poll(); output !== undefined; output = this.#gateway.poll()) {
      if (++count > 256) throw new Error('the gateway says more than 256 things at once');
      if (output.kind === 'transmit') this.#send('client', output.octets, output.via);
    }
  }

  #send(to: 'client' | 'gateway', octets: Uint8Array, via: IkePort): void {
    const lies = (to === 'client') === (this.#liar === 'gateway') && this.#numbers.below(this.#rate) === 0;
    const sent = lies ? this.#change(octets) : octets.slice();
    this.#queue.push({ to, octets: sent, via });
    if (lies && this.#numbers.below(6) === 0) this.#queue.push({ to, octets: octets.slice(), via });
  }

  /** The message with something else inside, under the same header, or another one. */
  #change(octets: Uint8Array): Uint8Array {
    const numbers = this.#numbers;
    const decoded = decodeMessage(octets);
    if (!decoded.ok) return octets.slice();
    const { header, encrypted } = decoded.value;
    if (encrypted === undefined) return mutate(octets, this.#said.at(-1) ?? octets, numbers);
    const keys = this.#memory.keyOf(encrypted.sealed);
    if (keys === undefined || encrypted.fragment !== undefined) return octets.slice();
    const plain = unsealOctets(encrypted, { cipher: keys.cipher, key: keys.open });
    if (!plain.ok) return octets.slice();
    const inner = plain.value.octets;
    this.#said.push(inner);
    const other = numbers.pick(this.#said, inner);
    const first = numbers.below(6) === 0 ? 33 + numbers.below(17) : encrypted.firstInner;
    const changed = numbers.below(4) === 0 ? other : mutate(inner, other, numbers);
    const exchange = numbers.below(10) === 0 ? 34 + numbers.below(4) : header.exchange;
    const turned =
      numbers.below(12) === 0 ? { isResponse: !header.isResponse, messageId: numbers.below(4) } : {};
    const iv = new Uint8Array(keys.cipher.ivOctets).map(() => numbers.below(256));
    return sealOctets(
      { ...header, exchange, ...turned },
      { first, octets: changed },
      { cipher: keys.cipher, key: keys.open },
      iv,
    );
  }
}
