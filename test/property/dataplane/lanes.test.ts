import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flowHash } from '../../../core/dataplane/lanes/flow-hash.ts';
import { FlowSteering } from '../../../core/dataplane/lanes/flow-steering.ts';
import { createLaneMemory, LaneReader, LaneWriter } from '../../../core/dataplane/lanes/lane-ring.ts';
import { OutboundLanes } from '../../../core/dataplane/lanes/outbound-lanes.ts';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { ReplayWindow } from '../../../core/esp/replay-window.ts';
import { octetsOf, tcpPacket } from '../../unit/dataplane/support.ts';

const laneOctets = 16_384;
/** Few and many octets: flows become light and heavy. */
const lengths = fc.constantFrom(3, 40, 1_400, 3_000);

/** What happens next: a packet of a flow comes in, a worker gets to run, or pairs come and go. */
type Step =
  | { readonly kind: 'packet'; readonly flow: number; readonly length: number }
  | { readonly kind: 'run'; readonly pair: number; readonly count: number }
  | { readonly kind: 'pairs'; readonly pairs: readonly number[] }
  | { readonly kind: 'spread'; readonly on: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('packet'), flow: fc.nat(11), length: lengths }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('run'),
      pair: fc.nat(3),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pairs'), pairs: fc.subarray([0, 1, 2, 3], { minLength: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('spread'), on: fc.boolean() }) },
);

interface Departure {
  readonly flow: number;
  readonly number: number;
  readonly spi: number;
  readonly sequence: number;
}

/** The workers of four pairs in one thread: what they have gathered leaves when they get to run. */
class Workers {
  readonly departures: Departure[] = [];
  pairs: readonly number[] = [0, 1, 2, 3];
  readonly #sequences = [0, 0, 0, 0];
  readonly #steering = new FlowSteering();
  readonly #lanes = new OutboundLanes();
  readonly #readers: LaneReader[];
  #gathered: [number, number][] = [];

  constructor() {
    const memories = [0, 1, 2, 3].map(() => createLaneMemory(laneOctets));
    this.#readers = memories.map((memory) => new LaneReader(memory));
    for (const pair of [1, 2, 3]) {
      const memory = memories[pair];
      assert.ok(memory);
      this.#lanes.open(pair, new LaneWriter(memory, () => {}));
    }
  }

  spread(on: boolean): void {
    this.#lanes.spread = on;
  }

  take(flow: number, number: number, size: number): void {
    const payload = new Uint8Array(size);
    payload.set([flow, number >> 8, number], size - 3);
    const octets = tcpPacket(4, { sourcePort: 30_000 + flow, payload });
    const packet = new InnerPacket();
    assert.ok(readInnerPacket(octets, 0, octets.length, packet));
    const { length } = packet;
    const went = this.#lanes.hand(this.#steering, this.pairs, packet, octets, 0, length, 0, () => {
      this.#flush();
      // The reader waits: the others get to run.
      for (const pair of [1, 2, 3]) this.#runLane(pair, 1_000);
    });
    assert.notEqual(went, 'full');
    if (went === 'own') this.#gathered.push([flow, number]);
  }

  run(pair: number, count: number): void {
    if (pair === 0) this.#flush();
    else this.#runLane(pair, count);
  }

  runAll(): void {
    for (const pair of [0, 1, 2, 3]) this.run(pair, 1_000);
  }

  #flush(): void {
    for (const [flow, number] of this.#gathered) this.#depart(0, flow, number);
    this.#gathered = [];
    this.#lanes.settle();
  }

  #runLane(pair: number, count: number): void {
    const reader = this.#readers[pair];
    assert.ok(reader);
    for (let i = 0; i < count; i++) {
      const length = reader.next();
      if (length < 0) break;
      const octets = new Uint8Array(length);
      reader.copyTo(octets, 0, length);
      const [flow = 0, high = 0, low = 0] = octets.subarray(length - 3);
      this.#depart(pair, flow, high * 256 + low);
    }
    reader.settle();
  }

  #depart(pair: number, flow: number, number: number): void {
    const sequence = (this.#sequences[pair] ?? 0) + 1;
    this.#sequences[pair] = sequence;
    this.departures.push({ flow, number, spi: pair, sequence });
  }
}

test('no flow is reordered, and no sequence number outruns a window of 32, whoever runs when and whatever pairs come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 400, size: 'max' }), (steps) => {
      const workers = new Workers();
      workers.spread(true);
      const sent = new Map<number, number>();
      for (const each of steps) {
        if (each.kind === 'run') workers.run(each.pair, each.count);
        else if (each.kind === 'pairs') workers.pairs = each.pairs;
        else if (each.kind === 'spread') workers.spread(each.on);
        else {
          const number = (sent.get(each.flow) ?? 0) + 1;
          sent.set(each.flow, number);
          workers.take(each.flow, number, each.length);
        }
      }
      workers.runAll();
      const seen = new Map<number, number>();
      const windows = [0, 1, 2, 3].map(() => new ReplayWindow(32));
      for (const { flow, number, spi, sequence } of workers.departures) {
        assert.equal(number, (seen.get(flow) ?? 0) + 1, `flow ${flow}: in order, none lost, none twice`);
        seen.set(flow, number);
        const window = windows[spi] ?? new ReplayWindow(32);
        assert.ok(window.accepts(sequence), 'the peer takes it');
        window.commit(sequence);
      }
      assert.deepEqual(seen, sent);
    }),
    { numRuns: 300 },
  );
});

test('a lane gives back what it was given, in order, and never more than it holds', () => {
  const record = fc.record({
    length: fc.integer({ min: 1, max: 3_600 }),
    taken: fc.nat(4),
    settles: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 120, size: 'max' }), (records) => {
      const memory = createLaneMemory(laneOctets);
      const writer = new LaneWriter(memory, () => {});
      const reader = new LaneReader(memory);
      const waiting: Uint8Array[] = [];
      const take = (): void => {
        const expected = waiting.shift();
        const length = reader.next();
        assert.equal(length, expected?.length ?? -1);
        if (expected === undefined) return;
        const octets = new Uint8Array(length);
        reader.copyTo(octets, 0, length);
        assert.deepEqual(octets, expected);
        assert.deepEqual([reader.size, reader.outerClass], [length & 7, length & 3]);
        assert.equal(reader.octets[reader.nameAt + 27], length & 0xff);
      };
      for (const [index, { length, taken, settles }] of records.entries()) {
        while (!writer.fits(length)) {
          take();
          reader.settle();
        }
        const octets = octetsOf(length + 2, index);
        writer.push(octets, 2, length, length & 7, length & 3, new Uint8Array(28).fill(length));
        waiting.push(octets.subarray(2));
        for (let i = 0; i < taken; i++) take();
        if (settles) reader.settle();
        assert.ok(writer.pushed - writer.done <= laneOctets);
      }
      while (waiting.length > 0) take();
      assert.equal(reader.next(), -1);
      reader.settle();
      assert.ok(writer.drained);
      assert.equal(writer.done, writer.pushed);
    }),
    { numRuns: 200 },
  );
});

test('what was taken but is not done with keeps its room', () => {
  const memory = createLaneMemory(1_024);
  const writer = new LaneWriter(memory, () => {});
  const reader = new LaneReader(memory);
  while (writer.fits(200)) writer.push(octetsOf(200), 0, 200, 0, 0);
  assert.equal(reader.next(), 200);
  assert.equal(writer.fits(200), false);
  reader.settle();
  assert.equal(writer.fits(200), true);
});

test('a sleeping reader is woken once, and does not fall asleep over a record', () => {
  const memory = createLaneMemory(1_024);
  let woken = 0;
  const writer = new LaneWriter(memory, () => woken++);
  const reader = new LaneReader(memory);
  assert.equal(reader.fallAsleep(), true);
  for (let i = 0; i < 3; i++) {
    writer.push(octetsOf(10), 0, 10, 0, 0);
    writer.wakeReader();
  }
  assert.equal(woken, 1);
  assert.equal(reader.fallAsleep(), false);
});

test('flows of TCP are told apart by their ports, and both fragments and UDP are not', () => {
  const hashOf = (octets: Uint8Array): number => {
    const packet = new InnerPacket();
    assert.ok(readInnerPacket(octets, 0, octets.length, packet));
    return flowHash(octets, packet);
  };
  for (const version of [4, 6] as const) {
    const lanes = new Set(
      Array.from(
        { length: 64 },
        (_, i) => (hashOf(tcpPacket(version, { sourcePort: 40_000 + 2 * i })) >>> 8) % 4,
      ),
    );
    assert.equal(lanes.size, 4, 'the clients of iperf3 have neighbouring ports');
    const one = tcpPacket(version, { payload: octetsOf(10) });
    assert.equal(hashOf(one), hashOf(tcpPacket(version, { sequence: 9, payload: octetsOf(99) })));
  }
  const first = tcpPacket(4, {});
  const other = tcpPacket(4, { sourcePort: 1 });
  // "More fragments": its rest will have no ports.
  for (const octets of [first, other]) octets[6] = 0x20;
  assert.equal(hashOf(first), hashOf(other));
});

test('a light flow stays with the first, and a heavy one moves when its packets have left', () => {
  const steering = new FlowSteering();
  const own = { pushed: 0, done: 0 };
  const other = { pushed: 0, done: 0 };
  const lanes = [own, other];
  // Of two lanes the second is for every odd hash, by its ninth bit.
  const hash = 0x100;
  let spread = true;
  const choose = (length: number): number => steering.choose(hash, [0, 1], lanes, length, spread);
  for (let i = 0; i < 20; i++) assert.equal(choose(52), 0);
  own.pushed++;
  steering.given(hash, own);
  for (let i = 0; i < 20; i++) assert.equal(choose(1_400), 0, 'the last packet has not left');
  own.done = own.pushed;
  assert.equal(choose(1_400), 1);
  other.pushed += 1_400;
  steering.given(hash, other);
  for (let i = 0; i < 20; i++) assert.equal(choose(52), 1, 'nor back, before that has left');
  other.done = other.pushed;
  assert.equal(choose(52), 0);
  own.pushed++;
  steering.given(hash, own);
  own.done = own.pushed;
  for (let i = 0; i < 20; i++) choose(1_400);
  assert.equal(choose(1_400), 1);
  other.pushed += 1_400;
  steering.given(hash, other);
  other.done = other.pushed;
  spread = false;
  assert.equal(choose(1_400), 0, 'a heavy one too, where nothing is to be spread');
});
