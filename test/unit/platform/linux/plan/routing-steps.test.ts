import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type IpPrefix, parseIpPrefix } from '../../../../../core/base/address.ts';
import { mainTable } from '../../../../../core/platform/linux/netlink/rtnetlink.ts';
import { routeSteps, ruleSteps } from '../../../../../core/platform/linux/plan/routing-steps.ts';
import { type RuleStep, stepSchema } from '../../../../../core/platform/linux/plan/step.ts';
import type { NetworkPlan } from '../../../../../core/tunnel/network-plan.ts';

const table = 26_468;

function plan(routes: readonly string[], blockFamilies: readonly (4 | 6)[] = []): NetworkPlan {
  return {
    device: 'godwit0',
    mtu: 1400,
    addresses: [],
    routes: routes.map(prefix),
    bypassMark: 0x6764,
    table,
    rulePriority: 100,
    blockFamilies,
  };
}

function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('a full tunnel has the two rules of wg-quick', () => {
  assert.deepEqual(ruleSteps(plan(['0.0.0.0/0'])), [
    { kind: 'rule', family: 4, priority: 100, table: mainTable, suppressPrefixLength: 0 },
    { kind: 'rule', family: 4, priority: 101, table, unlessMark: 0x6764 },
  ]);
});

test('a blocked family gets a route that refuses, and the rules to find it', () => {
  const blocked = plan(['0.0.0.0/0'], [6]);
  assert.deepEqual(routeSteps(blocked).at(-1), { kind: 'route', table, destination: '::/0' });
  assert.equal(ruleSteps(blocked).filter((rule) => rule.family === 6).length, 2);
});

test('host bits of a destination do not reach the kernel', () => {
  assert.deepEqual(
    routeSteps(plan(['10.1.2.3/8'])).map((step) => step.destination),
    ['10.0.0.0/8'],
  );
});

/** What the kernel does with these rules, for a destination that main and the tunnel have routes of these lengths to. */
function lookup(
  rules: readonly RuleStep[],
  main: readonly number[],
  tunnel: readonly number[],
  marked: boolean,
) {
  for (const rule of rules) {
    if (rule.unlessMark !== undefined && marked) continue;
    const found = Math.max(-1, ...(rule.table === mainTable ? main : tunnel));
    if (found >= 0 && found > (rule.suppressPrefixLength ?? -1)) return rule.table;
  }
  return main.length > 0 ? mainTable : undefined;
}

test('together the rules answer as one table where the longest prefix wins, the tunnel first', () => {
  const lengths = fc.uniqueArray(fc.integer({ min: 0, max: 32 }), { maxLength: 6 });
  fc.assert(
    fc.property(lengths, lengths, lengths, (main, covering, elsewhere) => {
      // Routes elsewhere have lengths too, and so rules, but do not cover this destination.
      const routes = [...covering, ...elsewhere].map((length) => `10.0.0.0/${length}`);
      const rules = ruleSteps(plan(routes));
      const ofMain = Math.max(-1, ...main);
      const ofTunnel = Math.max(-1, ...covering);
      const expected = ofTunnel < 0 && ofMain < 0 ? undefined : ofTunnel >= ofMain ? table : mainTable;
      assert.equal(lookup(rules, main, covering, false), expected);
      assert.equal(
        lookup(rules, main, covering, true),
        ofMain < 0 ? undefined : mainTable,
        'marked: outside',
      );
    }),
  );
});

test('every step can be kept in the journal', () => {
  const all = plan(['0.0.0.0/0', '10.0.0.0/8', '192.0.2.1/32', 'fd00::/8', 'fd00::1/128'], [6]);
  for (const step of [...routeSteps(all), ...ruleSteps(all)])
    assert.deepEqual(stepSchema.parse(JSON.parse(JSON.stringify(step))), step);
});
