import { formatIpPrefix, type IpPrefix, networkOf } from '../../../base/address.ts';
import type { NetworkPlan } from '../../../tunnel/network-plan.ts';
import { mainTable } from '../netlink/rtnetlink.ts';
import type { AddressStep, RouteStep, RuleStep } from './step.ts';

/*
 * The scheme (docs/decisions/0004-routing.md): the tunnel's routes stand in a table of their own, and rules ahead of
 * `main` make both tables answer as if they were one in which the longest prefix wins and, of two equally long ones,
 * the tunnel's. For every prefix length L in the tunnel's table, the longest first:
 *
 *     lookup main, but not for a route of length L or shorter
 *     unless marked: lookup the tunnel's table, but not for a route shorter than L
 *
 * With a default route alone (L = 0) that is the pair of rules that wg-quick uses.
 */

export function addressSteps(plan: NetworkPlan): readonly AddressStep[] {
  return plan.addresses.map((prefix) => ({
    kind: 'address',
    device: plan.device,
    prefix: formatIpPrefix(prefix),
  }));
}

/** Routes into the device, and for each blocked family one default route that refuses. */
export function routeSteps(plan: NetworkPlan): readonly RouteStep[] {
  const into = plan.routes.map(
    (prefix): RouteStep => ({
      kind: 'route',
      table: plan.table,
      destination: formatIpPrefix(networkOf(prefix)),
      device: plan.device,
    }),
  );
  const refused = plan.blockFamilies.map(
    (family): RouteStep => ({
      kind: 'route',
      table: plan.table,
      destination: family === 4 ? '0.0.0.0/0' : '::/0',
    }),
  );
  return [...into, ...refused];
}

export function ruleSteps(plan: NetworkPlan): readonly RuleStep[] {
  return ([4, 6] as const).flatMap((family) => familyRules(plan, family));
}

function familyRules(plan: NetworkPlan, family: 4 | 6): readonly RuleStep[] {
  const lengths = routeLengths(plan.routes, family);
  if (plan.blockFamilies.includes(family)) lengths.add(0);
  const longestFirst = [...lengths].sort((a, b) => b - a);
  return longestFirst.flatMap((length, i): RuleStep[] => {
    const priority = plan.rulePriority + 2 * i;
    const last = i === longestFirst.length - 1;
    return [
      { kind: 'rule', family, priority, table: mainTable, suppressPrefixLength: length },
      {
        kind: 'rule',
        family,
        priority: priority + 1,
        table: plan.table,
        unlessMark: plan.bypassMark,
        // The shortest routes are all that is left: nothing to suppress.
        ...(last ? {} : { suppressPrefixLength: length - 1 }),
      },
    ];
  });
}

function routeLengths(routes: readonly IpPrefix[], family: 4 | 6): Set<number> {
  return new Set(routes.filter((route) => route.address.family === family).map((route) => route.length));
}
