import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import { limits } from '../../../../core/base/limits.ts';
import { err, ok } from '../../../../core/base/result.ts';
import { startUiServer, type UiServer } from '../../../../core/cli/ui/ui-server.ts';
import type { StaticFile } from '../../../../core/platform/static-files.ts';
import { readStaticFiles } from '../../../../core/platform/static-files.ts';
import { connectRpc } from '../../../../core/rpc/transport/client.ts';
import { openLoopbackLine } from '../../../../renderer/bridge/loopback-line.ts';
import { bridgeContract, type OpenPage } from '../../rpc/bridge/contract.ts';
import { temporaryFolder } from '../../rpc/transport/harness.ts';

const index: StaticFile = {
  type: 'text/html; charset=utf-8',
  octets: Buffer.from('<p>page</p>'),
  gzip: undefined,
  lasting: false,
};

async function start(t: TestContext, socketPath = '/nonexistent', version = '0.1.0'): Promise<UiServer> {
  const started = await startUiServer({
    files: new Map([['/', index]]),
    port: 0,
    reach: () => connectRpc(socketPath),
    methods: {
      host: () => ok({ kind: 'browser', version, preferences: [], update: { state: 'off', why: 'browser' } }),
      notices: () => ok({ text: 'NOTICES' }),
      'check-for-updates': () => ok({ update: { state: 'off', why: 'browser' } }),
      'set-preference': () => err(failure('rpc.denied', { method: 'set-preference' })),
    },
  });
  assert.ok(started.ok);
  t.after(() => started.value.close());
  return started.value;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with just these headers: a browser's rules do not hold for an attacker's program. */
function send(
  server: UiServer,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { port } = new URL(server.origin);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path, method: options.method ?? 'POST', headers: options.headers ?? {} },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const json = { 'Content-Type': 'application/json' };
const own = (server: UiServer) => ({ ...json, Host: new URL(server.origin).host, Origin: server.origin });
const tokenOf = (server: UiServer) => new URL(server.url).hash.slice('#token='.length);

async function enter(server: UiServer): Promise<Record<string, string>> {
  const answer = await send(server, '/session', {
    headers: own(server),
    body: JSON.stringify({ token: tokenOf(server) }),
  });
  assert.equal(answer.status, 200);
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  return {
    ...own(server),
    Cookie: cookie.split(';')[0] ?? '',
    'Godwit-Key': JSON.parse(answer.body).key,
    'Godwit-Page': 'page-0001',
  };
}

test('the page is served with a strict policy and without anything for other origins', async (t) => {
  const server = await start(t);
  const { status, headers, body } = await send(server, '/', { method: 'GET' });
  assert.deepEqual([status, body], [200, '<p>page</p>']);
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe|\*|http:/);
  assert.equal(headers['access-control-allow-origin'], undefined);
  assert.equal(headers['x-content-type-options'], 'nosniff');
});

test('a request by another name is not answered: DNS rebinding', async (t) => {
  const server = await start(t);
  const secrets = await enter(server);
  const { port } = new URL(server.origin);
  for (const Host of [
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port}.evil.example`,
    `[::1]:${port}`,
  ]) {
    assert.equal((await send(server, '/', { method: 'GET', headers: { Host } })).status, 421, Host);
    const headers = { ...secrets, Host, Origin: `http://${Host}` };
    assert.equal((await send(server, '/message', { headers, body: '{}' })).status, 421, Host);
  }
});

test('another origin gets nothing, with every secret in its hands', async (t) => {
  const server = await start(t);
  const secrets = await enter(server);
  const strange: Record<string, string>[] = [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: server.origin.replace('127.0.0.1', 'localhost') },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ];
  for (const headers of strange) {
    const answer = await send(server, '/events', { headers: { ...secrets, ...headers } });
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  }
  const { Origin: _, ...none } = secrets;
  assert.equal((await send(server, '/events', { headers: none })).status, 403);
  assert.equal((await send(server, '/events', { method: 'OPTIONS', headers: secrets })).status, 405);
  assert.equal(
    (await send(server, '/', { method: 'GET', headers: { 'Sec-Fetch-Site': 'cross-site' } })).status,
    403,
  );
});

test('a form of another page cannot send JSON', async (t) => {
  const server = await start(t);
  const headers = { ...(await enter(server)), 'Content-Type': 'text/plain' };
  assert.equal((await send(server, '/message', { headers, body: '{}' })).status, 415);
});

test('the token is good once, and both secrets are needed', async (t) => {
  const server = await start(t);
  const secrets = await enter(server);
  const again = await send(server, '/session', {
    headers: own(server),
    body: JSON.stringify({ token: tokenOf(server) }),
  });
  assert.equal(again.status, 401);
  for (const lacking of ['Cookie', 'Godwit-Key'] as const) {
    const { [lacking]: _, ...rest } = secrets;
    assert.equal((await send(server, '/events', { headers: rest })).status, 401, lacking);
    const wrong = { ...secrets, [lacking]: `${secrets[lacking]}x` };
    assert.equal((await send(server, '/events', { headers: wrong })).status, 401, lacking);
  }
  const bad = await send(server, '/message', { headers: { ...secrets, 'Godwit-Page': '../x' }, body: '{}' });
  assert.equal(bad.status, 400);
});

test('the cookie is for this page alone', async (t) => {
  const server = await start(t);
  const answer = await send(server, '/session', {
    headers: own(server),
    body: JSON.stringify({ token: tokenOf(server) }),
  });
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/']) assert.ok(cookie.includes(part), cookie);
});

test('who guesses tokens spoils the real one', async (t) => {
  const server = await start(t);
  for (let guess = 0; guess < 8; guess++) {
    const answer = await send(server, '/session', { headers: own(server), body: `{"token":"${guess}"}` });
    assert.equal(answer.status, 401);
  }
  const late = await send(server, '/session', {
    headers: own(server),
    body: JSON.stringify({ token: tokenOf(server) }),
  });
  assert.equal(late.status, 401);
});

test('no path leads to a file of the machine', async (t) => {
  const server = await start(t);
  for (const path of [
    '/../package.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/assets/..%2f..%2fx',
    '/__proto__',
  ]) {
    assert.equal((await send(server, path, { method: 'GET' })).status, 404, path);
  }
});

test('bodies, pages and garbage have their bounds', async (t) => {
  const server = await start(t);
  const secrets = await enter(server);
  const body = 'x'.repeat(limits.rpcFrameOctets + 1);
  const large = await send(server, '/message', { headers: secrets, body }).catch(() => ({ status: 413 }));
  assert.equal(large.status, 413);
  const open: AbortController[] = [];
  const statuses = [];
  for (let page = 0; page <= limits.uiPages; page++) {
    const stop = new AbortController();
    open.push(stop);
    const response = await fetch(`${server.origin}/events`, {
      method: 'POST',
      signal: stop.signal,
      headers: { ...secrets, 'Godwit-Page': `page-${1_000 + page}` },
    });
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, [...Array(limits.uiPages).fill(200), 503]);
  for (const stop of open) stop.abort();
  const garbage = await new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
    let said = '';
    socket.on('data', (chunk) => {
      said += String(chunk);
    });
    socket.on('close', () => resolve(said));
    socket.on('error', () => undefined);
    socket.write('\0\x01\x02 not http at all\r\n\r\n');
  });
  assert.equal(garbage, '');
});

test('uiConnections: so many connections at once, and the next one is closed', async (t) => {
  const server = await start(t);
  const port = Number(new URL(server.origin).port);
  const open = () => {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
    return socket;
  };
  const within = Array.from({ length: limits.uiConnections }, open);
  await Promise.all(within.map((socket) => once(socket, 'connect')));
  const over = open();
  over.resume();
  await once(over, 'close');
  assert.ok(within.every((socket) => !socket.destroyed && !socket.readableEnded));
});

test('uiUnreadOctets: a page that does not read is cut off, and what it asks for is kept for it no longer', async (t) => {
  const large = 'x'.repeat(limits.rpcFrameOctets / 2);
  const server = await start(t, undefined, large);
  const secrets = await enter(server);
  const page = connect(Number(new URL(server.origin).port), '127.0.0.1');
  t.after(() => page.destroy());
  page.on('error', () => undefined);
  const heads = Object.entries({ ...secrets, 'Content-Length': '0' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  page.write(`POST /events HTTP/1.1\r\n${heads.join('')}\r\n`);
  await once(page, 'readable');
  const statuses = new Set<number>();
  let asked = 0;
  // The kernel takes some megabytes too.
  for (; asked < 200 && !statuses.has(409); asked++) {
    const body = JSON.stringify({ id: asked, method: 'host', params: {} });
    statuses.add((await send(server, '/message', { headers: secrets, body })).status);
  }
  assert.deepEqual([...statuses], [204, 409], 'there is no such page any more');
  assert.ok(asked * large.length > limits.uiUnreadOctets);
});

test('an interface that is not built is told', async (t) => {
  const read = await readStaticFiles(await temporaryFolder(t));
  assert.equal(!read.ok && read.error.code, 'ui.missing');
});

/** The page of a browser, as far as the line needs one: its own fetch with a jar for the cookie. */
async function openBrowserPage(t: TestContext, socketPath: string): Promise<OpenPage> {
  const server = await start(t, socketPath);
  const dropped = Promise.withResolvers<void>();
  const stored = new Map<string, string>();
  let cookie = '';
  let opened = 0;
  let over = false;
  t.after(() => {
    over = true;
  });
  const line = openLoopbackLine({
    async fetch(path, init) {
      if (path === 'events' && ++opened > 1) {
        dropped.resolve();
        return new Response(undefined, { status: 503 });
      }
      const headers = {
        ...Object.fromEntries(new Headers(init.headers)),
        Origin: server.origin,
        Cookie: cookie,
      };
      const response = await fetch(`${server.origin}/${path}`, {
        method: 'POST',
        body: init.body ?? '',
        headers,
      });
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return response;
    },
    location: { hash: new URL(server.url).hash, pathname: '/' },
    history: { replaceState: () => undefined },
    sessionStorage: {
      getItem: (name) => stored.get(name) ?? null,
      setItem: (name, value) => void stored.set(name, value),
    },
    newName: () => 'page-0001',
    setTimeout: (run, ms) => {
      if (over) return;
      const timer = setTimeout(run, ms);
      t.after(() => clearTimeout(timer));
    },
  });
  return { line, dropped: dropped.promise };
}

bridgeContract('in a browser', openBrowserPage);
