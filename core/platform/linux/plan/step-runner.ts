import { type IpPrefix, parseIpPrefix } from '../../../base/address.ts';
import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { type Link, type Route, type Rule, routeTypes } from '../netlink/rtnetlink.ts';
import { RtnetlinkClient } from '../netlink/rtnetlink-client.ts';
import type { LinkStep, RouteStep, RuleStep, Step, SysctlStep } from './step.ts';
import { Sysctl } from './sysctl.ts';

/** What the kernel steps work on. */
export class StepContext {
  readonly netlink: RtnetlinkClient;
  readonly sysctl: Sysctl;

  private constructor(netlink: RtnetlinkClient, sysctl: Sysctl) {
    this.netlink = netlink;
    this.sysctl = sysctl;
  }

  /** To be disposed of: it holds a socket. `sysctlRoot`: `/proc/sys` when absent. Fails with `system.call`. */
  static open(sysctlRoot?: string): Result<StepContext, Failure> {
    const netlink = RtnetlinkClient.open();
    return netlink.ok ? ok(new StepContext(netlink.value, new Sysctl(sysctlRoot))) : netlink;
  }

  [Symbol.dispose](): void {
    this.netlink.close();
  }
}

/** All steps but DNS, which has strategies of its own. */
export type KernelStep = Exclude<Step, { kind: 'dns' }>;

/** Makes one change. Making it twice is fine. */
export function doStep(step: KernelStep, context: StepContext): Result<undefined, Failure> {
  const { netlink, sysctl } = context;
  switch (step.kind) {
    case 'link': {
      const index = indexOf(step.device, netlink);
      if (!index.ok) return index;
      // Without IPv6 in the kernel, that part is refused; then there is no link-local address to be afraid of.
      netlink.changeLink({ index: index.value, noIpv6LinkLocal: true });
      return netlink.changeLink({ index: index.value, mtu: step.mtu, up: true });
    }
    case 'address': {
      const index = indexOf(step.device, netlink);
      if (!index.ok) return index;
      return netlink.addAddress({ index: index.value, prefix: prefix(step.prefix) });
    }
    case 'route': {
      const route = routeOf(step, netlink);
      return route.ok ? netlink.addRoute(route.value) : route;
    }
    case 'rule':
      return netlink.addRule(ruleOf(step));
    case 'sysctl':
      return sysctl.write(settingName(step), step.value);
  }
}

/** Takes one change back. What is already gone counts as done; so does what somebody else has changed since. */
export function undoStep(step: KernelStep, context: StepContext): Result<undefined, Failure> {
  const { netlink, sysctl } = context;
  switch (step.kind) {
    case 'link':
      return undoLink(step, netlink);
    case 'address': {
      const link = netlink.link(step.device);
      if (!link.ok) return link;
      if (link.value === undefined) return ok();
      return netlink.deleteAddress({ index: link.value.index, prefix: prefix(step.prefix) });
    }
    case 'route': {
      // A route into a device that is gone went with it.
      const link = step.device === undefined ? undefined : netlink.link(step.device);
      if (link !== undefined && (!link.ok || link.value === undefined)) return link.ok ? ok() : link;
      const route = routeOf(step, netlink);
      return route.ok ? netlink.deleteRoute(route.value) : route;
    }
    case 'rule':
      return netlink.deleteRule(ruleOf(step));
    case 'sysctl': {
      const now = sysctl.read(settingName(step));
      return now === step.value ? sysctl.write(settingName(step), step.before) : ok();
    }
  }
}

function undoLink(step: LinkStep, netlink: RtnetlinkClient): Result<undefined, Failure> {
  const link = netlink.link(step.device);
  if (!link.ok) return link;
  if (link.value === undefined) return ok();
  const { index } = link.value;
  return netlink.changeLink({ index, mtu: step.before.mtu, up: step.before.up });
}

function routeOf(step: RouteStep, netlink: RtnetlinkClient): Result<Route, Failure> {
  const destination = prefix(step.destination);
  if (step.device === undefined) return ok({ table: step.table, destination, type: routeTypes.unreachable });
  const oif = indexOf(step.device, netlink);
  if (!oif.ok) return oif;
  return ok({ table: step.table, destination, type: routeTypes.unicast, oif: oif.value });
}

function ruleOf(step: RuleStep): Rule {
  const { family, priority, table, unlessMark, suppressPrefixLength } = step;
  return {
    family,
    priority,
    table,
    ...(unlessMark === undefined ? {} : { mark: unlessMark, invert: true }),
    ...(suppressPrefixLength === undefined ? {} : { suppressPrefixLength }),
  };
}

function settingName(step: SysctlStep): string {
  return step.name.replace('{device}', step.device);
}

function indexOf(device: string, netlink: RtnetlinkClient): Result<number, Failure> {
  const link = presentLink(device, netlink);
  return link.ok ? ok(link.value.index) : link;
}

/** A link that must be there: fails with `system.call` and ENODEV otherwise. */
export function presentLink(device: string, netlink: RtnetlinkClient): Result<Link, Failure> {
  const link = netlink.link(device);
  if (!link.ok) return link;
  if (link.value !== undefined) return ok(link.value);
  return err(failure('system.call', { call: `link ${device}`, errno: 'ENODEV' }));
}

/** @throws Error for text that the step schema would have refused. */
function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  if (!parsed.ok) throw new Error(`a step holds ${parsed.error.reason}`);
  return parsed.value;
}
