import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpAddress } from '../../../core/base/address.ts';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { ok } from '../../../core/base/result.ts';
import { address } from './fixtures.ts';
import { here, ReconnectBench } from './reconnect-bench.ts';

const v6 = address('2001:db8::1');
const v4 = address('198.51.100.1');
const other = address('198.51.100.2');
const silent = failure('peer.unreachable', { gateway: 'vpn.example' });
const answered = { kind: 'phase', phase: 'authenticating-gateway' } as const;
const opened = (scout: number) => ({ kind: 'scout-opened', scout, result: ok(here) }) as const;

/** Logging in at the IPv6 address of a gateway that has an IPv4 one too. */
function racing(): ReconnectBench {
  const bench = new ReconnectBench();
  bench.found = [v6, v4];
  bench.do({ kind: 'connect' });
  bench.settleAll();
  assert.equal(bench.connection.nextWakeup(), 250);
  return bench;
}

/** A quarter of a second later the IPv4 address is asked too. */
function scouting(): ReconnectBench {
  const bench = racing();
  bench.now = 250;
  assert.deepEqual(bench.do({ kind: 'timeout' }), ['open-scout']);
  bench.do(opened(1));
  assert.deepEqual(bench.engines.at(-1)?.remote.address, v4);
  return bench;
}

const remotes = (bench: ReconnectBench) => bench.engines.map(({ remote }) => formatIpAddress(remote.address));

test('an address that answers in time has no other one asked', () => {
  const bench = racing();
  bench.say(answered);
  bench.now = 5_000;
  assert.deepEqual(bench.do({ kind: 'timeout' }), []);
});

test('the first to answer gets the login; what the other began is dropped', () => {
  const bench = scouting();
  bench.engines[1]?.says.push(answered);
  const words = bench.do({ kind: 'scout-datagram', scout: 1, octets: new Uint8Array(1) });
  assert.deepEqual(words, ['close-scout', 'close-transport']);
  bench.settleAll();
  assert.deepEqual(remotes(bench), ['2001:db8::1', '198.51.100.1', '198.51.100.1']);
  assert.ok(bench.engines[0]?.closed && bench.engines[1]?.closed);
  bench.login();
  bench.settleAll();
  assert.equal(bench.state.kind, 'connected');
});

test('the answer of the first one ends what was asked beside it', () => {
  const bench = scouting();
  bench.engines[0]?.says.push(answered);
  assert.ok(bench.do({ kind: 'timeout' }).includes('close-scout'));
  assert.ok(bench.engines[1]?.closed);
  assert.ok(!bench.engines[0]?.closed);
});

test('an answer that leads to nothing may have been forged: the others are tried', () => {
  const bench = scouting();
  bench.engines[1]?.says.push(answered);
  bench.do({ kind: 'scout-datagram', scout: 1, octets: new Uint8Array(1) });
  bench.settleAll();
  bench.say(answered);
  bench.lose(failure('peer.silent', { phase: 'authenticating-gateway' }));
  bench.settleAll();
  assert.equal(remotes(bench).at(-1), '2001:db8::1');
});

test('where two answers differed the login is repeated at the same address, a few times', () => {
  const bench = new ReconnectBench();
  bench.do({ kind: 'connect' });
  bench.settleAll();
  for (let tries = 0; tries < 1 + limits.rivalTries; tries++) {
    const engine = bench.engines.at(-1);
    assert.ok(engine);
    engine.rivalled = true;
    bench.say(answered);
    bench.lose(failure('peer.silent', { phase: 'authenticating-gateway' }));
    bench.settleAll();
  }
  assert.deepEqual(remotes(bench), new Array(1 + limits.rivalTries).fill('198.51.100.1'));
  assert.equal(bench.state.kind, 'disconnected');
});

test('a wrong certificate at one address is told only when no other address does better', () => {
  const bench = new ReconnectBench();
  bench.found = [v4, other];
  bench.do({ kind: 'connect' });
  bench.settleAll();
  bench.say(answered);
  bench.lose(failure('certificate.expired'));
  bench.settleAll();
  assert.equal(remotes(bench).at(-1), '198.51.100.2');
  bench.lose(silent);
  assert.equal(bench.settleAll().at(-1), 'disconnected certificate.expired');
});

test('the family that worked is asked first when the connection is lost', () => {
  const bench = scouting();
  bench.engines[1]?.says.push(answered);
  bench.do({ kind: 'scout-datagram', scout: 1, octets: new Uint8Array(1) });
  bench.settleAll();
  bench.login();
  bench.settleAll();
  bench.lose(failure('peer.dead'));
  bench.settleAll();
  assert.equal(remotes(bench).at(-1), '198.51.100.1');
});

test('gateways in order: the next is looked up when every address of the one before failed', () => {
  const bench = new ReconnectBench(true, { gateways: ['a.example', 'b.example'] });
  bench.do({ kind: 'connect' });
  bench.settleAll();
  assert.equal(bench.engines[0]?.terms.gateway, 'a.example');
  bench.lose(silent);
  bench.settleAll();
  assert.equal(bench.engines[1]?.terms.gateway, 'b.example');
  bench.lose(silent);
  assert.equal(bench.settleAll().at(-1), 'disconnected peer.unreachable');
});

test('a refused password is not carried to the next gateway', () => {
  const bench = new ReconnectBench(true, { gateways: ['a.example', 'b.example'] });
  bench.do({ kind: 'connect' });
  bench.settleAll();
  bench.say(answered, { kind: 'phase', phase: 'logging-in' });
  bench.lose(failure('auth.password'));
  assert.equal(bench.settleAll().at(-1), 'disconnected auth.password');
  assert.equal(bench.engines.length, 1);
});

test('fastest: all gateways are asked at once, and the login goes to the first that answers', () => {
  const bench = new ReconnectBench(true, { gateways: ['a.example', 'b.example'], fastest: true });
  assert.deepEqual(bench.do({ kind: 'connect' }), ['connecting resolving', 'resolve', 'resolve']);
  bench.settle();
  bench.found = [other];
  bench.settle();
  assert.ok(bench.settle().includes('open-scout'), 'without a wait');
  bench.do(opened(1));
  bench.engines[1]?.says.push(answered);
  bench.do({ kind: 'scout-datagram', scout: 1, octets: new Uint8Array(1) });
  bench.settleAll();
  assert.equal(bench.engines[2]?.terms.gateway, 'b.example', 'it must prove to be that one');
});

test('whatever ends the login ends the race, and a socket that comes late is closed', () => {
  const bench = racing();
  bench.now = 250;
  bench.do({ kind: 'timeout' });
  bench.do({ kind: 'disconnect' });
  assert.deepEqual(bench.do(opened(1)), ['close-scout']);
  bench.settleAll();
  assert.equal(bench.state.kind, 'disconnected');
});
