import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { EspSilence, type Remedy } from '../../../core/tunnel/paths/esp-silence.ts';
import { address } from './fixtures.ts';
import { ReconnectBench } from './reconnect-bench.ts';

/*
 * Packets go in, none comes out, and the gateway answers IKE.
 */

const { espSilenceGapMs, espSilenceLoginPauseMs, espSilenceLongestPauseMs } = limits;
/** As often as the data plane says so. */
const every = 10_000;

function run(silence: EspSilence, from: number, times: number, proven = true): Remedy[] {
  return Array.from({ length: times }, (_, i) => {
    const now = instant(from + i * every);
    return silence.stalled(proven ? now : undefined, now);
  });
}

test('first a knock, then new keys, then a login; the next login only after a pause, doubled each time, with a ceiling', () => {
  const silence = new EspSilence();
  assert.deepEqual(run(silence, 0, 3), ['knock', 'rekey', 'login']);
  const pauses: number[] = [];
  let last = 2 * every;
  for (let now = last + every; pauses.length < 8; now += every) {
    if (silence.stalled(instant(now), instant(now)) !== 'login') continue;
    pauses.push(now - last);
    last = now;
  }
  const expected = pauses.map((_, i) => Math.min(espSilenceLoginPauseMs * 2 ** i, espSilenceLongestPauseMs));
  assert.deepEqual(pauses, expected);
  assert.equal(pauses.at(-1), espSilenceLongestPauseMs);
});

test('while the gateway does not answer either, its liveness is the question', () => {
  assert.deepEqual(run(new EspSilence(), 0, 20, false), Array(20).fill('wait'));
});

test('ESP that comes in ends it, and the count of logins', () => {
  const silence = new EspSilence();
  run(silence, 0, 3);
  run(silence, 3 * every, 2);
  assert.notEqual(silence.since, undefined);
  assert.equal(silence.heard(instant(2 * every)), false, 'what came in before says nothing');
  assert.equal(silence.heard(instant(5 * every)), true);
  assert.equal(silence.since, undefined);
  assert.deepEqual(run(silence, espSilenceLoginPauseMs + 3 * every, 3), ['knock', 'rekey', 'login']);
});

test('single packets that nobody answers, now and then, are no silence', () => {
  const silence = new EspSilence();
  for (let i = 0; i < 50; i++) {
    const now = instant(i * (espSilenceGapMs + 1));
    assert.equal(silence.stalled(now, now), 'knock');
  }
});

function stalling(reconnect = true): ReconnectBench {
  const bench = new ReconnectBench(reconnect, {
    network: {
      device: 'godwit0',
      mtu: 1400,
      dns: { use: true, servers: [address('10.1.0.53')], domains: [] },
      onlyGatewaySubnets: false,
    },
  });
  bench.toConnected();
  return bench;
}

/** The gateway answers, and nothing else comes. */
function stall(bench: ReconnectBench): string[] {
  bench.now += every;
  bench.say({ kind: 'proven' });
  return bench.do({ kind: 'stalled' });
}

function commands(bench: ReconnectBench): string[] {
  const inputs = bench.engines.at(-1)?.inputs ?? [];
  return inputs.flatMap((input) => (input.kind === 'command' ? [input.command.kind] : []));
}

function oneWaySince({ state }: ReconnectBench): number | undefined {
  assert.ok(state.kind === 'connected');
  return state.connected.oneWaySince;
}

test('the tunnel: knocks inside, rekeys and shows it, then logs in anew with the reason; the network stays', () => {
  const bench = stalling();
  assert.deepEqual(stall(bench), ['knock']);
  assert.deepEqual(stall(bench), ['knock', 'connected']);
  assert.ok(commands(bench).includes('rekey-child'));
  assert.equal(oneWaySince(bench), every);
  const words = stall(bench);
  assert.deepEqual(words.slice(0, 1), ['disconnecting']);
  assert.ok(bench.state.kind === 'reconnecting');
  assert.deepEqual(
    [bench.state.loss.cause.code, bench.state.loss.cause.detail['seconds']],
    ['peer.esp-silent', 20],
  );
  assert.ok(!bench.words.includes('undo-network'));
  bench.settleAll();
  bench.login();
  bench.settleAll();
  assert.equal(bench.state.kind, 'connected');
  for (let i = 0; i < 10; i++) stall(bench);
  assert.equal(bench.engines.length, 2, 'not again so soon');
});

test('the tunnel: ESP that comes in is shown as the end of it', () => {
  const bench = stalling();
  stall(bench);
  stall(bench);
  assert.deepEqual(bench.do({ kind: 'traffic-seen', at: instant(bench.now) }), ['connected']);
  assert.equal(oneWaySince(bench), undefined);
});

test('a profile that does not reconnect keeps what it has', () => {
  const bench = stalling(false);
  for (let i = 0; i < 20; i++) stall(bench);
  assert.equal(bench.state.kind, 'connected');
});
