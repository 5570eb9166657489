import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { pagePolicy, type StaticFile } from '../../platform/static-files.ts';
import { BridgePage, type BridgePageOptions } from '../../rpc/transport/bridge-page.ts';
import { UiSession } from './ui-session.ts';

export interface UiServerOptions {
  readonly files: ReadonlyMap<string, StaticFile>;
  /** 0: any that is free. */
  readonly port: number;
  readonly reach: BridgePageOptions['reach'];
  readonly methods: BridgePageOptions['methods'];
}

export interface UiServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** What to open in a browser, once: it holds the token. */
  readonly url: string;
  /** Settles when somebody has used the token. */
  readonly entered: Promise<void>;
  readonly pages: number;
  close(): Promise<void>;
}

const policy = pagePolicy("'self'");

const safetyHeaders = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
} as const;

const pageName = /^[\w-]{8,64}$/;

/** One page: its stream of messages from the host, and its end of the bridge. */
interface OpenPage {
  readonly bridge: BridgePage;
  readonly end: () => void;
}

/**
 * Serves the interface and its bridge on the loopback address (docs/decisions/0048). Fails with `ui.listen`. Nothing is
 * answered to a request that names another host, comes from another origin, or lacks the secrets of the session.
 */
export function startUiServer(options: UiServerOptions): Promise<Result<UiServer, Failure>> {
  const session = new UiSession();
  const pages = new Map<string, OpenPage>();
  const entered = Promise.withResolvers<void>();
  let port = options.port;
  const server = createServer(
    { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      const context = { options, session, pages, port, onEntered: entered.resolve };
      serve(request, response, context).catch(() => refuse(response, 500));
    },
  );
  server.maxConnections = limits.uiConnections;
  server.on('clientError', (_, socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(err(failure('ui.listen', { reason: error.message }))));
    server.listen(options.port, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) port = address.port;
      const origin = `http://127.0.0.1:${port}`;
      resolve(
        ok({
          origin,
          url: `${origin}/#token=${session.token}`,
          entered: entered.promise,
          get pages() {
            return pages.size;
          },
          close: () => closeAll(server, pages),
        }),
      );
    });
  });
}

function closeAll(server: Server, pages: Map<string, OpenPage>): Promise<void> {
  for (const page of pages.values()) page.end();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Context {
  readonly options: UiServerOptions;
  readonly session: UiSession;
  readonly pages: Map<string, OpenPage>;
  readonly port: number;
  readonly onEntered: () => void;
}

async function serve(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  for (const [name, value] of Object.entries(safetyHeaders)) response.setHeader(name, value);
  // A name of somebody else's that leads here (DNS rebinding) makes another Host.
  const hosts = [`127.0.0.1:${context.port}`, `localhost:${context.port}`];
  const { host = '', origin } = request.headers;
  if (!hosts.includes(host)) return refuse(response, 421);
  const site = request.headers['sec-fetch-site'];
  if (request.method === 'GET' || request.method === 'HEAD') {
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return refuse(response, 403);
    return serveFile(request, response, context.options.files);
  }
  if (request.method !== 'POST') return refuse(response, 405);
  if (origin !== `http://${host}` || (site !== undefined && site !== 'same-origin'))
    return refuse(response, 403);
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return refuse(response, 415);
  if (request.url === '/session') return enter(request, response, context);
  const key = request.headers['godwit-key'];
  const cookie = cookieOf(request, context.port);
  if (!context.session.admits(cookie, typeof key === 'string' ? key : undefined))
    return refuse(response, 401);
  const name = request.headers['godwit-page'];
  if (typeof name !== 'string' || !pageName.test(name)) return refuse(response, 400);
  if (request.url === '/events') return openPage(request, response, name, context);
  if (request.url === '/message') return takeMessage(request, response, name, context);
  return refuse(response, 404);
}

function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, StaticFile>,
): void {
  const file = files.get(request.url ?? '');
  if (file === undefined) return refuse(response, 404);
  const zipped = file.gzip !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const octets = zipped && file.gzip !== undefined ? file.gzip : file.octets;
  response.writeHead(200, {
    'Content-Type': file.type,
    'Content-Length': octets.length,
    'Cache-Control': file.lasting ? 'private, max-age=31536000, immutable' : 'no-store',
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : octets);
}

async function enter(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const body = await readBody(request, 1_024);
  const token = body === undefined ? undefined : tokenIn(body);
  const secrets = token === undefined ? undefined : context.session.enter(token);
  if (secrets === undefined) return refuse(response, 401);
  context.onEntered();
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Set-Cookie': `${cookieName(context.port)}=${secrets.cookie}; HttpOnly; SameSite=Strict; Path=/`,
  });
  response.end(JSON.stringify({ key: secrets.key }));
}

function openPage(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  { options, pages }: Context,
): void {
  request.resume();
  pages.get(name)?.end();
  if (pages.size >= limits.uiPages) return refuse(response, 503);
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  const end = () => {
    if (pages.get(name) === page) pages.delete(name);
    bridge.close();
    response.end();
  };
  const bridge = new BridgePage({
    reach: options.reach,
    methods: options.methods,
    send: (message) => {
      // A page that does not read must not fill our memory.
      if (response.writableLength > limits.uiUnreadOctets) response.destroy();
      else response.write(`${message}\n`);
    },
    onMisuse: () => response.destroy(),
  });
  const page: OpenPage = { bridge, end };
  pages.set(name, page);
  response.on('close', end);
}

async function takeMessage(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  { pages }: Context,
): Promise<void> {
  const body = await readBody(request, limits.rpcFrameOctets);
  if (body === undefined) return refuse(response, 413);
  const page = pages.get(name);
  if (page === undefined) return refuse(response, 409);
  page.bridge.receive(body);
  response.writeHead(204).end();
}

/** The whole body as text; `undefined` when it is longer than `most` or no UTF-8. */
async function readBody(request: IncomingMessage, most: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const octets: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += octets.length;
    if (length > most) return undefined;
    chunks.push(octets);
  }
  return utf8.decodeStrict(Buffer.concat(chunks));
}

function tokenIn(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const token: unknown =
      typeof value === 'object' && value !== null ? Reflect.get(value, 'token') : undefined;
    return typeof token === 'string' ? token : undefined;
  } catch {
    return undefined;
  }
}

function cookieName(port: number): string {
  return `godwit-${port}`;
}

function cookieOf(request: IncomingMessage, port: number): string | undefined {
  const wanted = `${cookieName(port)}=`;
  const parts = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
  return parts.find((part) => part.startsWith(wanted))?.slice(wanted.length);
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end();
}
