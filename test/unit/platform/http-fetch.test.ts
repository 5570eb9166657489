import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, test } from 'node:test';
import { parseIpAddress } from '../../../core/base/address.ts';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { err, ok } from '../../../core/base/result.ts';
import type { FetchRequest } from '../../../core/pki/fetch-request.ts';
import { fetchOverHttp } from '../../../core/platform/linux/http-fetch.ts';

async function serve(listener: RequestListener, address = '127.0.0.1') {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/a?b`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const names: Record<string, readonly string[]> = { 'here.example': ['127.0.0.1'] };

function get(
  request: Partial<FetchRequest> & { readonly url: string },
  signal = AbortSignal.timeout(60_000),
) {
  return fetchOverHttp(
    { most: 100, trusted: true, ...request },
    {
      signal,
      resolve: async (host) => {
        const found = (names[host] ?? []).flatMap((text) => {
          const parsed = parseIpAddress(text);
          return parsed.ok ? [parsed.value] : [];
        });
        return found.length > 0 ? ok(found) : err(failure('gateway.unresolved', { gateway: host }));
      },
    },
  );
}

async function refuses(says: RegExp, ...args: Parameters<typeof get>) {
  const answer = await get(...args);
  assert.ok(!answer.ok, 'it must not be fetched');
  assert.match(answer.error, says);
}

describe('fetching over HTTP', () => {
  test('gives the octets, by address and by name', async () => {
    const seen: string[] = [];
    using server = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.host}`);
      response.end('octets');
    });
    for (const url of [server.url, server.url.replace('127.0.0.1', 'here.example')]) {
      const answer = await get({ url });
      assert.deepEqual(answer, ok(new TextEncoder().encode('octets')));
    }
    assert.deepEqual(seen, [`GET /a?b 127.0.0.1:${server.port}`, `GET /a?b here.example:${server.port}`]);
  });
  test('posts', async () => {
    using server = await serve(async (request, response) => {
      const body: Buffer[] = [];
      for await (const part of request) body.push(part);
      response.end(`${request.method} ${request.headers['content-type']} ${Buffer.concat(body)}`);
    });
    const post = { type: 'application/ocsp-request', body: new TextEncoder().encode('question') };
    const answer = await get({ url: server.url, post });
    assert.ok(answer.ok);
    assert.equal(Buffer.from(answer.value).toString(), 'POST application/ocsp-request question');
  });
  test('is bounded in size', async () => {
    using server = await serve((_, response) => response.end(Buffer.alloc(101)));
    await refuses(/more than 100 octets/, { url: server.url });
    assert.ok((await get({ url: server.url, most: 101 })).ok);
  });
  test('does not wait for ever, and can be ended', async () => {
    using server = await serve((_, response) => response.write('a'));
    const end = new AbortController();
    setImmediate(() => end.abort());
    await refuses(/nothing came in time/, { url: server.url }, end.signal);
  });
  test('follows a few redirections, and none back to this machine', async () => {
    using server = await serve((request, response) => {
      response
        .writeHead(302, { location: request.url === '/to-https' ? 'https://a.example/' : '/again' })
        .end();
    });
    await refuses(/on this machine or this link/, { url: server.url });
    await refuses(/without http/, { url: `http://127.0.0.1:${server.port}/to-https` });
  });
  const [own] = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  const nowhere = own === undefined && 'this machine has no address but loopback';
  test('fetchRedirects: so many are followed, and not one more', { skip: nowhere }, async () => {
    const address = own?.address ?? '';
    let asked = 0;
    using server = await serve((request, response) => {
      asked += 1;
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('octets');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    }, address);
    const from = (redirects: number) => `http://${address}:${server.port}/${redirects}`;
    assert.ok((await get({ url: from(limits.fetchRedirects) })).ok);
    asked = 0;
    await refuses(/redirects more than/, { url: from(limits.fetchRedirects + 1) });
    assert.equal(asked, limits.fetchRedirects + 1);
  });
  test('waits so long for one address and no longer', async (t) => {
    using server = await serve(() => undefined);
    const waits: number[] = [];
    t.mock.method(AbortSignal, 'timeout', (ms: number) => {
      waits.push(ms);
      return AbortSignal.abort();
    });
    await refuses(/nothing came in time/, { url: server.url }, new AbortController().signal);
    assert.deepEqual(waits, [limits.fetchMs]);
  });
  test('says what went wrong', async () => {
    using server = await serve((_, response) => response.writeHead(404).end());
    await refuses(/answers with status 404/, { url: server.url });
    await refuses(/its name is not known/, { url: 'http://nowhere.example/' });
    await refuses(/not an http address/, { url: 'ldap://127.0.0.1/' });
    await refuses(/not an http address/, { url: 'http://' });
    const tcp = createTcpServer((socket) => socket.resume().end('garbage\r\n\r\n'));
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as AddressInfo;
    await refuses(/does not speak HTTP/, { url: `http://127.0.0.1:${port}/` });
    await new Promise((resolve) => tcp.close(resolve));
    await refuses(/nobody listens there/, { url: `http://127.0.0.1:${port}/` });
  });
  test('goes nowhere near this machine because a certificate says so', async () => {
    using server = await serve((_, response) => response.end('secret'));
    const { port } = server;
    for (const host of [
      '127.0.0.1',
      'here.example',
      '[::ffff:127.0.0.1]',
      '2130706433',
      '0.0.0.0',
      '[::1]',
      '169.254.1.1',
      '[fe80::1]',
      '224.0.0.1',
    ])
      await refuses(/on this machine or this link/, { url: `http://${host}:${port}/`, trusted: false });
  });
});
