import type { IpAddress, IpPrefix } from '../../../base/address.ts';
import { type MalformedError, malformed } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { utf8 } from '../../../base/utf8.ts';
import { addressFamilies } from '../socket-address.ts';
import {
  type AttributeList,
  type Attributes,
  decodeAttributes,
  encodeAttributes,
  kernelText,
  type NetlinkMessage,
} from './codec.ts';
import { HostReader, HostWriter, u32Octets } from './host-order.ts';

/*
 * rtnetlink(7): a fixed structure, then attributes.
 *
 *   ifinfomsg     family 1, pad 1, type 2, index 4, flags 4, change 4
 *   ifaddrmsg     family 1, prefix length 1, flags 1, scope 1, index 4
 *   rtmsg         family 1, dst length 1, src length 1, tos 1, table 1, protocol 1, scope 1, type 1, flags 4
 *   fib_rule_hdr  family 1, dst length 1, src length 1, tos 1, table 1, reserved 2, action 1, flags 4
 *   ndmsg         family 1, pad 3, index 4, state 2, flags 1, type 1
 */

export const messageTypes = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  getNeighbour: 30,
  newRule: 32,
  delRule: 33,
  getRule: 34,
} as const;

const linkAttribute = { name: 3, mtu: 4, afSpec: 26 } as const;
const inet6AddrGenMode = 8;
const addressAttribute = { address: 1, local: 2, flags: 8 } as const;
const routeAttribute = {
  destination: 1,
  oif: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  table: 15,
  mark: 16,
} as const;
const neighbourAttribute = { address: 1, linkAddress: 2 } as const;
const ruleAttribute = {
  priority: 6,
  fwmark: 10,
  suppressPrefixLength: 14,
  table: 15,
  fwmask: 16,
  protocol: 21,
} as const;

const interfaceUp = 0x1;
const interfaceRunning = 0x40;
const addressFlag = { noDad: 0x02, tentative: 0x40, noPrefixRoute: 0x200 } as const;
const protocolStatic = 4;
const ruleToTable = 1;
const ruleInvert = 0x2;

/** rtm_type: what a route does with a packet. */
export const routeTypes = { unicast: 1, local: 2, blackhole: 6, unreachable: 7 } as const;
const routeScope = { universe: 0, link: 253 } as const;
const tableUnspecified = 0;

/** `main`, where everybody else's routes are. */
export const mainTable = 254;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  /** Up, with a carrier. */
  readonly running: boolean;
}

export interface LinkChange {
  readonly index: number;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly name?: string;
  /** No link-local IPv6 address of the kernel's own making. */
  readonly noIpv6LinkLocal?: boolean;
}

export interface InterfaceAddress {
  readonly index: number;
  readonly prefix: IpPrefix;
  /** Not usable yet: duplicate address detection is under way. */
  readonly tentative?: boolean;
}

export interface Route {
  readonly table: number;
  readonly destination: IpPrefix;
  readonly type: number;
  /** Outgoing interface; absent for unreachable and blackhole. */
  readonly oif?: number;
  readonly gateway?: IpAddress;
  readonly preferredSource?: IpAddress;
  readonly metric?: number;
  readonly protocol?: number;
  /** A copy that the kernel made for one destination, not configuration. */
  readonly cloned?: boolean;
}

export interface Rule {
  readonly family: 4 | 6;
  readonly priority: number;
  readonly table: number;
  /** The rule holds for packets with this mark; with `invert`, for all others. */
  readonly mark?: number;
  readonly invert?: boolean;
  /** A found route with a prefix of this length or shorter is as if it were not there. */
  readonly suppressPrefixLength?: number;
}

export function encodeLinkChange(change: LinkChange): Uint8Array {
  const flags = change.up === true ? interfaceUp : 0;
  const mask = change.up === undefined ? 0 : interfaceUp;
  const attributes: AttributeList = [
    ...(change.name === undefined ? [] : [[linkAttribute.name, utf8.encode(`${change.name}\0`)] as const]),
    ...(change.mtu === undefined ? [] : [[linkAttribute.mtu, u32Octets(change.mtu)] as const]),
    ...(change.noIpv6LinkLocal === true
      ? [[linkAttribute.afSpec, [[addressFamilies[6], [[inet6AddrGenMode, Uint8Array.of(1)]]]]] as const]
      : []),
  ];
  return payload(linkHeader(change.index, flags, mask), attributes);
}

/** The question for one link by name, or for all (a dump). */
export function encodeLinkQuery(name?: string): Uint8Array {
  return payload(
    linkHeader(0, 0, 0),
    name === undefined ? [] : [[linkAttribute.name, utf8.encode(`${name}\0`)]],
  );
}

/** `undefined` for what is not about the link itself: a bridge tells of its ports in the same messages. */
export function decodeLink(message: NetlinkMessage): Result<Link | undefined, MalformedError> {
  const reader = new HostReader(message.payload);
  const family = reader.u8();
  reader.take(3);
  const index = reader.s32();
  const flags = reader.u32();
  reader.take(4);
  const attributes = rest(reader, 'link message');
  if (!attributes.ok) return attributes;
  if (family !== 0) return ok(undefined);
  return ok({
    index,
    name: kernelText(attributes.value.get(linkAttribute.name) ?? new Uint8Array(0)),
    mtu: u32(attributes.value, linkAttribute.mtu) ?? 0,
    up: (flags & interfaceUp) !== 0,
    running: (flags & interfaceRunning) !== 0,
  });
}

/**
 * The address is usable at once (no duplicate address detection, which would find nobody on a TUN device) and makes
 * no route of its own: only the plan does.
 */
export function encodeAddress(address: InterfaceAddress): Uint8Array {
  const { prefix } = address;
  const flags = addressFlag.noPrefixRoute | (prefix.address.family === 6 ? addressFlag.noDad : 0);
  const header = new HostWriter()
    .u8(addressFamilies[prefix.address.family])
    .u8(prefix.length)
    .u8(flags & 0xff)
    .u8(routeScope.universe)
    .u32(address.index);
  return payload(header, [
    [addressAttribute.local, prefix.address.octets],
    [addressAttribute.address, prefix.address.octets],
    [addressAttribute.flags, u32Octets(flags)],
  ]);
}

export function encodeAddressQuery(family: 4 | 6): Uint8Array {
  return payload(new HostWriter().u8(addressFamilies[family]).u8(0).u16(0).u32(0), []);
}

export function decodeAddress(message: NetlinkMessage): Result<InterfaceAddress | undefined, MalformedError> {
  const reader = new HostReader(message.payload);
  const family = familyOf(reader.u8());
  const length = reader.u8();
  const shortFlags = reader.u8();
  reader.take(1);
  const index = reader.s32();
  const attributes = rest(reader, 'address message');
  if (!attributes.ok) return attributes;
  if (family === undefined) return ok(undefined);
  const octets =
    attributes.value.get(addressAttribute.local) ?? attributes.value.get(addressAttribute.address);
  const prefix = prefixOf(family, octets, length);
  if (prefix === undefined)
    return err(malformed('address message', { offset: 8, reason: 'address and length disagree' }));
  const flags = u32(attributes.value, addressAttribute.flags) ?? shortFlags;
  return ok({ index, prefix, tentative: (flags & addressFlag.tentative) !== 0 });
}

export function encodeRoute(route: Route): Uint8Array {
  const { destination } = route;
  const header = new HostWriter()
    .u8(addressFamilies[destination.address.family])
    .u8(destination.length)
    .u8(0)
    .u8(0)
    .u8(route.table < 256 ? route.table : tableUnspecified)
    .u8(route.protocol ?? protocolStatic)
    .u8(route.oif !== undefined && destination.address.family === 4 ? routeScope.link : routeScope.universe)
    .u8(route.type)
    .u32(0);
  return payload(header, [
    [routeAttribute.table, u32Octets(route.table)],
    ...(destination.length > 0 ? [[routeAttribute.destination, destination.address.octets] as const] : []),
    ...(route.oif === undefined ? [] : [[routeAttribute.oif, u32Octets(route.oif)] as const]),
    ...(route.metric === undefined ? [] : [[routeAttribute.priority, u32Octets(route.metric)] as const]),
  ]);
}

/** All routes of a family; with strict checking on, of one table. */
export function encodeRouteDump(family: 4 | 6, table: number): Uint8Array {
  const header = new HostWriter().u8(addressFamilies[family]).u8(0).u8(0).u8(0).u32(0).u32(0);
  return payload(header, [[routeAttribute.table, u32Octets(table)]]);
}

/** Which way would a packet with this mark go? */
export function encodeRouteQuery(destination: IpAddress, mark: number, oif?: number): Uint8Array {
  const header = new HostWriter()
    .u8(addressFamilies[destination.family])
    .u8(destination.octets.length * 8)
    .u8(0)
    .u8(0)
    .u32(0)
    .u32(0);
  return payload(header, [
    [routeAttribute.destination, destination.octets],
    [routeAttribute.mark, u32Octets(mark)],
    ...(oif === undefined ? [] : [[routeAttribute.oif, u32Octets(oif)] as const]),
  ]);
}

export function decodeRoute(message: NetlinkMessage): Result<Route | undefined, MalformedError> {
  const reader = new HostReader(message.payload);
  const family = familyOf(reader.u8());
  const length = reader.u8();
  reader.take(2);
  const shortTable = reader.u8();
  const protocol = reader.u8();
  reader.take(1);
  const type = reader.u8();
  const flags = reader.u32();
  const attributes = rest(reader, 'route message');
  if (!attributes.ok) return attributes;
  if (family === undefined) return ok(undefined);
  const found = attributes.value.get(routeAttribute.destination) ?? new Uint8Array(family === 4 ? 4 : 16);
  const destination = prefixOf(family, found, length);
  if (destination === undefined)
    return err(malformed('route message', { offset: 12, reason: 'destination and length disagree' }));
  const oif = u32(attributes.value, routeAttribute.oif);
  const metric = u32(attributes.value, routeAttribute.priority);
  const gateway = addressOf(family, attributes.value.get(routeAttribute.gateway));
  const preferredSource = addressOf(family, attributes.value.get(routeAttribute.preferredSource));
  return ok({
    table: u32(attributes.value, routeAttribute.table) ?? shortTable,
    destination,
    type,
    protocol,
    cloned: (flags & 0x200) !== 0,
    ...(oif === undefined ? {} : { oif }),
    ...(metric === undefined ? {} : { metric }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(preferredSource === undefined ? {} : { preferredSource }),
  });
}

/** The question for one neighbour of an interface. */
export function encodeNeighbourQuery(index: number, address: IpAddress): Uint8Array {
  const header = new HostWriter()
    .u8(addressFamilies[address.family])
    .u8(0)
    .u16(0)
    .u32(index)
    .u16(0)
    .u8(0)
    .u8(0);
  return payload(header, [[neighbourAttribute.address, address.octets]]);
}

/** The link-layer address of a neighbour, e.g. the 6 octets of a MAC; `undefined` while it is not known, or where links have none. */
export function decodeNeighbour(message: NetlinkMessage): Result<Uint8Array | undefined, MalformedError> {
  const reader = new HostReader(message.payload);
  reader.take(12);
  const attributes = rest(reader, 'neighbour message');
  if (!attributes.ok) return attributes;
  const found = attributes.value.get(neighbourAttribute.linkAddress);
  return ok(found?.some((octet) => octet !== 0) === true ? found.slice() : undefined);
}

export function encodeRule(rule: Rule): Uint8Array {
  const header = new HostWriter()
    .u8(addressFamilies[rule.family])
    .u8(0)
    .u8(0)
    .u8(0)
    .u8(rule.table < 256 ? rule.table : tableUnspecified)
    .u16(0)
    .u8(ruleToTable)
    .u32(rule.invert === true ? ruleInvert : 0);
  return payload(header, [
    [ruleAttribute.priority, u32Octets(rule.priority)],
    [ruleAttribute.table, u32Octets(rule.table)],
    [ruleAttribute.protocol, Uint8Array.of(protocolStatic)],
    ...(rule.mark === undefined
      ? []
      : [
          [ruleAttribute.fwmark, u32Octets(rule.mark)] as const,
          [ruleAttribute.fwmask, u32Octets(0xffffffff)] as const,
        ]),
    ...(rule.suppressPrefixLength === undefined
      ? []
      : [[ruleAttribute.suppressPrefixLength, u32Octets(rule.suppressPrefixLength)] as const]),
  ]);
}

export function encodeRuleDump(family: 4 | 6): Uint8Array {
  return payload(new HostWriter().u8(addressFamilies[family]).u8(0).u16(0).u32(0).u32(0), []);
}

export function decodeRule(message: NetlinkMessage): Result<Rule | undefined, MalformedError> {
  const reader = new HostReader(message.payload);
  const family = familyOf(reader.u8());
  reader.take(3);
  const shortTable = reader.u8();
  reader.take(3);
  const flags = reader.u32();
  const attributes = rest(reader, 'rule message');
  if (!attributes.ok) return attributes;
  if (family === undefined) return ok(undefined);
  const mark = u32(attributes.value, ruleAttribute.fwmark);
  const suppress = u32(attributes.value, ruleAttribute.suppressPrefixLength);
  return ok({
    family,
    priority: u32(attributes.value, ruleAttribute.priority) ?? 0,
    table: u32(attributes.value, ruleAttribute.table) ?? shortTable,
    invert: (flags & ruleInvert) !== 0,
    ...(mark === undefined ? {} : { mark }),
    // All bits set means that nothing is suppressed.
    ...(suppress === undefined || suppress === 0xffffffff ? {} : { suppressPrefixLength: suppress }),
  });
}

function linkHeader(index: number, flags: number, change: number): HostWriter {
  return new HostWriter().u8(0).u8(0).u16(0).u32(index).u32(flags).u32(change);
}

function payload(header: HostWriter, attributes: AttributeList): Uint8Array {
  return header.bytes(encodeAttributes(attributes)).finish();
}

function rest(reader: HostReader, what: string): Result<Attributes, MalformedError> {
  const octets = reader.rest();
  return reader.failed ? err(malformed(what, { offset: reader.offset })) : decodeAttributes(octets);
}

function familyOf(number: number): 4 | 6 | undefined {
  if (number === addressFamilies[4]) return 4;
  return number === addressFamilies[6] ? 6 : undefined;
}

function addressOf(family: 4 | 6, octets: Uint8Array | undefined): IpAddress | undefined {
  return octets?.length === (family === 4 ? 4 : 16) ? { family, octets: octets.slice() } : undefined;
}

function prefixOf(family: 4 | 6, octets: Uint8Array | undefined, length: number): IpPrefix | undefined {
  const address = addressOf(family, octets);
  return address === undefined || length > address.octets.length * 8 ? undefined : { address, length };
}

function u32(attributes: Attributes, type: number): number | undefined {
  const octets = attributes.get(type);
  return octets === undefined || octets.length < 4 ? undefined : new HostReader(octets).u32();
}
