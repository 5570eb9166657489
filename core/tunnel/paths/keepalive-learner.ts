import { limits } from '../../base/limits.ts';
import { after, type Duration, type Instant, instant } from '../../base/time.ts';
import type { NetworkLore } from './network-lore.ts';

/** A keepalive leaves a little before the silence that was proven is over. */
const proven = 0.95;
/** How much longer a trial is than what is known to be safe. */
const stretch = 1.5;
/** Of the trial's length: such a silence was the trial. */
const almost = 0.9;

/**
 * How long this network's NAT remembers us in silence, from what happens anyway. A packet that the gateway sent of its own accord, and
 * that came in after a silence of ours, is a proof: the NAT knew where to put it. That we are still seen at the same port after a
 * silence is none, as many NATs give the same port again; that we are seen at another one proves the loss. Silences longer than what is
 * proven are tried only where the gateway has spoken first before, seldom, and by half at most.
 */
export class KeepaliveLearner {
  #heldMs: Duration | undefined;
  #lostMs: Duration | undefined;
  /** The longest silence since we last knew that the NAT remembers us. */
  #longest: Duration = 0;
  /** The gateway sends packets of its own accord: a trial may prove something. */
  #spoken = false;
  #trials = 0;
  /** The longest silence after which we were seen as before, and the questions since then that nobody answered in this sense. */
  #seenAfter: Duration = 0;
  #questions = 0;
  #askAgainAt: Instant = instant(0);
  #restUntil: Instant = instant(0);

  constructor({ heldMs, lostMs }: NetworkLore = {}) {
    this.#heldMs = heldMs;
    this.#lostMs = lostMs;
  }

  get lore(): Pick<NetworkLore, 'heldMs' | 'lostMs'> {
    return {
      ...(this.#heldMs === undefined ? {} : { heldMs: this.#heldMs }),
      ...(this.#lostMs === undefined ? {} : { lostMs: this.#lostMs }),
    };
  }

  /** The longest silence to allow now, in milliseconds. */
  everyMs(now: Instant): Duration {
    return this.#trial(now) ?? this.#safe;
  }

  /**
   * We sent something after this silence. True: the gateway should be asked how it sees us, as a trial is over, or because nobody
   * has seen us after so long a silence yet.
   */
  spoke(afterMs: Duration, now: Instant): boolean {
    this.#longest = Math.max(this.#longest, afterMs);
    const trial = this.#trial(now);
    if (trial !== undefined && afterMs >= trial * almost) {
      this.#trials += 1;
      if (this.#trials >= limits.keepaliveTrials) this.#rest(now);
      return true;
    }
    const seen = now < this.#askAgainAt ? this.#seenAfter : 0;
    const known = Math.max(seen, this.#heldMs ?? 0);
    if (afterMs < this.#safe * almost || afterMs * almost <= known) return false;
    this.#questions += 1;
    return this.#questions <= limits.keepaliveTrials;
  }

  /** An authentic packet of the gateway's own came in after this silence of ours. */
  heard(afterMs: Duration): void {
    if (afterMs < limits.keepaliveLeastMs) return;
    this.#spoken = true;
    this.#longest = 0;
    const held = Math.min(Math.floor(afterMs), limits.keepaliveMostMs);
    if (held <= (this.#heldMs ?? 0)) return;
    // What is hardly news says nothing about the trials either.
    if (held * almost > this.#safe) this.#trials = 0;
    this.#heldMs = held;
    if (this.#lostMs !== undefined && this.#lostMs <= held) this.#lostMs = undefined;
  }

  /** The gateway says how it sees us: as before, or a NAT shows us at another port. */
  seen(asBefore: boolean, now: Instant): void {
    const silence = this.#longest;
    this.#longest = 0;
    this.#questions = 0;
    if (asBefore) this.#note(silence, now);
    // A NAT that forgets in the middle of traffic was restarted.
    if (asBefore || silence < limits.keepaliveLeastMs) return;
    this.#lostMs = Math.floor(Math.min(silence, this.#lostMs ?? silence, limits.keepaliveMostMs));
    if (this.#heldMs !== undefined && this.#heldMs >= this.#lostMs) this.#heldMs = undefined;
    this.#seenAfter = 0;
    this.#rest(now);
  }

  /** The traffic takes another way: the silence of before says nothing about this NAT. */
  startOver(): void {
    this.#longest = 0;
  }

  #note(silence: Duration, now: Instant): void {
    if (silence < limits.keepaliveLeastMs) return;
    this.#seenAfter = now < this.#askAgainAt ? Math.max(this.#seenAfter, silence) : silence;
    this.#askAgainAt = after(now, limits.keepaliveTryAgainMs);
  }

  get #safe(): Duration {
    const held = (this.#heldMs ?? 0) * proven;
    const usual = Math.max(limits.keepaliveStartMs, held);
    const most =
      this.#lostMs === undefined ? limits.keepaliveMostMs : Math.max(held, this.#half(this.#lostMs));
    return Math.round(Math.max(limits.keepaliveLeastMs, Math.min(usual, most)));
  }

  /** A guess, which counts where nothing near it is proven: then the gateway is asked how it sees us after such a silence. */
  #half(lostMs: Duration): Duration {
    const half = lostMs / 2;
    return half * almost <= (this.#heldMs ?? 0) ? 0 : half;
  }

  #trial(now: Instant): Duration | undefined {
    if (!this.#spoken || now < this.#restUntil) return undefined;
    const safe = this.#safe;
    const most = this.#lostMs === undefined ? limits.keepaliveMostMs : (safe + this.#lostMs) / 2;
    const trial = Math.round(Math.min(safe * stretch, most));
    return trial - safe < limits.keepaliveLeastMs / 2 ? undefined : trial;
  }

  #rest(now: Instant): void {
    this.#trials = 0;
    this.#restUntil = after(now, limits.keepaliveTryAgainMs);
  }
}
