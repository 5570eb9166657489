import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIpAddress, formatIpPrefix } from '../../../core/base/address.ts';
import { limits } from '../../../core/base/limits.ts';
import { fromHex } from '../../../core/base/octets.ts';
import { buildConfigRequest, processConfigReply } from '../../../core/ike/tasks/config-request.ts';
import type { ConfigAttribute, IkeMessage } from '../../../core/wire/ike/payload.ts';

function reply(attributes: readonly ConfigAttribute[], type = 2) {
  const message: Pick<IkeMessage, 'payloads'> = { payloads: [{ kind: 'CP', type, attributes }] };
  return processConfigReply(message);
}

function assigned(attributes: readonly ConfigAttribute[]) {
  const config = reply([ours, ...attributes]);
  assert.ok(config.ok);
  const { addresses, dnsServers, subnets, dnsDomains, applicationVersion } = config.value;
  return {
    addresses: addresses.slice(1).map(formatIpPrefix),
    dnsServers: dnsServers.map(formatIpAddress),
    subnets: subnets.map(formatIpPrefix),
    dnsDomains,
    applicationVersion,
  };
}

const attribute = (type: number, hex: string): ConfigAttribute => ({ type, value: fromHex(hex) });
const named = (type: number, text: string): ConfigAttribute => ({ type, value: Buffer.from(text) });
const ours = attribute(1, '0a090005');
const nothing = { addresses: [], dnsServers: [], subnets: [], dnsDomains: [], applicationVersion: undefined };
const ip6 = 'fd000000000000000000000000000001';

test('all that we can use is asked for, with empty values', () => {
  const request = buildConfigRequest();
  assert.equal(request.type, 1);
  assert.deepEqual(
    request.attributes.map(({ type }) => type),
    [1, 2, 3, 13, 8, 10, 15, 25, 7],
  );
  assert.ok(request.attributes.every(({ value }) => value.length === 0));
});

test('every attribute of the reply is read', () => {
  const config = assigned([
    attribute(2, 'ffffff00'),
    attribute(8, `${ip6}40`),
    attribute(3, '0a090001'),
    attribute(10, ip6),
    attribute(13, '0a010203ffff0000'),
    attribute(15, `${ip6}10`),
    named(25, 'Corp.Example.'),
    named(7, 'Gateway 1.0\u0007'),
  ]);
  assert.deepEqual(config, {
    addresses: ['fd00::1/64'],
    dnsServers: ['10.9.0.1', 'fd00::1'],
    subnets: ['10.1.0.0/16', 'fd00::/16'],
    dnsDomains: ['corp.example'],
    applicationVersion: 'Gateway 1.0?',
  });
});

test('an IPv4 address is ours alone, whatever the netmask says', () => {
  const config = reply([ours, attribute(2, 'ffffff00')]);
  assert.ok(config.ok);
  assert.deepEqual(config.value.addresses.map(formatIpPrefix), ['10.9.0.5/32']);
});

for (const [name, value] of [
  ['an IPv4 address of 3 octets', attribute(1, '0a0900')],
  ['an IPv4 address of 5 octets', attribute(1, '0a09000501')],
  ['an empty IPv4 address', attribute(1, '')],
  ['0.0.0.0', attribute(1, '00000000')],
  ['a multicast address', attribute(1, 'e0000001')],
  ['an IPv6 address of 16 octets', attribute(8, ip6)],
  ['an IPv6 prefix beyond 128', attribute(8, `${ip6}81`)],
  ['an IPv6 multicast address', attribute(8, `ff02${ip6.slice(4)}40`)],
  ['a DNS server of 5 octets', attribute(3, '0a09000101')],
  ['an IPv6 DNS server of 4 octets', attribute(10, '0a090001')],
  ['a netmask with holes', attribute(13, '0a010000ff00ff00')],
  ['a subnet of 4 octets', attribute(13, '0a010000')],
  ['a domain with a space', named(25, 'corp example')],
  ['a domain with a newline', named(25, 'corp.example\nnameserver 192.0.2.1')],
  ['a domain that starts with a hyphen', named(25, '-corp.example')],
  ['a domain with an empty label', named(25, 'corp..example')],
  ['a label of 64 characters', named(25, `${'a'.repeat(64)}.example`)],
  ['a domain of 254 characters', named(25, `${'a.'.repeat(126)}ab`)],
  ['a domain that is not UTF-8', attribute(25, 'ff')],
  ['an empty domain', named(25, '')],
  ['a lone dot', named(25, '.')],
  ['an unknown attribute', attribute(0x7fff, '01')],
] as const) {
  test(`${name} is left out, and the rest stands`, () => assert.deepEqual(assigned([value]), nothing));
}

test('a long name made of short labels is checked in no time', () => {
  assert.deepEqual(
    assigned([named(25, `${'a'.repeat(63)}.`.repeat(3).concat('a'.repeat(50), '!'))]),
    nothing,
  );
});

test('nothing grows beyond its bound', () => {
  const many = (value: ConfigAttribute) => new Array<ConfigAttribute>(1_000).fill(value);
  const config = reply(
    [ours, attribute(3, '0a090001'), attribute(13, '0a010000ffff0000'), named(25, 'a.example')].flatMap(many),
  );
  assert.ok(config.ok);
  assert.equal(config.value.addresses.length, limits.addressesFromGateway);
  assert.equal(config.value.dnsServers.length, limits.dnsServersFromGateway);
  assert.equal(config.value.subnets.length, limits.subnetsFromGateway);
  assert.equal(config.value.dnsDomains.length, limits.domainsFromGateway);
});

test('without an address there is no tunnel', () => {
  for (const config of [
    reply([]),
    reply([attribute(3, '0a090001')]),
    reply([ours], 4),
    processConfigReply({ payloads: [] }),
  ]) {
    assert.equal(config.ok ? 'taken' : config.error.code, 'peer.no-address');
  }
});
