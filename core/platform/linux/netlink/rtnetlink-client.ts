import { formatIpAddress, formatIpPrefix, type IpAddress } from '../../../base/address.ts';
import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { messageFlags, type NetlinkMessage } from './codec.ts';
import { type NetlinkRefusal, NetlinkSocket } from './netlink-socket.ts';
import {
  decodeAddress,
  decodeLink,
  decodeNeighbour,
  decodeRoute,
  decodeRule,
  encodeAddress,
  encodeAddressQuery,
  encodeLinkChange,
  encodeLinkQuery,
  encodeNeighbourQuery,
  encodeRoute,
  encodeRouteDump,
  encodeRouteQuery,
  encodeRule,
  encodeRuleDump,
  type InterfaceAddress,
  type Link,
  type LinkChange,
  messageTypes,
  type Route,
  type Rule,
} from './rtnetlink.ts';

const createNew = messageFlags.create | messageFlags.exclusive;

/**
 * Links, addresses, routes and rules of this network namespace. Adding what is there and deleting what is not there
 * succeed: both are what the caller wanted. Everything else that the kernel refuses is a Failure that names it.
 */
export class RtnetlinkClient {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  static open(): Result<RtnetlinkClient, Failure> {
    const socket = NetlinkSocket.open();
    return socket.ok ? ok(new RtnetlinkClient(socket.value)) : socket;
  }

  /** `undefined` when there is no such link. */
  link(name: string): Result<Link | undefined, Failure> {
    const answer = this.#socket.query(`link ${name}`, messageTypes.getLink, encodeLinkQuery(name));
    if (answer.ok) return decodeLink(answer.value);
    return absent.has(answer.error.errno) ? ok(undefined) : err(answer.error.failure);
  }

  links(): Result<readonly Link[], Failure> {
    return this.#dump('links', messageTypes.getLink, encodeLinkQuery(), decodeLink);
  }

  changeLink(change: LinkChange): Result<undefined, Failure> {
    return this.#do('set link', messageTypes.newLink, 0, encodeLinkChange(change), none);
  }

  addAddress(address: InterfaceAddress): Result<undefined, Failure> {
    const what = `add address ${formatIpPrefix(address.prefix)}`;
    return this.#do(what, messageTypes.newAddress, createNew, encodeAddress(address), present);
  }

  deleteAddress(address: InterfaceAddress): Result<undefined, Failure> {
    const what = `delete address ${formatIpPrefix(address.prefix)}`;
    return this.#do(what, messageTypes.delAddress, 0, encodeAddress(address), absent);
  }

  addresses(family: 4 | 6): Result<readonly InterfaceAddress[], Failure> {
    return this.#dump('addresses', messageTypes.getAddress, encodeAddressQuery(family), decodeAddress);
  }

  /** A route to the same destination in the same table is replaced. */
  addRoute(route: Route): Result<undefined, Failure> {
    const what = `add route ${formatIpPrefix(route.destination)}`;
    const flags = messageFlags.create | messageFlags.replace;
    return this.#do(what, messageTypes.newRoute, flags, encodeRoute(route), present);
  }

  deleteRoute(route: Route): Result<undefined, Failure> {
    const what = `delete route ${formatIpPrefix(route.destination)}`;
    return this.#do(what, messageTypes.delRoute, 0, encodeRoute(route), absent);
  }

  /** The routes of one table. */
  routes(family: 4 | 6, table: number): Result<readonly Route[], Failure> {
    const dump = this.#socket.dump('routes', messageTypes.getRoute, encodeRouteDump(family, table));
    // With strict checking, a table that never existed is an error.
    if (!dump.ok && absent.has(dump.error.errno)) return ok([]);
    const all = dump.ok ? decodeAll(dump.value, decodeRoute) : err(dump.error.failure);
    return all.ok ? ok(all.value.filter((route) => route.table === table && route.cloned !== true)) : all;
  }

  /**
   * The way of a packet with this mark, by one interface or by the best; fails with `system.network` when there is none. By an
   * interface that has no route the kernel takes the destination for a neighbour.
   */
  routeTo(destination: IpAddress, mark: number, oif?: number): Result<Route, Failure> {
    const call = `route to ${formatIpAddress(destination)}`;
    const answer = this.#socket.query(call, messageTypes.getRoute, encodeRouteQuery(destination, mark, oif));
    if (!answer.ok) return err(failure('system.network', { call, errno: answer.error.errno }));
    const route = decodeRoute(answer.value);
    if (!route.ok) return route;
    return route.value === undefined
      ? err(failure('system.network', { call, errno: 'EAFNOSUPPORT' }))
      : ok(route.value);
  }

  /** The link-layer address of a neighbour; `undefined` when the kernel knows none. */
  neighbour(index: number, address: IpAddress): Result<Uint8Array | undefined, Failure> {
    const call = `neighbour ${formatIpAddress(address)}`;
    const answer = this.#socket.query(call, messageTypes.getNeighbour, encodeNeighbourQuery(index, address));
    if (answer.ok) return decodeNeighbour(answer.value);
    return absent.has(answer.error.errno) ? ok(undefined) : err(answer.error.failure);
  }

  addRule(rule: Rule): Result<undefined, Failure> {
    return this.#do(`add rule ${rule.priority}`, messageTypes.newRule, createNew, encodeRule(rule), present);
  }

  deleteRule(rule: Rule): Result<undefined, Failure> {
    return this.#do(`delete rule ${rule.priority}`, messageTypes.delRule, 0, encodeRule(rule), absent);
  }

  rules(family: 4 | 6): Result<readonly Rule[], Failure> {
    return this.#dump('rules', messageTypes.getRule, encodeRuleDump(family), decodeRule);
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #do(
    what: string,
    type: number,
    flags: number,
    payload: Uint8Array,
    fine: ReadonlySet<string>,
  ): Result<undefined, Failure> {
    const done = this.#socket.request(what, type, flags, payload);
    if (done.ok || fine.has(done.error.errno)) return ok();
    return err(done.error.failure);
  }

  #dump<T>(
    what: string,
    type: number,
    payload: Uint8Array,
    decode: (message: NetlinkMessage) => Result<T | undefined, Failure>,
  ): Result<readonly T[], Failure> {
    const answers: Result<readonly NetlinkMessage[], NetlinkRefusal> = this.#socket.dump(what, type, payload);
    return answers.ok ? decodeAll(answers.value, decode) : err(answers.error.failure);
  }
}

const none: ReadonlySet<string> = new Set();
const present: ReadonlySet<string> = new Set(['EEXIST']);
/** What the kernel says when the thing to delete, its device or its table is gone. */
const absent: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENODEV', 'ENXIO', 'EADDRNOTAVAIL']);

function decodeAll<T>(
  messages: readonly NetlinkMessage[],
  decode: (message: NetlinkMessage) => Result<T | undefined, Failure>,
): Result<readonly T[], Failure> {
  const values: T[] = [];
  for (const message of messages) {
    const value = decode(message);
    if (!value.ok) return value;
    if (value.value !== undefined) values.push(value.value);
  }
  return ok(values);
}
