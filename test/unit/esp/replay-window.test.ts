import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplayWindow } from '../../../core/esp/replay-window.ts';

/** What RFC 4303 says, with a set of everything seen. */
class SlowWindow {
  readonly #size: number;
  readonly #seen = new Set<number>();
  #highest = 0;

  constructor(size: number) {
    this.#size = size;
  }

  take(sequence: number): boolean {
    if (sequence === 0 || sequence <= this.#highest - this.#size || this.#seen.has(sequence)) return false;
    this.#seen.add(sequence);
    this.#highest = Math.max(this.#highest, sequence);
    return true;
  }
}

function take(window: ReplayWindow, sequence: number): boolean {
  const accepted = window.accepts(sequence);
  if (accepted) window.commit(sequence);
  return accepted;
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -70, max: 70 }) },
  { weight: 2, arbitrary: fc.integer({ min: -3000, max: 5000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
);

test('the ring answers as a set of everything seen', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(32, 33, 63, 64, 100, 1024, 2048),
      fc.constantFrom(1, 60, 2 ** 31 - 40, 2 ** 32 - 300, 2 ** 40 - 50),
      fc.array(step, { maxLength: 300 }),
      (size, start, steps) => {
        const fast = new ReplayWindow(size);
        const slow = new SlowWindow(size);
        let last = start;
        for (const difference of [0, ...steps]) {
          last = Math.max(last + difference, 0);
          assert.equal(take(fast, last), slow.take(last), `size ${size}, number ${last}`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('the edges of the window', () => {
  const window = new ReplayWindow(64);
  assert.ok(!take(window, 0), 'zero is never sent');
  assert.ok(take(window, 100));
  assert.ok(!take(window, 100), 'seen');
  assert.ok(!take(window, 36), 'just left of the window');
  assert.ok(take(window, 37), 'its last place');
  assert.ok(take(window, 0xffff_ffff), 'the last number of all');
  assert.ok(!take(window, 101));
  assert.equal(window.highest, 0xffff_ffff);
});

test('extended numbers go on behind 2^32', () => {
  const window = new ReplayWindow(64);
  assert.ok(take(window, 2 ** 32 - 1));
  assert.ok(take(window, 2 ** 32));
  assert.ok(!take(window, 2 ** 32), 'seen');
  assert.ok(take(window, 2 ** 32 - 63), 'the last place of the window, in the half before');
  assert.ok(!take(window, 2 ** 32 - 64));
  assert.ok(take(window, 2 ** 33), 'a whole round ahead');
  assert.ok(take(window, 2 ** 33 - 1));
});

test('asking does not move the window', () => {
  const window = new ReplayWindow(64);
  assert.ok(window.accepts(5000));
  assert.ok(take(window, 1));
});

test('a window below what RFC 4303 demands is a bug', () => {
  assert.throws(() => new ReplayWindow(31), RangeError);
});
