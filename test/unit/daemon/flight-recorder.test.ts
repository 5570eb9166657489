import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import { FlightRecorder } from '../../../core/daemon/flight-recorder.ts';
import { JourneyMaker, type JourneyMoment } from '../../../core/daemon/journey.ts';
import { RoundTrip } from '../../../core/daemon/round-trip.ts';
import type { DaemonState } from '../../../core/daemon/snapshot.ts';
import { journeyEntrySchema, logRecordSchema, sampleSchema } from '../../../core/rpc/values.ts';
import { connectedDetails } from './connected-details.ts';

function recorder() {
  const published: [string, unknown][] = [];
  const made = new FlightRecorder(
    (event, data) => void published.push([event, data]),
    () => 5_000,
  );
  return { made, published };
}

const reading = (ms: number, inboundOctets: number, attempt = 1) => ({
  now: instant(ms),
  wall: 1_000_000 + ms,
  attempt,
  outboundOctets: 0,
  inboundOctets,
  provenAgeMs: 10,
});

test('a rate is what came since the reading before, over the time that passed', () => {
  const { made, published } = recorder();
  made.read(reading(0, 100));
  made.read(reading(1_000, 1_100));
  made.read(reading(3_000, 1_500));
  assert.deepEqual(
    made.samples.map(({ inboundRate }) => inboundRate),
    [0, 1_000, 200],
  );
  assert.ok(made.samples.every((sample) => sampleSchema.safeParse(sample).success));
  assert.equal(published.length, 3);
});

test('counters that start again, and another connection, make no rate below zero or out of nothing', () => {
  const { made } = recorder();
  made.read(reading(0, 5_000));
  made.read(reading(1_000, 200));
  made.read(reading(2_000, 9_000, 2));
  assert.deepEqual(
    made.samples.map(({ inboundRate }) => inboundRate),
    [0, 200, 0],
  );
});

test('of samples, journey and log only the last are kept', () => {
  const { made } = recorder();
  const log = made.tee(() => undefined);
  for (let i = 0; i < limits.logRecordsKept + 300; i++) {
    made.read(reading(i * 1_000, i));
    made.note({ at: i, attempt: 1, kind: 'moved', profile: 'Office' });
    log({ level: 'info', event: `e${i}` });
  }
  assert.equal(made.samples.length, limits.samplesKept);
  assert.equal(made.journey.length, limits.journeyKept);
  assert.equal(made.logLines.length, limits.logRecordsKept);
  assert.equal(made.logLines.at(-1)?.event, `e${limits.logRecordsKept + 299}`);
});

test('a line of the log that is longer than the schema lets through is cut, not lost', () => {
  const { made } = recorder();
  const passed: string[] = [];
  made.tee(({ event }) => passed.push(event))({
    level: 'warn',
    event: 'peer.said',
    fields: { text: 'x'.repeat(9_000), none: undefined, count: 3, yes: true },
  });
  assert.deepEqual(passed, ['peer.said']);
  const [line] = made.logLines;
  assert.ok(logRecordSchema.safeParse(line).success);
  assert.deepEqual(Object.keys(line?.fields ?? {}), ['text', 'count', 'yes']);
});

const office = { name: 'Office', gateway: 'vpn.example.org' };
const moment = (now: number, more: Partial<JourneyMoment> = {}): JourneyMoment => ({
  attempt: 1,
  now: instant(now),
  wall: 1_000_000 + now,
  provenAt: instant(now - 50),
  doubt: undefined,
  deviceOf: () => 'wlan0',
  ...more,
});
const connected = (local: string): DaemonState => ({
  kind: 'connected',
  profile: office,
  since: 0,
  connectMs: 1,
  details: connectedDetails(local),
});
const lost = (since: Instant): DaemonState => ({
  kind: 'reconnecting',
  profile: office,
  since: 0,
  loss: { cause: failure('peer.dead'), since, tries: 1 },
});
const idle: DaemonState = { kind: 'disconnected', since: 0 };

test('the journey tells each change of the path, and how long nothing was proven', () => {
  const maker = new JourneyMaker();
  const home = connected('192.168.1.5');
  const cafe = connected('10.9.8.7');
  const entries = [
    maker.next(idle, home, moment(1_000)),
    maker.next(home, home, moment(2_000)),
    maker.next(home, cafe, moment(9_300, { doubt: { since: instant(9_000) } })),
    maker.next(cafe, lost(instant(40_000)), moment(40_000, { provenAt: instant(12_000) })),
    maker.next(lost(instant(40_000)), lost(instant(40_000)), moment(41_000)),
    maker.next(lost(instant(40_000)), home, moment(52_000)),
    maker.next(home, idle, moment(60_000)),
    maker.next({ kind: 'disconnecting', profile: office, since: 0 }, idle, moment(60_000)),
  ];
  assert.deepEqual(
    entries.map((entry) => entry && [entry.kind, entry.local, entry.gapMs]),
    [
      ['connected', '192.168.1.5:40000', undefined],
      undefined,
      ['moved', '10.9.8.7:40000', 300],
      ['lost', undefined, undefined],
      undefined,
      ['restored', '192.168.1.5:40000', 40_000],
      ['ended', undefined, undefined],
      ['ended', undefined, undefined],
    ],
  );
  assert.ok(entries.every((entry) => entry === undefined || journeyEntrySchema.safeParse(entry).success));
});

test('an attempt that fails is part of the journey with its reason, an idle daemon is not', () => {
  const maker = new JourneyMaker();
  const connecting: DaemonState = {
    kind: 'connecting',
    profile: office,
    since: 0,
    phase: 'init',
    phaseSince: 0,
  };
  const failed = maker.next(connecting, { ...idle, lastFailure: failure('auth.password') }, moment(5));
  assert.equal(failed?.kind, 'failed');
  assert.equal(failed?.error?.code, 'auth.password');
  assert.equal(maker.next(idle, idle, moment(6)), undefined);
});

/** An IKE header with exchange type, flags and message ID. */
function message(type: number, flags: number, messageId: number): Uint8Array {
  const octets = new Uint8Array(28);
  octets[18] = type;
  octets[19] = flags;
  new DataView(octets.buffer).setUint32(20, messageId);
  return octets;
}
const request = (id: number) => message(37, 0x08, id);
const response = (id: number) => message(37, 0x20, id);

test('a round trip is from a request to its authentic answer, and each is taken once', () => {
  const trip = new RoundTrip();
  trip.sent(request(7), instant(100));
  trip.received(response(7), instant(142));
  assert.equal(trip.take(), undefined, 'nobody has found it authentic yet');
  trip.confirm();
  assert.equal(trip.take(), 42);
  assert.equal(trip.take(), undefined);
});

test('a request that went out twice, an answer to another one, and a forged one measure nothing', () => {
  const trip = new RoundTrip();
  trip.sent(request(1), instant(0));
  trip.sent(request(1), instant(2_000));
  trip.received(response(1), instant(2_010));
  trip.confirm();
  trip.sent(request(2), instant(3_000));
  trip.received(response(1), instant(3_001));
  trip.confirm();
  // A forged answer came first; only the next one is found authentic.
  trip.received(response(2), instant(3_002));
  trip.received(message(37, 0x08, 2), instant(3_003));
  trip.confirm();
  trip.received(new Uint8Array(5), instant(3_004));
  trip.confirm();
  assert.equal(trip.take(), undefined);
  trip.received(response(2), instant(3_050));
  trip.confirm();
  assert.equal(trip.take(), 50);
});

test('a move that is told a little after its proof has the gap that ended with the proof', () => {
  const maker = new JourneyMaker();
  const [home, cafe] = [connected('192.168.1.5'), connected('10.9.8.7')];
  const doubt = { since: instant(9_000), until: instant(9_300) };
  assert.equal(maker.next(home, cafe, moment(9_900, { doubt }))?.gapMs, 300);
  assert.equal(
    maker.next(home, cafe, moment(99_000, { doubt }))?.gapMs,
    undefined,
    'an old one is none of this move',
  );
});
