import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpPrefix, parseIpAddress, parseIpPrefix } from '../../../core/base/address.ts';
import type { AssignedConfig } from '../../../core/ike/io.ts';
import { computeNetworkPlan, type NetworkWishes } from '../../../core/tunnel/compute-network-plan.ts';
import type { NetworkPlan } from '../../../core/tunnel/network-plan.ts';
import type { TrafficSelector } from '../../../core/wire/ike/payload.ts';

function prefix(text: string) {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function address(text: string) {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

function selector(start: string, end: string): TrafficSelector {
  return { protocol: 0, startPort: 0, endPort: 65_535, start: address(start), end: address(end) };
}

const everything4 = selector('0.0.0.0', '255.255.255.255');
const everything6 = selector('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
const wishes: NetworkWishes = {
  device: 'godwit0',
  mtu: 1400,
  dns: { use: true, servers: undefined, domains: [] },
  onlyGatewaySubnets: false,
};

function config(parts: {
  addresses?: string[];
  dns?: string[];
  subnets?: string[];
  domains?: string[];
}): AssignedConfig {
  return {
    addresses: (parts.addresses ?? ['10.9.0.2/32']).map(prefix),
    dnsServers: (parts.dns ?? []).map(address),
    subnets: (parts.subnets ?? []).map(prefix),
    dnsDomains: parts.domains ?? [],
  };
}

function plan(
  given: AssignedConfig,
  selectors: TrafficSelector[],
  changes: Partial<NetworkWishes> = {},
): NetworkPlan {
  const result = computeNetworkPlan(given, selectors, { ...wishes, ...changes });
  assert.ok(result.ok);
  return result.value;
}

const routes = (given: NetworkPlan) => given.routes.map(formatIpPrefix);

test('a full IPv4 tunnel without an IPv6 address blocks IPv6 instead of leaking it', () => {
  const full = plan(config({}), [everything4, everything6]);
  assert.deepEqual(routes(full), ['0.0.0.0/0']);
  assert.deepEqual(full.blockFamilies, [6]);
});

test('a dual-stack full tunnel blocks nothing', () => {
  const full = plan(config({ addresses: ['10.9.0.2/32', 'fd00:9::2/128'] }), [everything4, everything6]);
  assert.deepEqual(routes(full), ['0.0.0.0/0', '::/0']);
  assert.deepEqual(full.blockFamilies, []);
});

test('a split tunnel routes what the selectors were narrowed to, once each, and blocks nothing', () => {
  const lan = selector('10.1.0.0', '10.1.255.255');
  const split = plan(config({}), [lan, { ...lan, protocol: 6 }]);
  assert.deepEqual(routes(split), ['10.1.0.0/16']);
  assert.deepEqual(split.blockFamilies, []);
});

test('the subnets that the gateway names are followed only when asked for, and never beyond the selectors', () => {
  const given = config({ subnets: ['10.1.0.0/16', '172.16.5.9/24'], dns: ['10.200.0.53'] });
  assert.deepEqual(routes(plan(given, [everything4])), ['0.0.0.0/0']);
  const follow = { onlyGatewaySubnets: true };
  assert.deepEqual(routes(plan(given, [everything4], follow)), [
    '10.1.0.0/16',
    '172.16.5.0/24',
    '10.200.0.53/32',
  ]);
  assert.deepEqual(routes(plan(given, [selector('10.0.0.0', '10.255.255.255')], follow)), [
    '10.1.0.0/16',
    '10.200.0.53/32',
  ]);
});

test('with a split tunnel only the gateway’s domains are asked at its name servers; with a full one all names', () => {
  const given = config({ dns: ['10.1.0.53'], domains: ['corp.example'] });
  assert.deepEqual(plan(given, [selector('10.1.0.0', '10.1.255.255')]).dns?.routeDomains, ['corp.example']);
  assert.deepEqual(plan(given, [everything4]).dns?.routeDomains, []);
  assert.deepEqual(plan(given, [everything4]).dns?.searchDomains, ['corp.example']);
  const dns = { use: false, servers: undefined, domains: [] };
  assert.equal(plan(given, [everything4], { dns }).dns, undefined);
});

test('name servers and domains of the profile stand in place of the gateway’s, even in a full tunnel', () => {
  const given = config({ dns: ['10.1.0.53'], domains: ['corp.example'] });
  const dns = { use: true, servers: [address('10.2.0.53')], domains: ['lab.example'] };
  const made = plan(given, [everything4], { dns }).dns;
  assert.deepEqual(made?.servers, [address('10.2.0.53')]);
  assert.deepEqual(made?.routeDomains, ['lab.example']);
});

test('no inner address is a failure with a name', () => {
  const result = computeNetworkPlan(config({ addresses: [] }), [everything4], wishes);
  assert.ok(!result.ok);
  assert.equal(result.error.code, 'peer.no-address');
});
