import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FailureCode, failure } from '../../../core/base/errors.ts';
import { address } from './fixtures.ts';
import { ReconnectBench } from './reconnect-bench.ts';

const dead = failure('peer.dead');
const unreachable = failure('peer.unreachable', { gateway: 'vpn.example' });

/** Lost, and waiting for the time of the second try. */
function waiting(): ReconnectBench {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.lose(dead);
  bench.settleAll();
  bench.lose(unreachable);
  bench.settleAll();
  assert.equal(bench.connection.nextWakeup(), 1_000);
  return bench;
}

test('a lost connection logs in again at once, and the network stays as it is', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  assert.deepEqual(bench.lose(dead), ['reconnecting wait', 'close-transport']);
  assert.deepEqual(bench.settle(), ['reconnecting resolving', 'resolve'], 'without a wait');
  bench.settleAll();
  bench.login();
  const words = bench.settleAll();
  assert.deepEqual(words, ['apply same', 'connected', 'recall-network']);
  assert.ok(!bench.words.includes('undo-network'), 'nothing could leave in the clear');
});

test('another inner address has the plan replaced, not undone', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.lose(dead);
  bench.settleAll();
  bench.inner = '10.9.0.77/32';
  bench.login();
  assert.deepEqual(bench.settleAll(), ['apply replaced', 'connected', 'recall-network']);
  assert.ok(!bench.words.includes('undo-network'));
});

test('tries follow each other with growing waits, and each resolves the name anew', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.lose(dead);
  bench.settleAll();
  const waits: number[] = [];
  for (let tries = 0; tries < 9; tries++) {
    bench.lose(unreachable);
    bench.settleAll();
    const at = bench.connection.nextWakeup() ?? Number.NaN;
    waits.push(at - bench.now);
    bench.now = at;
    assert.deepEqual(bench.do({ kind: 'timeout' }), ['reconnecting resolving', 'resolve']);
    bench.settleAll();
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  assert.ok(bench.state.kind === 'reconnecting');
  const { cause, lastFailure, since, tries } = bench.state.loss;
  assert.deepEqual(
    { cause, lastFailure, since, tries },
    { cause: dead, lastFailure: unreachable, since: 0, tries: 10 },
  );
});

test('the wait is not cut short by a timer that comes early', () => {
  const bench = waiting();
  bench.now = 999;
  assert.ok(!bench.do({ kind: 'timeout' }).includes('resolve'));
});

test('what proves nothing about the way ends it, with the network undone', () => {
  const final: FailureCode[] = ['auth.password', 'auth.refused', 'certificate.expired', 'peer.misbehaved'];
  for (const code of final) {
    const bench = new ReconnectBench();
    bench.toConnected();
    bench.lose(dead);
    bench.settleAll();
    bench.lose(failure(code));
    const words = bench.settleAll();
    assert.deepEqual(words, ['close-transport', `disconnected ${code}`], code);
    assert.ok(bench.words.includes('undo-network'));
    assert.equal(bench.connection.nextWakeup(), undefined);
  }
});

test('a first login that fails is not repeated, nor a loss when the profile does not want it', () => {
  const first = new ReconnectBench();
  first.do({ kind: 'connect' });
  first.settleAll();
  first.lose(unreachable);
  assert.equal(first.settleAll().at(-1), 'disconnected peer.unreachable');
  const unwanted = new ReconnectBench(false);
  unwanted.toConnected();
  unwanted.lose(dead);
  assert.equal(unwanted.settleAll().at(-1), 'disconnected peer.dead');
});

test('the return of the network starts a try at once', () => {
  const bench = waiting();
  bench.now = 500;
  bench.do({ kind: 'network-changed', local: 'none' });
  assert.equal(bench.connection.nextWakeup(), 1_000, 'no network, no hurry');
  bench.now = 5_000;
  const other = waiting();
  other.now = 1_000;
  assert.ok(other.do({ kind: 'network-changed', local: address('192.0.2.10') }).includes('resolve'));
});

test('another address of ours ends the SA with a goodbye and logs in again', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.now = 10_000;
  const words = bench.do({ kind: 'network-changed', local: address('192.0.2.99') });
  assert.deepEqual(words, ['transmit', 'reconnecting wait', 'close-transport']);
  assert.deepEqual(bench.settle(), ['reconnecting resolving', 'resolve']);
  assert.ok(bench.state.kind === 'reconnecting' && bench.state.loss.cause.code === 'system.address-changed');
});

test('the same address, or none at all, does not end anything', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  const engine = bench.engines.at(-1);
  bench.do({ kind: 'network-changed', local: 'none' });
  assert.notDeepEqual(engine?.inputs.at(-1), { kind: 'command', command: { kind: 'probe' } });
  bench.do({ kind: 'network-changed', local: address('192.0.2.10') });
  assert.deepEqual(engine?.inputs.at(-1), { kind: 'command', command: { kind: 'probe' } });
  assert.equal(bench.state.kind, 'connected');
});

test('a name that no longer resolves leads to the addresses that are known', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.lose(dead);
  bench.settle();
  assert.deepEqual(bench.settle(failure('gateway.unresolved')), ['open-transport']);
});

/** All that can happen from outside, by a name that a failing run can be read by. */
const events: Readonly<Record<string, (bench: ReconnectBench) => void>> = {
  settle: (b) => b.settle(),
  'fail a deed': (b) => b.settle(failure('system.network', { call: 'x', errno: 'y' })),
  'refuse a deed': (b) => b.settle(failure('system.permission', { call: 'x', errno: 'y' })),
  login: (b) => b.login(),
  dead: (b) => b.lose(dead),
  unreachable: (b) => b.lose(unreachable),
  refused: (b) => b.lose(failure('auth.password')),
  closed: (b) => b.lose(failure('peer.closed')),
  'transport failed': (b) => b.do({ kind: 'transport-failed', error: failure('dataplane.stopped') }),
  'network gone': (b) => b.do({ kind: 'network-changed', local: 'none' }),
  'network back': (b) => b.do({ kind: 'network-changed', local: address('192.0.2.10') }),
  'network other': (b) => b.do({ kind: 'network-changed', local: address('192.0.2.99') }),
  woke: (b) => b.do({ kind: 'network-changed' }),
  'a minute': (b) => {
    b.now += 60_000;
    b.do({ kind: 'timeout' });
  },
};
const names = Object.keys(events);

test('whatever happens, down leads to the end with nothing left, and nothing is undone before', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names), { maxLength: 40 }), (story) => {
      const bench = new ReconnectBench();
      bench.toConnected();
      for (const name of story) events[name]?.(bench);
      const hopeless = story.includes('refused') || story.includes('refuse a deed');
      if (!hopeless)
        assert.ok(!bench.words.includes('undo-network'), 'the network stays while it may come back');
      bench.do({ kind: 'disconnect' });
      bench.settleAll();
      assert.ok(bench.connection.finished, 'down ends it');
      assert.equal(bench.words.filter((word) => word.startsWith('disconnected')).length, 1);
      const afterUndo = bench.words.slice(bench.words.indexOf('undo-network') + 1);
      for (const word of afterUndo) assert.match(word, /^(close-transport|disconnected.*)$/);
      assert.ok(afterUndo.includes('close-transport'));
      assert.equal(bench.connection.nextWakeup(), undefined);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever happened, once the network is good again it is connected or has ended', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...names), { maxLength: 40 }), (story) => {
      const bench = new ReconnectBench();
      bench.toConnected();
      for (const name of story) events[name]?.(bench);
      for (let rounds = 0; rounds < 4; rounds++) {
        bench.settleAll();
        bench.now += 60_000;
        bench.do({ kind: 'timeout' });
        bench.settleAll();
        bench.login();
        bench.settleAll();
      }
      assert.match(bench.state.kind, /^(connected|disconnected)$/);
    }),
    { numRuns: 2_000 },
  );
});
