import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  type IpAddress,
  ipAddress,
  parseIpAddress,
  parseIpPrefix,
  prefixContains,
} from '../../base/address.ts';
import type { Failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { FetchAnswer, FetchRequest } from '../../pki/fetch-request.ts';
import { openTcpSocket } from './tcp-socket.ts';

export interface HttpFetchOptions {
  /** SO_MARK, which keeps the connection out of the tunnel. */
  readonly mark?: number;
  /** Asks the name servers of the outer network. */
  readonly resolve: (host: string) => Promise<Result<readonly IpAddress[], Failure>>;
  /** Ends everything that is under way. */
  readonly signal: AbortSignal;
}

/** Not to be asked because a certificate says so: this machine, its links, and groups. */
const forbidden = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/127', 'fe80::/10', 'ff00::/8'],
].flatMap((text) => {
  const prefix = parseIpPrefix(text);
  return prefix.ok ? [prefix.value] : [];
});

/**
 * Fetches over plain HTTP what a verdict wants, bounded in size, time and redirections. The octets are not to be believed: whoever asked
 * checks their signature. The error is the end of a sentence.
 */
export async function fetchOverHttp(request: FetchRequest, options: HttpFetchOptions): Promise<FetchAnswer> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(limits.fetchMs)]);
  let { url, trusted } = request;
  for (let redirects = 0; redirects <= limits.fetchRedirects; redirects++) {
    const reached = await locate(url, trusted, options);
    if (!reached.ok) return reached;
    const response = await send(reached.value, request, { ...options, signal });
    if (!response.ok) return response;
    const location = redirectOf(response.value, request);
    if (location === undefined) return await readBody(response.value, request.most, signal);
    response.value.destroy();
    const next = URL.parse(location, url);
    if (next === null || next.protocol !== 'http:') return err('it redirects to an address without http');
    url = next.href;
    trusted = false;
  }
  return err(`it redirects more than ${limits.fetchRedirects} times`);
}

interface Reached {
  readonly url: URL;
  readonly address: IpAddress;
}

async function locate(
  text: string,
  trusted: boolean,
  options: HttpFetchOptions,
): Promise<Result<Reached, string>> {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'http:') return err('it is not an http address');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const literal = parseIpAddress(host);
  const found = literal.ok ? ok([literal.value]) : await options.resolve(host);
  if (!found.ok) return err('its name is not known');
  const [address] = found.value.filter((each) => trusted || !isForbidden(each));
  if (address === undefined) return err('its address is on this machine or this link');
  return ok({ url, address });
}

function isForbidden(address: IpAddress): boolean {
  const inner = embeddedV4(address) ?? address;
  return forbidden.some((prefix) => prefixContains(prefix, inner));
}

/** The IPv4 address in `::ffff:0:0/96`. */
function embeddedV4({ family, octets }: IpAddress): IpAddress | undefined {
  const mapped =
    family === 6 &&
    octets.subarray(0, 10).every((octet) => octet === 0) &&
    octets[10] === 0xff &&
    octets[11] === 0xff;
  return mapped ? ipAddress(octets.slice(12)) : undefined;
}

function send(
  { url, address }: Reached,
  { post }: FetchRequest,
  { mark, signal }: HttpFetchOptions,
): Promise<Result<IncomingMessage, string>> {
  const port = url.port === '' ? 80 : Number(url.port);
  const socket = openTcpSocket({ address, port }, mark);
  if (!socket.ok) return Promise.resolve(err(String(socket.error.detail['errno'] ?? 'no connection')));
  const { promise, resolve } = Promise.withResolvers<Result<IncomingMessage, string>>();
  const request = httpRequest({
    createConnection: () => socket.value,
    method: post === undefined ? 'GET' : 'POST',
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      connection: 'close',
      ...(post === undefined ? {} : { 'content-type': post.type, 'content-length': post.body.length }),
    },
    maxHeaderSize: 8_192,
    signal,
  });
  request.on('response', (response) => resolve(ok(response)));
  request.on('error', (cause) => {
    socket.value.destroy();
    resolve(err(reasonOf(cause, signal)));
  });
  request.end(post?.body);
  return promise;
}

function redirectOf(
  { statusCode = 0, headers }: IncomingMessage,
  { post }: FetchRequest,
): string | undefined {
  return post === undefined && [301, 302, 303, 307, 308].includes(statusCode) ? headers.location : undefined;
}

async function readBody(response: IncomingMessage, most: number, signal: AbortSignal): Promise<FetchAnswer> {
  const { statusCode } = response;
  try {
    if (statusCode !== 200) return err(`it answers with status ${statusCode ?? 0}`);
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of response) {
      if (!(part instanceof Buffer)) continue;
      length += part.length;
      if (length > most) return err(`it answers with more than ${most} octets`);
      parts.push(part);
    }
    return response.complete ? ok(new Uint8Array(Buffer.concat(parts))) : err('its answer is cut off');
  } catch (cause) {
    return err(reasonOf(cause, signal));
  } finally {
    response.destroy();
  }
}

function reasonOf(cause: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'nothing came in time';
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  if (typeof code !== 'string' || code.startsWith('HPE_')) return 'it does not speak HTTP';
  return reasons[code] ?? code;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it hung up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
};
