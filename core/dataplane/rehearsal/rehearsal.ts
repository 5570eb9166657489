/** Something that a worker does over and over, with means of its own. */
export interface Scene {
  /** `turn`: how often it was played before. */
  play(turn: number): void;
  close(): void;
}

/** How often each of the two is played. More makes faster code, and more of it: it takes memory (decision 0107). */
const turns = 300;

/**
 * What a worker does while it has nothing else to do: it plays what comes when there are packets. Code that has run a few times
 * only takes many times as long, and on a thin stream of packets it stays so for minutes.
 *
 * Two scenes take turns: V8 would make code for the objects of a single one, and throw it away when real packets come. For the
 * same reason they are kept until the worker ends.
 */
export class Rehearsal {
  readonly #open: () => Scene | undefined;
  readonly #scenes: Scene[] = [];
  #turn = 0;
  #over = false;

  /** `open` is called before the first turns; where it answers no scene there is no rehearsal. */
  constructor(open: () => Scene | undefined) {
    this.#open = open;
  }

  /** Plays one turn. False when there was none left. Never throws: what goes wrong here comes to light again when it matters. */
  step(): boolean {
    if (this.#over) return false;
    try {
      const scene = this.#scenes[this.#turn % 2] ?? this.#begin();
      scene?.play(this.#turn >> 1);
      this.#turn++;
      if (scene === undefined || this.#turn === 2 * turns) this.end();
    } catch {
      this.end();
    }
    return !this.#over;
  }

  /** No more turns. Idempotent. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const scene of this.#scenes) scene.close();
  }

  #begin(): Scene | undefined {
    const scene = this.#open();
    if (scene !== undefined) this.#scenes.push(scene);
    return scene;
  }
}
