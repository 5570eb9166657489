import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { RedirectLimit } from '../../../core/tunnel/destination.ts';
import { leadOf } from '../../../core/tunnel/renewal.ts';
import { address, child } from './fixtures.ts';
import { ReconnectBench } from './reconnect-bench.ts';

const lifetimeMs = 900_000;
/** A third of the lifetime before its end. */
const dueAt = 600_000;

/** Connected at a gateway that wants another login within 15 minutes. */
function limited(): ReconnectBench {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.say({ kind: 'auth-lifetime', lifetimeMs });
  return bench;
}

/** The time of the next login has come: the engine of the renewal is the last one. */
function renewing(): ReconnectBench {
  const bench = limited();
  bench.now = dueAt;
  bench.do({ kind: 'timeout' });
  assert.equal(bench.engines.length, 2);
  return bench;
}

/** The moment passes that a replaced login waits before it says goodbye. */
function goodbye(bench: ReconnectBench): readonly string[] {
  assert.equal(bench.connection.nextWakeup(), bench.now + limits.renewalGoodbyeMs);
  bench.now += limits.renewalGoodbyeMs;
  return bench.do({ kind: 'timeout' });
}

const commandsOf = (bench: ReconnectBench, engine: number) =>
  (bench.engines[engine]?.inputs ?? []).flatMap((input) =>
    input.kind === 'command' ? [input.command.kind] : [],
  );

test('AUTH_LIFETIME: a second login begins well before, beside the first, and asks for the same inner address', () => {
  const bench = limited();
  assert.equal(bench.connection.nextWakeup(), dueAt);
  bench.now = dueAt - 1;
  bench.do({ kind: 'timeout' });
  assert.equal(bench.engines.length, 1, 'not before');
  bench.now = dueAt;
  assert.deepEqual(bench.do({ kind: 'timeout' }), [], 'no transport is touched and nobody is told');
  assert.deepEqual(bench.engines[1]?.terms.wantedAddresses, [address('10.9.0.2')]);
  assert.deepEqual(commandsOf(bench, 1), ['connect']);
  assert.equal(bench.state.kind, 'connected');
});

test('the new login takes over when its SA is installed, and only then the old one says goodbye', () => {
  const bench = renewing();
  const words = bench.login();
  assert.deepEqual(words, ['install-child'], 'still the old one is shown');
  assert.ok(!commandsOf(bench, 0).includes('disconnect'));
  assert.deepEqual(bench.settle(), ['connected'], 'no plan is applied: it is the same');
  assert.ok(!commandsOf(bench, 0).includes('disconnect'), 'what left on it last is still on its way');
  assert.deepEqual(goodbye(bench), ['transmit']);
  assert.ok(commandsOf(bench, 0).includes('disconnect'));
  assert.ok(!bench.words.includes('close-transport') && !bench.words.includes('undo-network'));
});

test('further pairs of workers stop sending on the old login when the new one takes over, as the gateway soon forgets it', () => {
  const bench = limited();
  const copy = { ...child, inbound: { ...child.inbound, spi: 0x7777 } };
  bench.say({ kind: 'child-install', child: copy, wish: 1, resource: 1 });
  bench.settleAll();
  bench.now = dueAt;
  bench.do({ kind: 'timeout' });
  assert.ok(!bench.login().includes('retire-child'));
  assert.deepEqual(bench.settle(), ['retire-child', 'connected']);
});

test('another inner address replaces the plan before the old login ends', () => {
  const bench = renewing();
  bench.inner = '10.9.0.77/32';
  bench.login();
  assert.deepEqual(bench.settle(), ['apply replaced']);
  assert.ok(!commandsOf(bench, 0).includes('disconnect'));
  assert.deepEqual(bench.settle(), ['connected']);
  assert.deepEqual(goodbye(bench), ['transmit']);
});

test('a rekey that ends on the old login before its goodbye takes no traffic back to it', () => {
  const bench = renewing();
  bench.login();
  const old = bench.engines[0];
  assert.ok(old);
  bench.settle();
  old.farewell = [
    { kind: 'child-switch-outbound', inboundSpi: 0x1001 },
    { kind: 'child-sleep', inboundSpi: 0x1001 },
  ];
  assert.deepEqual(goodbye(bench), ['transmit'], 'nothing is said to the data plane');
});

test('the user who leaves before the old login has said goodbye: both say it', () => {
  const bench = renewing();
  bench.login();
  bench.settle();
  bench.do({ kind: 'disconnect' });
  bench.settleAll();
  assert.ok(commandsOf(bench, 0).includes('disconnect'));
  assert.ok(commandsOf(bench, 1).includes('disconnect'));
  assert.equal(bench.words.filter((word) => word === 'transmit').length, 2);
});

test('the old inbound SA stays for packets on their way', () => {
  const bench = renewing();
  bench.login();
  const old = bench.engines[0];
  assert.ok(old);
  old.farewell = [{ kind: 'child-remove', inboundSpi: 0x1001 }];
  bench.settle();
  assert.ok(!goodbye(bench).includes('remove-child'));
  bench.now += limits.renewalLingerMs - 1;
  assert.ok(!bench.do({ kind: 'timeout' }).includes('remove-child'));
  bench.now += 1;
  assert.deepEqual(bench.do({ kind: 'timeout' }), ['remove-child']);
});

test('a new login that fails keeps the old one, is shown, and is tried again', () => {
  const bench = renewing();
  bench.lose(failure('peer.silent', { phase: 'authenticating-gateway' }));
  assert.ok(bench.state.kind === 'connected');
  const { rekeyFailure } = bench.state.connected.history;
  assert.deepEqual([rekeyFailure?.what, rekeyFailure?.error.code], ['login', 'peer.silent']);
  assert.equal(bench.connection.nextWakeup(), dueAt + 1_000);
  bench.now = dueAt + 1_000;
  bench.do({ kind: 'timeout' });
  assert.equal(bench.engines.length, 3);
});

test('a refused password is not tried again, not even when the gateway then ends the old login', () => {
  const bench = renewing();
  bench.lose(failure('auth.password', { side: 'local' }));
  assert.equal(bench.state.kind, 'connected', 'what stands goes on while it may');
  assert.equal(bench.connection.nextWakeup(), undefined);
  bench.engines[0]?.says.push({ kind: 'closed', error: failure('peer.closed') });
  bench.do({ kind: 'timeout' });
  assert.equal(bench.settleAll().at(-1), 'disconnected auth.password');
});

test('a login that hangs, because nobody answers what it asks, is given up in time', () => {
  const bench = renewing();
  bench.say({
    kind: 'ask',
    id: 1,
    ask: { kind: 'credential', identity: 'alice', question: { kind: 'password', retry: 0 } },
  });
  bench.now += limits.renewalLoginMs;
  bench.do({ kind: 'timeout' });
  assert.ok(bench.engines[1]?.closed);
  assert.ok(bench.state.kind === 'connected');
  assert.equal(bench.state.connected.history.rekeyFailure?.error.code, 'tunnel.renewal-late');
});

test('while a second login is under way, what the first one tells does not say that nobody asks any more', () => {
  const bench = renewing();
  const { connected } = bench.state.kind === 'connected' ? bench.state : { connected: undefined };
  assert.ok(connected);
  bench.engines[0]?.says.push({ kind: 'rekeyed', what: 'ike', summary: connected.summary });
  bench.do({ kind: 'timeout' });
  assert.ok(bench.state.kind === 'connected' && bench.state.renewing);
  bench.lose(failure('peer.silent', { phase: 'logging-in' }));
  assert.ok(bench.state.kind === 'connected' && bench.state.renewing === undefined);
});

test('answers and datagrams find the login that they are for', () => {
  const bench = renewing();
  bench.say({
    kind: 'ask',
    id: 1,
    ask: { kind: 'credential', identity: 'alice', question: { kind: 'password', retry: 0 } },
  });
  const refused = { kind: 'refused', error: failure('secret.missing') } as const;
  bench.do({ kind: 'answer', id: 1, answer: refused });
  assert.ok(bench.engines[1]?.inputs.some(({ kind }) => kind === 'answer'));
  assert.ok(!bench.engines[0]?.inputs.some(({ kind }) => kind === 'answer'));
  const from = { address: address('198.51.100.1'), port: 4500 };
  for (const engine of [0, 1, 7])
    bench.do({ kind: 'datagram', octets: Uint8Array.of(engine), from, marker: true, path: 0 });
  const got = (engine: number) => bench.engines[engine]?.inputs.filter(({ kind }) => kind === 'datagram');
  assert.deepEqual(
    [got(0)?.length, got(1)?.length],
    [2, 1],
    'what is nobody’s is counted at the present one',
  );
});

test('the loss of the present login, and its end by the user, end the one that was to follow', () => {
  for (const end of [
    (bench: ReconnectBench) => bench.engines[0]?.says.push({ kind: 'closed', error: failure('peer.dead') }),
    (bench: ReconnectBench) => bench.do({ kind: 'disconnect' }),
  ]) {
    const bench = renewing();
    end(bench);
    bench.do({ kind: 'timeout' });
    assert.ok(bench.engines[1]?.closed);
  }
});

test('a gateway that wants logins every few seconds does not get them so often', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.say({ kind: 'auth-lifetime', lifetimeMs: 3_000 });
  assert.equal(bench.connection.nextWakeup(), limits.renewalEarliestMs);
});

test('the lead is a third of the lifetime, five minutes at most, and up to a half more by chance', () => {
  const lead = (ms: number, octet: number) =>
    leadOf(ms, { octets: (count) => new Uint8Array(count).fill(octet) });
  assert.equal(lead(30_000, 0), 10_000);
  assert.equal(lead(14_400_000, 0), 300_000);
  assert.ok(lead(30_000, 255) > 14_900 && lead(30_000, 255) < 15_000);
});

test('REDIRECT while connected: found, logged in beside the present one over the same transport, then it moves', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.found = [address('2001:db8::9'), address('203.0.113.9')];
  assert.deepEqual(bench.say({ kind: 'redirect', to: 'west.example' }), ['resolve']);
  bench.settle();
  const engine = bench.engines[1];
  assert.ok(engine);
  assert.deepEqual(engine.remote.address, address('203.0.113.9'), 'of the family of the transport');
  assert.deepEqual(engine.terms.redirectedFrom, address('198.51.100.1'));
  assert.equal(engine.terms.gateway, 'vpn.example', 'it must prove to be the gateway of the profile');
  bench.login();
  assert.deepEqual(bench.settle(), ['recall-network', 'connected']);
  assert.ok(bench.state.kind === 'connected');
  assert.equal(bench.state.connected.redirectedFrom, '198.51.100.1');
  assert.deepEqual(bench.state.connected.remote.address, address('203.0.113.9'));
});

test('REDIRECT to another family of addresses: the connection is made anew there', () => {
  const bench = new ReconnectBench();
  bench.toConnected();
  bench.found = [address('2001:db8::9')];
  bench.say({ kind: 'redirect', to: 'west.example' });
  bench.settleAll();
  assert.deepEqual(bench.engines.at(-1)?.remote.address, address('2001:db8::9'));
  assert.ok(!bench.words.includes('undo-network'));
});

test('REDIRECT in place of a login: the next one goes there, and a loop comes to an end', () => {
  const bench = new ReconnectBench();
  bench.do({ kind: 'connect' });
  bench.settleAll();
  for (let hops = 1; hops <= limits.redirects; hops++) {
    const words = bench.say(
      { kind: 'redirect', to: address('203.0.113.9') },
      { kind: 'closed', error: failure('peer.redirected') },
    );
    assert.deepEqual(words, ['close-transport']);
    assert.deepEqual(bench.settle(), ['connecting resolving', 'resolve']);
    bench.settleAll();
    assert.equal(bench.engines.length, hops + 1);
  }
  bench.say(
    { kind: 'redirect', to: address('203.0.113.9') },
    { kind: 'closed', error: failure('peer.redirected') },
  );
  assert.equal(bench.settleAll().at(-1), 'disconnected peer.redirect-loop');
});

test('five redirects in five minutes, then no more until they are old', () => {
  const limit = new RedirectLimit();
  const allowed = [0, 1, 2, 3, 4, 5, 300_000].map((at) => limit.allows(instant(at)));
  assert.deepEqual(allowed, [true, true, true, true, true, false, true]);
});
