import { type Endpoint, type IpAddress, ipAddress } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { closeOnExec } from './descriptor-flags.ts';
import { call, libc } from './libc.ts';
import {
  addressFamilies,
  readSocketAddress,
  socketAddressOctets,
  writeSocketAddress,
} from './socket-address.ts';
import { levelSocket, setMark, setNumber } from './socket-option.ts';

const typeDatagram = 2;

/** Wanted of each socket buffer. */
const bufferOctets = 4 * 1024 * 1024;

const optionSendBuffer = 7;
const optionReceiveBuffer = 8;
const optionSendBufferForce = 32;
const optionReceiveBufferForce = 33;
const optionBindToDevice = 25;

const levelIp = 0;
const optionIpMtuDiscover = 10;
const levelIpv6 = 41;
const optionIpv6MtuDiscover = 23;
const optionIpv6Only = 26;

const levelUdp = 17;
export const optionUdpSegment = 103;
export const optionUdpGro = 104;

/** Where DSCP and ECN of the outer header are set per packet, and asked for and told: IP_TOS, IPV6_TCLASS. */
export const trafficClassOption = {
  4: { level: levelIp, name: 1, ask: 13 },
  6: { level: levelIpv6, name: 67, ask: 66 },
} as const;

/** Values of IP_MTU_DISCOVER and IPV6_MTU_DISCOVER. */
const discover = { fragment: 0, 'refuse-large': 2, probe: 3 } as const;

export interface UdpSocketOptions {
  readonly family: 4 | 6;
  /** Default: any address. */
  readonly address?: IpAddress;
  /** Default: 0, an ephemeral port. */
  readonly port?: number;
  /** SO_MARK: keeps our own packets out of the tunnel. Needs CAP_NET_ADMIN. */
  readonly mark?: number;
  /** Send and receive by this interface alone (SO_BINDTODEVICE). A kernel before 5.7 may refuse; then routes decide. */
  readonly device?: string;
  /**
   * `fragment` (default) lets routers and the kernel cut packets that are too big: slow but it works.
   * `refuse-large` sets the Don't Fragment bit, and sending too much fails with EMSGSIZE. `probe` sets it too, and believes
   * nobody but the interface: what ICMP said before does not count.
   */
  readonly pathMtu?: keyof typeof discover;
  /** Ask for UDP_GRO and UDP_SEGMENT. Default: true. */
  readonly offload?: boolean;
}

/** A UDP socket, owned by whoever holds it. Calls on it block unless they say MSG_DONTWAIT. */
export interface UdpSocket {
  readonly fd: number;
  readonly local: Endpoint;
  readonly family: 4 | 6;
  /** The kernel merges received datagrams (UDP_GRO) and splits sent ones (UDP_SEGMENT). */
  readonly gro: boolean;
  readonly gso: boolean;
}

/** Fails with `system.permission` (mark, low port), or `system.call` (EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT). */
export function openUdpSocket(options: UdpSocketOptions): Result<UdpSocket, Failure> {
  const created = call('socket', addressFamilies[options.family], typeDatagram | closeOnExec, 0);
  if (!created.ok) return created;
  const fd = created.value;
  const prepared = prepare(fd, options);
  if (!prepared.ok) {
    libc.close(fd);
    return prepared;
  }
  const offload = options.offload !== false;
  return ok({
    fd,
    local: prepared.value,
    family: options.family,
    gro: offload && setNumber(fd, levelUdp, optionUdpGro, 1).ok,
    // Zero changes nothing; a kernel without UDP_SEGMENT refuses it.
    gso: offload && setNumber(fd, levelUdp, optionUdpSegment, 0).ok,
  });
}

function prepare(fd: number, options: UdpSocketOptions): Result<Endpoint, Failure> {
  const { family } = options;
  if (options.mark !== undefined) {
    const marked = setMark(fd, options.mark);
    if (!marked.ok) return marked;
  }
  if (options.device !== undefined) {
    const name = utf8.encode(`${options.device}\0`);
    libc.setsockopt(fd, levelSocket, optionBindToDevice, name, name.length);
  }
  if (family === 6) {
    const only = setNumber(fd, levelIpv6, optionIpv6Only, 1);
    if (!only.ok) return only;
  }
  const discovered = setPathMtu(fd, family, options.pathMtu ?? 'fragment');
  if (!discovered.ok) return discovered;
  const told = setNumber(fd, trafficClassOption[family].level, trafficClassOption[family].ask, 1);
  if (!told.ok) return told;
  enlargeBuffers(fd);
  const name = new Uint8Array(socketAddressOctets);
  const address = options.address ?? ipAddress(new Uint8Array(family === 4 ? 4 : 16));
  const bound = call('bind', fd, name, writeSocketAddress(name, 0, { address, port: options.port ?? 0 }));
  return bound.ok ? localEndpoint(fd) : bound;
}

/** Whether what is sent from now on may be cut on the way. */
export function setPathMtu(fd: number, family: 4 | 6, mode: keyof typeof discover): Result<number, Failure> {
  return family === 4
    ? setNumber(fd, levelIp, optionIpMtuDiscover, discover[mode])
    : setNumber(fd, levelIpv6, optionIpv6MtuDiscover, discover[mode]);
}

/** As far as the system lets us: without CAP_NET_ADMIN net.core.rmem_max is the limit. */
function enlargeBuffers(fd: number): void {
  const pairs = [
    [optionReceiveBufferForce, optionReceiveBuffer],
    [optionSendBufferForce, optionSendBuffer],
  ] as const;
  for (const [force, plain] of pairs)
    if (!setNumber(fd, levelSocket, force, bufferOctets).ok) setNumber(fd, levelSocket, plain, bufferOctets);
}

function localEndpoint(fd: number): Result<Endpoint, Failure> {
  const name = new Uint8Array(socketAddressOctets);
  const named = call('getsockname', fd, name, Uint8Array.of(socketAddressOctets, 0, 0, 0));
  if (!named.ok) return named;
  const endpoint = readSocketAddress(name, 0);
  return endpoint === undefined
    ? err(failure('system.call', { call: 'getsockname', errno: 'EAFNOSUPPORT' }))
    : ok(endpoint);
}
