import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { silent } from '../../../core/base/log.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import { instant } from '../../../core/base/time.ts';
import { Controller, type ControllerParts } from '../../../core/daemon/controller.ts';
import { FlightRecorder } from '../../../core/daemon/flight-recorder.ts';
import type { RunningSession, SessionEvents } from '../../../core/daemon/running-session.ts';
import { noCounters } from '../../../core/dataplane/dataplane.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import type { RpcClientHandle } from '../../../core/rpc/transport/server-types.ts';
import { type Sample, sampleSchema, snapshotSchema } from '../../../core/rpc/values.ts';
import { withRekey, withRekeyFailure } from '../../../core/tunnel/sa-history.ts';
import { connectedDetails } from './connected-details.ts';

const parsed = parseProfile(
  JSON.stringify({
    name: 'Office',
    gateway: 'vpn.example.org',
    authentication: { method: 'eap-mschapv2', username: 'alice' },
    trust: { caFile: 'ca.pem' },
  }),
  'office.json',
);
assert.ok(parsed.ok);
const profile = parsed.value;

/** A session that does what the test says. */
class FakeSession implements RunningSession {
  readonly calls: string[] = [];
  readonly tell: SessionEvents['onState'];
  readonly wake: SessionEvents['onBusy'];
  #end: () => void = () => undefined;
  readonly finished = new Promise<void>((resolve) => {
    this.#end = resolve;
  });
  isBusy = true;
  constructor({ onState, onBusy }: SessionEvents) {
    this.tell = onState;
    this.wake = onBusy;
  }
  connect = () => void this.calls.push('connect');
  disconnect = () => {
    this.calls.push('disconnect');
    this.end();
  };
  provenAt = () => instant(40);
  counters = () => noCounters;
  pairCounters = () => [{ pair: 0, ...noCounters }];
  busy = () => this.isBusy;
  ikeDrops = () => ({});
  takeRoundTrip = () => undefined;
  doubt = () => undefined;
  probe = () => void this.calls.push('probe');
  end(error?: ReturnType<typeof failure>): void {
    this.tell({ kind: 'disconnected', ...(error === undefined ? {} : { lastFailure: error }) });
    this.#end();
  }
}

function bench(
  password: Promise<Result<Secret, ReturnType<typeof failure>>> = Promise.resolve(ok(Secret.fromText('pw'))),
  change: Partial<ControllerParts> = {},
) {
  const sessions: FakeSession[] = [];
  const published: string[] = [];
  const watch = { on: false };
  const time = { now: 100 };
  const samples: Sample[] = [];
  const parts: ControllerParts = {
    version: '0.0.0',
    log: silent,
    clock: { now: () => instant(time.now), wall: () => 1_000 },
    profiles: {
      list: async () => [],
      load: async () => ok({ profile, reference: { name: 'Office', gateway: 'vpn.example.org' } }),
      text: async () => ok({ text: '', own: false }),
      save: async () => ok('own:office'),
      remove: async () => ok(),
    },
    storedPasswords: async () => ok(new Map()),
    readSecretFile: async () => err(failure('secret.missing')),
    openCertificate: () => async () => err(failure('credential.missing')),
    lookIntoKeyFile: async () => err(failure('credential.missing')),
    createSession: async (_profile, _password, events) => {
      const session = new FakeSession(events);
      sessions.push(session);
      return ok(session);
    },
    publish: (event) => void published.push(event),
    recorder: new FlightRecorder(
      (event, data) => {
        if (event === 'sample') samples.push(sampleSchema.parse(data));
      },
      () => 1_000,
    ),
    watched: () => watch.on,
    onShutdown: () => undefined,
    ...change,
  };
  const controller = new Controller(parts);
  const client: RpcClientHandle = {
    id: 1,
    credentials: { pid: 1, uid: 0 },
    access: 'control',
    gone: new AbortController().signal,
    choose: async () => err(failure('secret.missing')),
    ask: (_request, { signal } = {}) =>
      Promise.race([
        password,
        new Promise<Result<Secret, ReturnType<typeof failure>>>((resolve) =>
          signal?.addEventListener('abort', () => resolve(err(failure('tunnel.cancelled')))),
        ),
      ]),
  };
  const source = { kind: 'text', text: '', file: 'x' } as const;
  const connect = async (canAnswer = true) => controller.handlers.connect({ source, canAnswer }, client);
  return { controller, sessions, published, connect, client, watch, time, samples };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a second connect is refused while one runs, and names it', async () => {
  const { connect, sessions } = bench();
  assert.ok((await connect()).ok);
  await turn();
  const second = await connect();
  assert.ok(!second.ok);
  assert.deepEqual([second.error.code, second.error.detail['profile']], ['tunnel.busy', 'Office']);
  assert.equal(sessions.length, 1);
});

test('after an end with a failure the failure is told and a new connect is taken', async () => {
  const { connect, sessions, controller } = bench();
  await connect();
  await turn();
  sessions[0]?.end(failure('auth.password'));
  await turn();
  const { tunnel } = controller.snapshot();
  assert.ok(tunnel.state === 'disconnected' && tunnel.lastFailure?.code === 'auth.password');
  assert.ok((await connect()).ok);
});

test('a disconnect while the user is asked for the password ends the attempt without a session', async () => {
  const { connect, sessions, controller } = bench(new Promise(() => undefined));
  await connect();
  await turn();
  assert.equal(await controller.disconnect(), true);
  assert.equal(sessions.length, 0);
  assert.equal(controller.snapshot().tunnel.state, 'disconnected');
  assert.equal(await controller.disconnect(), false);
});

test('without anybody to ask, a missing password is the failure', async () => {
  const { connect, controller } = bench();
  await connect(false);
  await turn();
  const { tunnel } = controller.snapshot();
  assert.ok(tunnel.state === 'disconnected' && tunnel.lastFailure?.code === 'secret.missing');
});

test('a disconnect waits until nothing of the connection is left', async () => {
  const { connect, sessions, controller } = bench();
  await connect();
  await turn();
  await controller.disconnect();
  assert.deepEqual(sessions[0]?.calls, ['connect', 'disconnect']);
  assert.equal(controller.snapshot().tunnel.state, 'disconnected');
});

test('every state is published, and every snapshot fits the schema', async () => {
  const { connect, sessions, controller, published } = bench();
  snapshotSchema.parse(controller.snapshot());
  await connect();
  await turn();
  sessions[0]?.tell({ kind: 'connecting', phase: 'init' });
  const { tunnel } = snapshotSchema.parse(controller.snapshot());
  assert.ok(tunnel.state === 'connecting' && tunnel.phase === 'init');
  assert.ok(published.includes('phase') && published.includes('state'));
});

const details = connectedDetails('0.0.0.0');

test('a rekey changes what is shown of the SAs; the connection is as old as before', async () => {
  const { connect, sessions, controller, published } = bench();
  await connect();
  await turn();
  sessions[0]?.tell({ kind: 'connected', connected: details });
  const before = controller.snapshot().tunnel;
  published.length = 0;
  const history = withRekeyFailure(
    withRekey(details.history, 'child', instant(70)),
    'ike',
    failure('peer.dead'),
    instant(90),
  );
  const child = { inbound: { spi: 3 }, outbound: { spi: 4 } };
  sessions[0]?.tell({ kind: 'connected', connected: { ...details, child, history } });
  assert.deepEqual(published, ['state']);
  const after = snapshotSchema.parse(controller.snapshot()).tunnel;
  assert.ok(before.state === 'connected' && after.state === 'connected');
  assert.deepEqual([after.since, after.connectMs], [before.since, before.connectMs]);
  assert.deepEqual([before.esp.ageMs, before.esp.rekeys, before.ike.ageMs], [50, 0, 50]);
  assert.deepEqual([after.esp.ageMs, after.esp.rekeys, after.ike.ageMs], [30, 1, 50]);
  assert.deepEqual([after.esp.inboundSpi, after.esp.outboundSpi], ['00000003', '00000004']);
  const { rekeyFailure } = after;
  assert.deepEqual(
    [rekeyFailure?.what, rekeyFailure?.error.code, rekeyFailure?.ageMs],
    ['ike', 'peer.dead', 10],
  );
});

test('a lost connection shows why, since when, how often and when next, on the clock of people', async () => {
  const { connect, sessions, controller, published } = bench();
  await connect();
  await turn();
  sessions[0]?.tell({ kind: 'connected', connected: details });
  const cause = failure('peer.dead');
  const loss = { cause, since: instant(60), tries: 0 };
  sessions[0]?.tell({ kind: 'reconnecting', loss: { ...loss, nextTryAt: instant(4_100) } });
  const shown = snapshotSchema.parse(controller.snapshot()).tunnel;
  assert.deepEqual(
    { ...shown, profile: undefined },
    { state: 'reconnecting', profile: undefined, since: 1_000, cause, tries: 0, nextTryAt: 5_000 },
  );
  published.length = 0;
  sessions[0]?.tell({ kind: 'reconnecting', loss: { ...loss, tries: 1 }, phase: 'init' });
  assert.deepEqual(published, ['state']);
  const trying = snapshotSchema.parse(controller.snapshot()).tunnel;
  assert.ok(trying.state === 'reconnecting' && trying.phase === 'init' && trying.nextTryAt === undefined);
  sessions[0]?.tell({ kind: 'connected', connected: details });
  const after = controller.snapshot().tunnel;
  assert.ok(after.state === 'connected' && after.connectMs === 40, 'counted from the loss');
});

test('watchedProbeMs: while somebody watches, the round trip is measured so often, else never', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  for (const watched of [true, false]) {
    let now = 100_000;
    const clock = { now: () => instant(now), wall: () => now };
    const { connect, sessions } = bench(undefined, { clock, watched: () => watched });
    assert.ok((await connect()).ok);
    await turn();
    const [session] = sessions;
    session?.tell({ kind: 'connected', connected: details });
    const probes = () => session?.calls.filter((call) => call === 'probe').length;
    const pass = (ms: number) => {
      now += ms;
      t.mock.timers.tick(ms);
    };
    assert.equal(probes(), watched ? 1 : 0, 'at once');
    for (let ms = 1_000; ms < limits.watchedProbeMs; ms += 1_000) pass(1_000);
    assert.equal(probes(), watched ? 1 : 0);
    pass(1_000);
    assert.equal(probes(), watched ? 2 : 0);
  }
});

test('samples are taken while packets move or somebody looks, and the one after a rest says so', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { connect, sessions, controller, watch, time, samples } = bench();
  await connect();
  await turn();
  const [session] = sessions;
  assert.ok(session);
  session.tell({ kind: 'connected', connected: details });
  t.mock.timers.tick(3_000);
  assert.equal(samples.length, 4);
  session.isBusy = false;
  t.mock.timers.tick(60_000);
  assert.equal(samples.length, 5, 'one more look, then rest');
  session.isBusy = true;
  time.now += 60_000;
  session.wake();
  t.mock.timers.tick(2_000);
  assert.deepEqual(
    samples.slice(5).map(({ idleMs }) => idleMs),
    [60_000, undefined, undefined],
  );
  session.isBusy = false;
  t.mock.timers.tick(1_000);
  watch.on = true;
  controller.sampleOn();
  t.mock.timers.tick(5_000);
  assert.equal(samples.length, 9 + 6);
  watch.on = false;
  t.mock.timers.tick(5_000);
  assert.equal(samples.length, 9 + 6 + 1);
  session.end();
  await turn();
  controller.sampleOn();
  t.mock.timers.tick(5_000);
  assert.equal(samples.length, 9 + 6 + 1);
});
