import { utf8 } from './utf8.ts';

/**
 * Octets that must not be printed, logged or serialised: a password, a pre-shared key.
 * JavaScript cannot promise erasure; `wipe` overwrites the one copy that this object owns.
 */
export class Secret {
  #octets: Uint8Array;

  /** Takes a copy of `octets`; the caller may wipe its own. */
  constructor(octets: Uint8Array) {
    // Not slice(): that of a Buffer shares its memory.
    this.#octets = new Uint8Array(octets);
  }

  static fromText(text: string): Secret {
    const octets = utf8.encode(text);
    const secret = new Secret(octets);
    octets.fill(0);
    return secret;
  }

  /** The octets themselves, owned by this object: valid until `wipe`, never to be kept or changed. */
  expose(): Uint8Array {
    return this.#octets;
  }

  get length(): number {
    return this.#octets.length;
  }

  wipe(): void {
    this.#octets.fill(0);
    this.#octets = new Uint8Array(0);
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
