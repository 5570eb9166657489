import { type IpAddress, prefixContains } from '../../../base/address.ts';
import type { NetworkPlan } from '../../../tunnel/network-plan.ts';
import type { SysctlStep } from './step.ts';
import type { Sysctl } from './sysctl.ts';

/**
 * The plan as far as this machine does IPv6. Where the device takes none, neither addresses nor routes of that family
 * can be set; a default route that was planned becomes a refusal, unless no device does IPv6, present or to
 * come, so that nothing can leak. Called after the settings were made.
 */
export function plannedIpv6(plan: NetworkPlan, sysctl: Sysctl): NetworkPlan {
  const wanted = [...plan.addresses, ...plan.routes].some((prefix) => prefix.address.family === 6);
  const blocked = plan.blockFamilies.includes(6);
  const others = sysctl.list('net/ipv6/conf').filter((name) => !['all', 'lo', plan.device].includes(name));
  const possible = others.some((name) => sysctl.read(`net/ipv6/conf/${name}/disable_ipv6`) === '0');
  const taken = sysctl.read(`net/ipv6/conf/${plan.device}/disable_ipv6`) === '0';
  if (wanted ? taken : !blocked || possible) return plan;
  const full = plan.routes.some((prefix) => prefix.address.family === 6 && prefix.length === 0);
  return {
    ...plan,
    addresses: plan.addresses.filter((prefix) => prefix.address.family === 4),
    routes: plan.routes.filter((prefix) => prefix.address.family === 4),
    blockFamilies: [
      ...plan.blockFamilies.filter((family) => family === 4),
      ...(possible && (full || blocked) ? [6 as const] : []),
    ],
  };
}

/**
 * The settings that stand in the plan's way.
 *
 * - disable_ipv6 of the device, where new devices get IPv6 switched off: the gateway gave an address, and the device
 *   is ours.
 * - rp_filter 1: a packet from the gateway comes in on the outer interface, while the way to the gateway's address
 *   for everybody but us leads into the tunnel; a strict check drops it. 2 asks only that there is a way. The larger
 *   of `all` and the interface's own value holds, so `all` covers interfaces that come later.
 */
export function sysctlSteps(plan: NetworkPlan, sysctl: Sysctl, gateway?: IpAddress): readonly SysctlStep[] {
  const { device } = plan;
  const steps: SysctlStep[] = [];
  const switchedOff = 'net/ipv6/conf/{device}/disable_ipv6';
  const before6 = sysctl.read(switchedOff.replace('{device}', device));
  const wants6 = plan.addresses.some((prefix) => prefix.address.family === 6);
  if (wants6 && before6 === '1')
    steps.push({ kind: 'sysctl', name: switchedOff, device, value: '0', before: before6 });
  const all = 'net/ipv4/conf/all/rp_filter';
  const before4 = sysctl.read(all);
  if (before4 !== undefined && before4 !== '2' && gatewayInside(plan, gateway) && strictAnywhere(sysctl))
    steps.push({ kind: 'sysctl', name: all, device, value: '2', before: before4 });
  return steps;
}

/** Does a route of the tunnel cover the gateway's own address? Unknown counts as yes. */
function gatewayInside(plan: NetworkPlan, gateway: IpAddress | undefined): boolean {
  const routes = plan.routes.filter((prefix) => prefix.address.family === 4);
  if (gateway === undefined) return routes.length > 0;
  return routes.some((prefix) => prefixContains(prefix, gateway));
}

function strictAnywhere(sysctl: Sysctl): boolean {
  return sysctl.list('net/ipv4/conf').some((name) => sysctl.read(`net/ipv4/conf/${name}/rp_filter`) === '1');
}
