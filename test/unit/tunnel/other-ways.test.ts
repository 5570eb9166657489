import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FailureCode, failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { ok } from '../../../core/base/result.ts';
import type { TunnelOutput } from '../../../core/tunnel/io.ts';
import type { PathCandidate } from '../../../core/tunnel/paths/path.ts';
import { address, summary } from './fixtures.ts';
import { here, ReconnectBench } from './reconnect-bench.ts';

const gateway = address('198.51.100.1');
const way = (interfaceIndex: number, local: string): PathCandidate => ({
  interfaceName: `if${interfaceIndex}`,
  interfaceIndex,
  local: address(local),
  remote: gateway,
  linkMtu: 1_500,
});
const wifi = way(2, '192.0.2.10');
const cellular = way(3, '203.0.113.10');
const answered = { kind: 'phase', phase: 'authenticating-gateway' } as const;

/** What the machine is asked to open, beside the words. */
class WayBench extends ReconnectBench {
  readonly opens: { readonly what: string; readonly by: string }[] = [];
  via: PathCandidate | undefined;

  override note(output: TunnelOutput): void {
    if (output.kind !== 'open-transport' && output.kind !== 'open-scout') return;
    this.opens.push({ what: output.kind, by: output.via?.interfaceName ?? 'preferred' });
    if (output.kind !== 'open-transport') return;
    this.via = output.via ?? wifi;
    this.local = { address: this.via.local, port: 40_000 };
  }

  override get openedBy(): { readonly via?: PathCandidate } {
    return this.via === undefined ? {} : { via: this.via };
  }
}

/** The gateway is silent on the way that the machine prefers. */
function silent(): WayBench {
  const bench = new WayBench();
  bench.do({ kind: 'connect' });
  bench.settleAll();
  bench.now = limits.raceOtherWaysMs;
  assert.deepEqual(bench.do({ kind: 'timeout' }), ['find-paths']);
  return bench;
}

/** The second interface has answered, and the login goes there. */
function moved(): WayBench {
  const bench = silent();
  bench.do({ kind: 'paths-found', paths: [wifi, cellular] });
  bench.do({ kind: 'scout-opened', scout: 1, result: ok(here) });
  bench.engines.at(-1)?.says.push(answered);
  bench.do({ kind: 'scout-datagram', scout: 1, octets: new Uint8Array(1) });
  bench.settleAll();
  return bench;
}

test('a gateway that answers in time has the machine asked nothing', () => {
  const bench = new WayBench();
  bench.do({ kind: 'connect' });
  bench.settleAll();
  bench.say(answered);
  bench.now = 10 * limits.raceOtherWaysMs;
  assert.deepEqual(bench.do({ kind: 'timeout' }), []);
});

test('silence: the other interfaces are asked beside it, one after the other, not the preferred one again', () => {
  const bench = silent();
  const ethernet = way(4, '203.0.113.20');
  assert.deepEqual(bench.do({ kind: 'paths-found', paths: [wifi, cellular, ethernet] }), ['open-scout']);
  bench.now += limits.raceStaggerMs;
  assert.deepEqual(bench.do({ kind: 'timeout' }), ['open-scout']);
  assert.deepEqual(
    bench.opens.map(({ by }) => by),
    ['preferred', 'if3', 'if4'],
  );
});

test('the interface that answers gets the login', () => {
  const bench = moved();
  assert.equal(bench.opens.findLast(({ what }) => what === 'open-transport')?.by, 'if3');
  bench.login();
  bench.settleAll();
  assert.equal(bench.state.kind, 'connected');
});

test('an answer that leads to nothing has the other way tried; the try ends all the same', () => {
  const bench = moved();
  for (let i = 0; i < 10 && bench.state.kind === 'connecting'; i++) {
    bench.now += limits.raceOtherWaysMs;
    bench.do({ kind: 'timeout' });
    bench.do({ kind: 'paths-found', paths: [wifi, cellular] });
    bench.lose(failure('peer.unreachable', { gateway: 'vpn.example' }));
    bench.settleAll();
  }
  assert.equal(bench.state.kind, 'disconnected');
  assert.deepEqual(
    bench.opens.filter(({ what }) => what === 'open-transport').map(({ by }) => by),
    ['preferred', 'if3', 'if2'],
  );
});

test('what comes too late, or for no login, changes nothing', () => {
  const bench = silent();
  bench.say(answered);
  assert.deepEqual(bench.do({ kind: 'paths-found', paths: [wifi, cellular] }), []);
  bench.do({ kind: 'disconnect' });
  assert.deepEqual(bench.do({ kind: 'paths-found', paths: [wifi, cellular] }), []);
});

test('connected beside the preferred way: with MOBIKE that is looked at again, and without it is no reason to log in', () => {
  for (const mobike of [true, false]) {
    const bench = moved();
    bench.summary = { ...summary, mobike };
    bench.login();
    const words = bench.settleAll();
    assert.equal(words.includes('find-paths'), mobike);
    const lost: FailureCode[] = [];
    bench.do({ kind: 'network-changed', local: wifi.local });
    if (bench.state.kind === 'reconnecting') lost.push(bench.state.loss.cause.code);
    assert.deepEqual(lost, []);
    bench.do({ kind: 'network-changed', local: address('192.0.2.99') });
    assert.equal(bench.state.kind, mobike ? 'connected' : 'reconnecting');
  }
});
