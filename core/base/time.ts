declare const instantBrand: unique symbol;

/**
 * A moment on a monotonic clock, in milliseconds from an arbitrary start. Only differences mean anything.
 * The core never reads a clock: whoever owns one passes the Instant in.
 */
export type Instant = number & { readonly [instantBrand]: true };

/** A span of time in milliseconds. */
export type Duration = number;

export function instant(milliseconds: number): Instant {
  return milliseconds as Instant;
}

export function after(start: Instant, wait: Duration): Instant {
  return (start + wait) as Instant;
}

/** The earlier of two wake-ups, where `undefined` means never. */
export function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return a < b ? a : b;
}
