import { formatFailure } from '../../core/base/errors.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import type { IkeSa } from '../../core/ike/ike-sa.ts';
import type { IkeInput, IkeOutput } from '../../core/ike/io.ts';
import type { IkeEngine } from '../../core/tunnel/connection.ts';
import type { Spi } from '../../core/wire/ike/payload.ts';
import type { KeyLedger } from './sim-crypto.ts';
import { Violation } from './violation.ts';

/** More than any input can call for: it would be a queue that grows. */
const outputsPerInput = 64;

/** An engine that is looked at from all sides while the connection drives it. */
export class WatchedEngine implements IkeEngine {
  readonly #ike: IkeSa;
  readonly #ledger: KeyLedger;
  readonly #onOutput: (output: IkeOutput) => void;
  readonly #installed = new Set<Spi>();
  #outputs = 0;
  #leaving = false;
  #now: Instant = instant(0);
  closed = false;

  /** `onOutput` hears of everything that it says, before the connection does. */
  constructor(ike: IkeSa, ledger: KeyLedger, onOutput: (output: IkeOutput) => void) {
    this.#ike = ike;
    this.#ledger = ledger;
    this.#onOutput = onOutput;
  }

  get asked(): number {
    return this.#ike.asked;
  }

  get drops(): Readonly<Record<string, number>> {
    return this.#ike.drops;
  }

  get state(): IkeSa['state'] {
    return this.#ike.state;
  }

  owns(octets: Uint8Array): boolean {
    return this.#ike.owns(octets);
  }

  nextWakeup(): Instant | undefined {
    const at = this.#ike.nextWakeup();
    if (this.closed && at !== undefined)
      throw new Violation('closed-engine', 'a closed engine wants a wake-up');
    return at;
  }

  handle(input: IkeInput, now: Instant): void {
    this.#outputs = 0;
    this.#now = now;
    const leaves = input.kind === 'command' && ['disconnect', 'abandon'].includes(input.command.kind);
    if (leaves) this.#leaving = true;
    this.#ike.handle(input, now);
    if (input.kind !== 'timeout') return;
    const next = this.#ike.nextWakeup();
    if (next !== undefined && next <= now)
      throw new Violation('timer', `the engine wants a wake-up at ${next}, which has been`);
  }

  poll(): IkeOutput | undefined {
    const output = this.#ike.poll();
    if (output === undefined) return undefined;
    if (this.closed) throw new Violation('closed-engine', `a closed engine says ${output.kind}`);
    if (++this.#outputs > outputsPerInput)
      throw new Violation('bounds', `more than ${outputsPerInput} outputs for one input`);
    this.#onOutput(output);
    if (output.kind === 'child-install') this.#installed.add(output.child.inbound.spi);
    if (output.kind === 'child-remove') this.#installed.delete(output.inboundSpi);
    if (output.kind === 'closed') this.#end(output, this.#now);
    return output;
  }

  /** Its keys, wherever they are; none may be left once the connection has let go of it. */
  unwiped(): string[] {
    return this.#ledger.unwiped();
  }

  #end({ error }: Extract<IkeOutput, { kind: 'closed' }>, now: Instant): void {
    this.closed = true;
    this.#knock(now);
    if (error === undefined && !this.#leaving)
      throw new Violation('unnamed-end', 'the engine ends and does not say why');
    const unwiped = this.unwiped();
    if (unwiped.length > 0)
      throw new Violation(
        'keys-not-wiped',
        `${unwiped.join(', ')} after ${error === undefined ? 'a goodbye' : formatFailure(error)}`,
      );
    if (this.#installed.size > 0)
      throw new Violation('data-plane', 'an SA stays in the data plane of a closed engine');
  }

  /** Nobody is at home. */
  #knock(now: Instant): void {
    this.#ike.handle({ kind: 'timeout' }, now);
    const word = this.#ike.poll();
    if (word !== undefined) throw new Violation('closed-engine', `a closed engine says ${word.kind}`);
    this.nextWakeup();
  }
}
