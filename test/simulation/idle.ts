import { Dice } from './dice.ts';
import { Violation } from './violation.ts';

/** What a NAT does with a client that is silent, in stories that end with a long silence. */
export interface NatStory {
  /** It forgets a client that has sent nothing for so long. */
  readonly memoryMs: number;
  /** Who comes back after that gets the same port, or another one. */
  readonly samePort: boolean;
  /** The gateway sends something of its own accord each so often; absent: never. */
  readonly gatewayEveryMs?: number;
}

/** What of a story the NAT's part depends on. */
interface StoryForNat {
  readonly seed: number;
  readonly calm: boolean;
  readonly mobike: boolean;
}

/** Long enough for all that may be learnt to be learnt. */
export const idleMs = 1_500_000;
/** Each loss teaches; 25 minutes without learning make 75 of 20 seconds. */
const mostLosses = 6;
/** With a gateway that speaks, silences become longer than at first. */
const usualMs = 20_000;

/**
 * A NAT that gives the same port again and forgets in less than the usual interval is known to be beyond what can be learnt, and so
 * is one whose gateway does not say how it sees us.
 */
export function natOf({ seed, calm, mobike }: StoryForNat): NatStory | undefined {
  const dice = new Dice(seed, 'nat');
  if (!calm || dice.chance(0.5)) return undefined;
  const samePort = !mobike || dice.chance(0.2);
  const isShort = !samePort && dice.chance(0.7);
  const memoryMs = isShort ? dice.between(5_000, usualMs) : dice.between(usualMs + 2_000, 180_000);
  const speaks = dice.chance(0.6) ? { gatewayEveryMs: dice.between(12_000, 100_000) } : {};
  return { memoryMs, samePort, ...speaks };
}

/** A NAT that counts how often it forgot the client while nobody but keepalives spoke. */
export class ForgetfulNat {
  readonly #story: NatStory;
  #sentAt: number;
  #longest = 0;
  /** How often it forgot the client, and in how many silences it had no place for packets of the gateway. */
  #losses = 0;
  #misses = 0;
  #missed = false;

  /** Traffic has only just ended; the client's last packet left at `sentAt`. */
  constructor(story: NatStory, sentAt: number) {
    this.#story = story;
    this.#sentAt = sentAt;
  }

  /** The client sends. True when it is given another port. */
  passOut(now: number): boolean {
    const silence = now - this.#sentAt;
    this.#sentAt = now;
    this.#missed = false;
    this.#longest = Math.max(this.#longest, silence);
    if (silence <= this.#story.memoryMs) return false;
    this.#losses += 1;
    if (this.#losses > mostLosses)
      throw new Violation(
        'idle',
        `a NAT that remembers for ${Math.round(this.#story.memoryMs)} ms forgot ${this.#losses} times`,
      );
    return !this.#story.samePort;
  }

  /** The gateway sends: whether it gets to the client. */
  passIn(now: number): boolean {
    if (now - this.#sentAt <= this.#story.memoryMs) return true;
    if (this.#missed) return false;
    this.#missed = true;
    this.#misses += 1;
    if (this.#misses > mostLosses)
      throw new Violation('idle', `the gateway did not reach a silent client in ${this.#misses} silences`);
    return false;
  }

  /** Silences that were never proven are not longer than the usual ones. */
  judge(): void {
    if (this.#story.gatewayEveryMs === undefined && this.#longest > usualMs + 1_000)
      throw new Violation(
        'idle',
        `a silence of ${this.#longest} ms, and nothing proves that the NAT remembers so long`,
      );
  }
}
