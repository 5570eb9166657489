import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { failure } from '../../../../core/base/errors.ts';
import { limits } from '../../../../core/base/limits.ts';
import { ok } from '../../../../core/base/result.ts';
import { bridgeMethodNames, type Link } from '../../../../core/rpc/bridge.ts';
import { methods } from '../../../../core/rpc/schema.ts';
import type { Bridge, Line } from '../../../../renderer/bridge/bridge.ts';
import { createLineBridge } from '../../../../renderer/bridge/line-bridge.ts';
import { plainHandlers, startServer, temporaryFolder } from '../transport/harness.ts';

/** How a host of one kind lets a page reach the daemon at a socket. */
export interface OpenPage {
  readonly line: Line;
  /** Resolves when the host has dropped the page. */
  readonly dropped: Promise<void>;
}

/** What every host of a page keeps to, whatever carries the messages. */
export function bridgeContract(
  host: string,
  open: (t: TestContext, socketPath: string) => Promise<OpenPage> | OpenPage,
): void {
  test(`${host}: a call reaches the daemon and its answer comes back`, async (t) => {
    const { server } = await startServer(t, { handlers: plainHandlers });
    const bridge = createLineBridge((await open(t, server.socketPath)).line);
    await linked(bridge, 'up');
    const version = await bridge.call('version', {});
    assert.deepEqual(version, ok({ version: '0.1.0', protocol: 1, pid: process.pid }));
    const status = await bridge.call('status', {});
    assert.equal(status.ok && status.value.snapshot.tunnel.state, 'disconnected');
  });

  test(`${host}: events of the daemon come in their order, secrets go in only`, async (t) => {
    const passwords: string[] = [];
    const { server } = await startServer(t, {
      handlers: {
        ...plainHandlers,
        connect: (_, client) => {
          const request = { kind: 'password', identity: 'alice', profile: 'Office', retry: 0 } as const;
          void client.ask(request).then((secret) => {
            if (secret.ok) passwords.push(new TextDecoder().decode(secret.value.expose()));
            server.publish('phase', { attempt: 1, phase: 'logging-in', at: 5 });
          });
          return ok({ attempt: 1 });
        },
      },
    });
    const bridge = createLineBridge((await open(t, server.socketPath)).line);
    await linked(bridge, 'up');
    assert.ok((await bridge.call('subscribe', { events: ['phase'] })).ok);
    const phase = new Promise((resolve) => bridge.on('phase', resolve));
    bridge.on('ask', ({ askId }) => {
      void bridge.call('answer', { askId, answer: { kind: 'password', password: 'päss' } });
    });
    assert.ok((await bridge.call('connect', { source: { kind: 'stored', id: 'x' }, canAnswer: true })).ok);
    assert.deepEqual(await phase, { attempt: 1, phase: 'logging-in', at: 5 });
    assert.deepEqual(passwords, ['päss']);
  });

  test(`${host}: a page reaches nothing outside the allow-list, whatever JSON it sends`, async (t) => {
    const reached: string[] = [];
    const handlers = Object.fromEntries(
      Object.entries(plainHandlers).map(([name, handle]) => [
        name,
        (...args: readonly never[]) => {
          reached.push(name);
          return Reflect.apply(handle, undefined, args);
        },
      ]),
    );
    const { server } = await startServer(t, { handlers: { ...plainHandlers, ...handlers } });
    const page = await open(t, server.socketPath);
    const bridge = createLineBridge(page.line);
    await linked(bridge, 'up');
    const known = new Set<string>(bridgeMethodNames());
    const name = fc.oneof(
      fc.constantFrom(
        ...Object.keys(methods),
        '__proto__',
        'constructor',
        'toString',
        'SHUTDOWN',
        'shutdown ',
      ),
      fc.string(),
    );
    const request = fc.record({ id: fc.nat(), method: name, params: fc.jsonValue() });
    // Fewer than what gets a page dropped, so that the last call still counts.
    const samples = fc.sample(request, { numRuns: limits.bridgeStrikes * 4, seed: 7 });
    for (const { id, method, params } of samples.filter((each) => known.has(each.method)).slice(0, 4)) {
      page.line.send(JSON.stringify({ id: id + 1_000_000, method, params }));
    }
    for (const { id, params } of samples.slice(0, 4)) {
      page.line.send(JSON.stringify({ id: id + 1_000_000, method: 'shutdown', params }));
    }
    page.line.send(JSON.stringify({ id: 999_999, method: 'shutdown', params: {} }));
    page.line.send(JSON.stringify({ id: 999_998, method: '__proto__', params: {} }));
    assert.ok((await bridge.call('version', {})).ok);
    assert.ok(!reached.includes('shutdown'), reached.join());
  });

  test(`${host}: a page that goes on sending what cannot be read is dropped`, async (t) => {
    const { server } = await startServer(t);
    const page = await open(t, server.socketPath);
    await linked(createLineBridge(page.line), 'up');
    for (let strike = 0; strike < limits.bridgeStrikes; strike++) page.line.send('{"id":1,"method":');
    await page.dropped;
  });

  test(`${host}: a daemon that is not there is told, and reached when it comes`, async (t) => {
    const socketPath = `${await temporaryFolder(t)}/godwitd.sock`;
    const bridge = createLineBridge((await open(t, socketPath)).line);
    const down = await linked(bridge, 'down');
    assert.equal(down.state === 'down' && down.error.code, 'rpc.unavailable');
    assert.deepEqual(
      (await bridge.call('status', {})).ok,
      false,
      'a call meanwhile fails and does not wait for ever',
    );
    const { server } = await startServer(t, { socketPath });
    await bridge.call('reach-daemon', {});
    const up = await linked(bridge, 'up');
    assert.deepEqual(up, { state: 'up', version: '0.1.0', match: 'same' });
    await server.close();
    await linked(bridge, 'down');
    await startServer(t, { socketPath });
    await linked(bridge, 'up');
  });

  test(`${host}: a daemon of another protocol is told from one of ours`, async (t) => {
    const version = () => ok({ version: '9.0.0', protocol: 99, pid: 1 });
    const { server } = await startServer(t, { handlers: { ...plainHandlers, version } });
    const bridge = createLineBridge((await open(t, server.socketPath)).line);
    assert.deepEqual(await linked(bridge, 'up'), { state: 'up', version: '9.0.0', match: 'newer' });
  });

  test(`${host}: the host answers for itself`, async (t) => {
    const { server } = await startServer(t);
    const bridge = createLineBridge((await open(t, server.socketPath)).line);
    const answer = await bridge.call('host', {});
    assert.ok(answer.ok && ['browser', 'electron'].includes(answer.value.kind));
  });
}

const links = new WeakMap<Bridge, Link>();

/** Waits until the link is in this state; a state that came before counts. */
function linked(bridge: Bridge, state: Link['state']): Promise<Link> {
  return new Promise((resolve) => {
    const last = links.get(bridge);
    if (last?.state === state) return resolve(last);
    const off = bridge.on('link', (link) => {
      links.set(bridge, link);
      if (link.state !== state) return;
      off();
      bridge.on('link', (later) => links.set(bridge, later));
      resolve(link);
    });
    return undefined;
  });
}

/** What the failure of a call that no host lets through looks like. */
export const denied = failure('rpc.denied', { method: 'shutdown' });
