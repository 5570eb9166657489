import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import { limits } from '../../../../core/base/limits.ts';
import { concat } from '../../../../core/base/octets.ts';
import { err, ok } from '../../../../core/base/result.ts';
import { peerCredentials } from '../../../../core/platform/linux/peer-credentials.ts';
import { encodeFrame } from '../../../../core/rpc/framing.ts';
import { type Access, methods } from '../../../../core/rpc/schema.ts';
import { connectRpc } from '../../../../core/rpc/transport/client.ts';
import { createRpcServer } from '../../../../core/rpc/transport/server.ts';
import type { PeerCredentials, RpcClientHandle } from '../../../../core/rpc/transport/server-types.ts';
import { connectedSnapshot, idleSnapshot } from '../snapshots.ts';
import { plainHandlers, startServer, temporaryFolder } from './harness.ts';

function frame(value: unknown): Uint8Array {
  const encoded = encodeFrame(value);
  assert.ok(encoded.ok);
  return encoded.value;
}

async function rawClient(t: TestContext, path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('a call is answered, with a value or with the failure as it was', async (t) => {
  const { client } = await startServer(t);
  const rpc = await client();
  assert.deepEqual(await rpc.call('version', {}), ok({ version: '0.1.0', protocol: 1, pid: process.pid }));
  assert.deepEqual(await rpc.call('status', {}), ok({ snapshot: idleSnapshot() }));
  const refused = await rpc.call('connect', { source: { kind: 'stored', id: 'office' }, canAnswer: false });
  assert.deepEqual(refused, err(failure('tunnel.busy', { profile: 'Office' })));
});

test('a subscriber gets the state, then each event it asked for, and others get none', async (t) => {
  const { client, server } = await startServer(t);
  const [listening, deaf] = [await client(), await client()];
  const seen: string[] = [];
  listening.on('state', (snapshot) => seen.push(snapshot.tunnel.state));
  listening.on('phase', ({ phase }) => seen.push(phase));
  deaf.on('state', () => seen.push('deaf heard it'));
  assert.deepEqual(
    await listening.call('subscribe', { events: ['state'] }),
    ok({ snapshot: idleSnapshot() }),
  );
  server.publish('phase', { attempt: 1, phase: 'init', at: 1 });
  server.publish('state', connectedSnapshot());
  // Answers come behind the events that were sent before them.
  await listening.call('version', {});
  await deaf.call('version', {});
  assert.deepEqual(seen, ['connected']);
});

const levels: readonly (Access | undefined)[] = [undefined, 'read', 'control', 'admin'];
for (const level of levels) {
  test(`a client with access ${level ?? 'none'} may call just what that allows`, async (t) => {
    const { client } = await startServer(t, { accessOf: () => level });
    const rpc = await client();
    const params = {
      version: {},
      status: {},
      profiles: {},
      disconnect: {},
      shutdown: {},
      subscribe: { events: ['state' as const] },
      connect: { source: { kind: 'stored' as const, id: 'x' }, canAnswer: false },
      answer: { askId: 1, answer: { kind: 'refused' as const } },
    };
    const allowed: Record<string, boolean> = {};
    for (const [name, { access }] of Object.entries(methods)) {
      const rank = levels.indexOf(access);
      allowed[name] = level !== undefined && levels.indexOf(level) >= rank;
    }
    const seen: Record<string, boolean> = {};
    const note = (name: string, code: string | undefined) => {
      seen[name] = code !== 'rpc.denied' && code !== 'rpc.unavailable';
    };
    const codeOf = (result: { ok: true } | { ok: false; error: { code: string } }) =>
      result.ok ? undefined : result.error.code;
    note('version', codeOf(await rpc.call('version', params.version)));
    note('status', codeOf(await rpc.call('status', params.status)));
    note('profiles', codeOf(await rpc.call('profiles', params.profiles)));
    note('profile', codeOf(await rpc.call('profile', { id: 'x' })));
    note('save-profile', codeOf(await rpc.call('save-profile', { text: '' })));
    note('remove-profile', codeOf(await rpc.call('remove-profile', { id: 'x' })));
    const keyFile = await rpc.call('look-into-key-file', { name: 'x', file: 'AA==' });
    note('look-into-key-file', codeOf(keyFile));
    note('history', codeOf(await rpc.call('history', {})));
    note('log-tail', codeOf(await rpc.call('log-tail', {})));
    note('subscribe', codeOf(await rpc.call('subscribe', params.subscribe)));
    note('connect', codeOf(await rpc.call('connect', params.connect)));
    note('disconnect', codeOf(await rpc.call('disconnect', params.disconnect)));
    note('answer', codeOf(await rpc.call('answer', params.answer)));
    note('shutdown', codeOf(await rpc.call('shutdown', params.shutdown)));
    assert.deepEqual(seen, allowed);
  });
}

test('the log is not for those who may only look', async (t) => {
  const { client } = await startServer(t, { accessOf: () => 'read' });
  const result = await (await client()).call('subscribe', { events: ['state', 'log'] });
  assert.equal(result.ok ? undefined : result.error.code, 'rpc.denied');
});

test('a client whose credentials cannot be read is turned away', async (t) => {
  const { client } = await startServer(t, {
    credentialsOf: () => err(failure('system.call', { call: 'getsockopt', errno: 'EBADF' })),
  });
  const result = await (await client()).call('version', {});
  assert.equal(result.ok ? undefined : result.error.code, 'rpc.unavailable');
});

test('the kernel says who a client is', async (t) => {
  const seen: PeerCredentials[] = [];
  const { client } = await startServer(t, {
    credentialsOf: (socket) => {
      const credentials = peerCredentials(socket);
      if (credentials.ok) seen.push(credentials.value);
      return credentials;
    },
  });
  await (await client()).call('version', {});
  assert.deepEqual([seen[0]?.pid, seen[0]?.uid], [process.pid, process.getuid?.()]);
});

test('an ask goes to its client, the answer comes back as a Secret, and nobody else can answer', async (t) => {
  let asked: RpcClientHandle | undefined;
  const { client, log } = await startServer(t, {
    handlers: {
      ...plainHandlers,
      connect: (_, caller) => {
        asked = caller;
        return ok({ attempt: 1 });
      },
    },
  });
  const [owner, stranger] = [await client(), await client()];
  stranger.on('ask', () => assert.fail('the stranger was asked'));
  const event = new Promise<number>((resolve) => owner.on('ask', ({ askId }) => resolve(askId)));
  await owner.call('connect', { source: { kind: 'stored', id: 'office' }, canAnswer: true });
  const password = asked?.ask({ kind: 'password', identity: 'alice', profile: 'Office', retry: 0 });
  const askId = await event;
  const answer = { kind: 'password', password: 'hunter2' } as const;
  const stolen = await stranger.call('answer', { askId, answer });
  assert.equal(stolen.ok ? undefined : stolen.error.code, 'rpc.invalid');
  assert.deepEqual(await owner.call('answer', { askId, answer }), ok({}));
  const secret = await password;
  assert.ok(secret?.ok);
  assert.equal(new TextDecoder().decode(secret.value.expose()), 'hunter2');
  assert.equal(
    (await owner.call('answer', { askId, answer })).ok,
    false,
    'a second answer finds nothing open',
  );
  assert.doesNotMatch(JSON.stringify(log), /hunter2/);
});

test('an ask ends when its client goes away, and when nobody wants to know any more', async (t) => {
  const callers: RpcClientHandle[] = [];
  const { client } = await startServer(t, {
    handlers: {
      ...plainHandlers,
      disconnect: (_, caller) => {
        callers.push(caller);
        return ok({ wasUp: false });
      },
    },
  });
  const rpc = await client();
  await rpc.call('disconnect', {});
  const request = { kind: 'password', identity: 'alice', profile: 'Office', retry: 0 } as const;
  const cancel = new AbortController();
  const first = callers[0]?.ask(request, { signal: cancel.signal });
  const closed = new Promise((resolve) => rpc.on('ask-closed', resolve));
  cancel.abort();
  assert.deepEqual(await first, err(failure('tunnel.cancelled')));
  assert.deepEqual(await closed, { askId: 1, reason: 'cancelled' });
  const second = callers[0]?.ask(request);
  rpc.close();
  assert.deepEqual(await second, err(failure('secret.missing')));
  assert.equal(callers[0]?.gone.aborted, true);
});

const hostile: readonly [string, Uint8Array][] = [
  ['a frame that is too long', Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
  ['no JSON', concat(Uint8Array.of(0, 0, 0, 3), Uint8Array.of(1, 2, 3))],
  ['no request', frame([1, 2, 3])],
  ['a request without an id', frame({ method: 'version', params: {} })],
  ['a request with a field too many', frame({ id: 1, method: 'version', params: {}, token: 'x' })],
];
for (const [what, octets] of hostile) {
  test(`${what} ends that client and no other`, async (t) => {
    const { client, server } = await startServer(t);
    const other = await client();
    const socket = await rawClient(t, server.socketPath);
    socket.write(octets);
    await once(socket, 'close');
    assert.ok((await other.call('version', {})).ok);
  });
}

for (const [what, method, params] of [
  ['an unknown method', 'reboot', {}],
  ['a name from the prototype', 'constructor', {}],
  ['wrong parameters', 'connect', { source: { kind: 'stored' }, canAnswer: 'yes' }],
  ['a secret in the wrong place', 'answer', { askId: 'hunter2', answer: { kind: 'password', password: 7 } }],
] as const) {
  test(`${what} is answered with rpc.invalid that shows no value`, async (t) => {
    const { server } = await startServer(t);
    const socket = await rawClient(t, server.socketPath);
    socket.write(frame({ id: 7, method, params }));
    const [chunk] = await once(socket, 'data');
    const text = String(chunk);
    assert.match(text, /"id":7,"ok":false/);
    assert.match(text, /rpc\.invalid/);
    assert.doesNotMatch(text, /hunter2/);
  });
}

test('a handler that breaks is a misuse for the client and a line in the log', async (t) => {
  const { client, log } = await startServer(t, {
    handlers: {
      ...plainHandlers,
      disconnect: () => {
        throw new Error('inner detail');
      },
    },
  });
  const result = await (await client()).call('disconnect', {});
  assert.equal(result.ok ? undefined : result.error.code, 'misuse');
  assert.doesNotMatch(JSON.stringify(result), /inner detail/);
  assert.ok(
    log.some(
      ({ event, fields }) => event === 'rpc.handler-failed' && /inner detail/.test(`${fields?.['problem']}`),
    ),
  );
});

test('rpcTextCharacters: a text may have so many characters and not one more', async (t) => {
  const { client } = await startServer(t);
  const rpc = await client();
  const idOf = (length: number) => rpc.call('profile', { id: 'x'.repeat(length) });
  const fits = await idOf(limits.rpcTextCharacters);
  assert.equal(fits.ok ? '' : fits.error.code, 'profile.missing');
  const over = await idOf(limits.rpcTextCharacters + 1);
  assert.equal(over.ok ? '' : over.error.code, 'rpc.invalid');
});

test('a subscriber that does not read is disconnected; the daemon does not hold its events', async (t) => {
  const { client, server, log } = await startServer(t);
  const slow = await rawClient(t, server.socketPath);
  slow.write(frame({ id: 1, method: 'subscribe', params: { events: ['state'] } }));
  await once(slow, 'data');
  slow.pause();
  const other = await client();
  let sent = 0;
  for (; sent < 20_000 && server.clients > 1; sent++) {
    server.publish('state', connectedSnapshot());
    if (sent % 64 === 0) await new Promise(setImmediate);
  }
  assert.ok((await other.call('version', {})).ok);
  assert.equal(server.clients, 1);
  assert.ok(sent > limits.rpcQueuedFrames, 'as much as that is held for it');
  assert.ok(log.some(({ event }) => event === 'rpc.slow-client'));
});

test('only so many calls of a client run at once, and the others follow', async (t) => {
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const { client } = await startServer(t, {
    handlers: {
      ...plainHandlers,
      disconnect: () =>
        new Promise((resolve) => {
          most = Math.max(most, ++running);
          release.push(() => {
            running--;
            resolve(ok({ wasUp: false }));
          });
        }),
    },
  });
  const rpc = await client();
  const calls = Array.from({ length: 3 * limits.rpcCallsInFlight }, () => rpc.call('disconnect', {}));
  const results = Promise.all(calls);
  let done = false;
  void results.then(() => {
    done = true;
  });
  while (!done) {
    release.shift()?.();
    await new Promise(setImmediate);
  }
  assert.equal(most, limits.rpcCallsInFlight);
  assert.ok((await results).every((result) => result.ok));
});

test('clients over the limit are turned away', async (t) => {
  const { server, client } = await startServer(t);
  const sockets = await Promise.all(
    Array.from({ length: limits.rpcClients }, () => rawClient(t, server.socketPath)),
  );
  const result = await (await client()).call('version', {});
  assert.equal(result.ok ? undefined : result.error.code, 'rpc.unavailable');
  const gone = once(sockets[0] ?? assert.fail(), 'close');
  sockets[0]?.destroy();
  await gone;
  while (server.clients === limits.rpcClients) await new Promise(setImmediate);
  assert.ok((await (await client()).call('version', {})).ok);
});

const serverAt = (socketPath: string, groupId?: number) =>
  createRpcServer({
    socketPath,
    handlers: plainHandlers,
    snapshot: idleSnapshot,
    credentialsOf: () => ok({ pid: 1, uid: 0 }),
    log: () => undefined,
    ...(groupId === undefined ? {} : { groupId }),
  });

test('the socket is for its group alone, and gone after close', async (t) => {
  const path = join(await temporaryFolder(t), 'run', 'godwitd.sock');
  const server = await serverAt(path, process.getgid?.() ?? 0);
  assert.ok(server.ok);
  assert.equal(lstatSync(path).mode & 0o777, 0o660);
  assert.equal(lstatSync(path).gid, process.getgid?.());
  await server.value.close();
  assert.equal(existsSync(path), false);
});

test('a second daemon on the same socket is refused and the first goes on', async (t) => {
  const { server, client } = await startServer(t);
  const second = await serverAt(server.socketPath);
  assert.deepEqual(second, err(failure('rpc.busy', { socket: server.socketPath })));
  assert.ok((await (await client()).call('version', {})).ok);
});

test("a dead daemon's socket is replaced", async (t) => {
  const path = join(await temporaryFolder(t), 'godwitd.sock');
  // A child that is killed leaves its socket behind.
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.ok(existsSync(path));
  const server = await serverAt(path);
  assert.ok(server.ok, JSON.stringify(server));
  await server.value.close();
});

test('a file that is no socket is left alone', async (t) => {
  const path = join(await temporaryFolder(t), 'godwitd.sock');
  writeFileSync(path, 'precious');
  const server = await serverAt(path);
  assert.equal(server.ok ? undefined : server.error.code, 'rpc.socket');
  assert.equal(lstatSync(path).isFile(), true);
});

test('a path that is too long for a socket is refused', async () => {
  const server = await serverAt(`/tmp/${'x'.repeat(200)}`);
  assert.equal(server.ok ? undefined : server.error.code, 'rpc.socket');
});

test('closing leaves alone a socket that has become another daemon’s', async (t) => {
  const path = join(await temporaryFolder(t), 'godwitd.sock');
  const first = await serverAt(path);
  assert.ok(first.ok);
  const { unlinkSync } = await import('node:fs');
  unlinkSync(path);
  const second = createServer().listen(path);
  t.after(() => second.close());
  await once(second, 'listening');
  await first.value.close();
  assert.ok(existsSync(path), 'the other socket is still there');
});

test('a client learns that nobody is there, and that the daemon went away in the middle of a call', async (t) => {
  const nobody = await connectRpc(join(await temporaryFolder(t), 'godwitd.sock'));
  assert.equal(nobody.ok ? undefined : nobody.error.code, 'rpc.unavailable');
  const { client, server } = await startServer(t, {
    handlers: { ...plainHandlers, disconnect: () => new Promise(() => undefined) },
  });
  const rpc = await client();
  const pending = rpc.call('disconnect', {});
  await rpc.call('version', {});
  await server.close();
  const result = await pending;
  assert.equal(result.ok ? undefined : result.error.code, 'rpc.unavailable');
  assert.equal((await rpc.closed)?.code, 'rpc.unavailable');
});

test('a daemon that talks nonsense is left', async (t) => {
  const path = join(await temporaryFolder(t), 'godwitd.sock');
  const server = createServer((socket) => socket.write(frame({ event: 'state', data: { tunnel: 'up' } })));
  server.listen(path);
  t.after(() => server.close());
  await once(server, 'listening');
  const connected = await connectRpc(path);
  assert.ok(connected.ok);
  assert.equal((await connected.value.closed)?.code, 'rpc.invalid');
});
