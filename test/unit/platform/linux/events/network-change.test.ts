import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IpPrefix, parseIpPrefix } from '../../../../../core/base/address.ts';
import { ChangeTracker } from '../../../../../core/platform/linux/events/network-change.ts';
import { HostWriter } from '../../../../../core/platform/linux/netlink/host-order.ts';
import {
  encodeAddress,
  encodeRoute,
  encodeRule,
  messageTypes,
  routeTypes,
} from '../../../../../core/platform/linux/netlink/rtnetlink.ts';

function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

function message(type: number, payload: Uint8Array) {
  return { type, flags: 0, sequence: 0, port: 0, payload };
}

function link(type: number, name: string, flags: number, index = 2) {
  const text = new TextEncoder().encode(`${name}\0`);
  const writer = new HostWriter().u8(0).u8(0).u16(1).u32(index).u32(flags).u32(0);
  writer
    .u16(4 + text.length)
    .u16(3)
    .bytes(text)
    .align();
  return message(type, writer.finish());
}

const running = 0x41;
const filter = { ignoreDevices: ['godwit0'], ignoreTables: [26_468] };

test('a link is told when it changes, not when the kernel repeats itself', () => {
  const tracker = new ChangeTracker(filter);
  const up = link(messageTypes.newLink, 'wlan0', running);
  assert.deepEqual(tracker.note(up), {
    kind: 'link',
    name: 'wlan0',
    index: 2,
    mtu: 0,
    running: true,
    removed: false,
  });
  assert.equal(tracker.note(up), undefined);
  const lost = tracker.note(link(messageTypes.newLink, 'wlan0', 1));
  assert.ok(lost?.kind === 'link' && !lost.running && !lost.removed);
});

test('a link that goes is told whatever state it was in, once', () => {
  for (const flags of [0, 1, running]) {
    const tracker = new ChangeTracker(filter);
    tracker.note(link(messageTypes.newLink, 'wlan0', running));
    const gone = tracker.note(link(messageTypes.delLink, 'wlan0', flags));
    assert.ok(gone?.kind === 'link' && gone.removed && !gone.running);
    assert.equal(tracker.note(link(messageTypes.delLink, 'wlan0', flags)), undefined);
  }
});

test('what is known at the start is not a change', () => {
  const tracker = new ChangeTracker(filter);
  tracker.reset(
    [{ index: 2, name: 'wlan0', mtu: 0, up: true, running: true }],
    [{ index: 2, prefix: prefix('10.0.0.2/24') }],
  );
  assert.equal(tracker.note(link(messageTypes.newLink, 'wlan0', running)), undefined);
  const address = encodeAddress({ index: 2, prefix: prefix('10.0.0.2/24') });
  assert.equal(tracker.note(message(messageTypes.newAddress, address)), undefined);
  assert.deepEqual(tracker.note(message(messageTypes.delAddress, address)), {
    kind: 'address',
    index: 2,
    family: 4,
    prefix: '10.0.0.2/24',
    removed: true,
  });
});

test('an IPv6 address is told when it is usable', () => {
  const tracker = new ChangeTracker(filter);
  const octets = encodeAddress({ index: 2, prefix: prefix('2001:db8::2/64') });
  const tentative = octets.slice();
  new DataView(tentative.buffer).setUint32(octets.length - 4, 0x40, true);
  assert.equal(tracker.note(message(messageTypes.newAddress, tentative)), undefined);
  assert.equal(tracker.note(message(messageTypes.newAddress, octets))?.kind, 'address');
  assert.equal(tracker.note(message(messageTypes.newAddress, octets)), undefined, 'a renewed lifetime');
});

test('our own device and table are left out', () => {
  const tracker = new ChangeTracker(filter);
  assert.equal(tracker.note(link(messageTypes.newLink, 'godwit0', running, 7)), undefined);
  const into = { table: 254, destination: prefix('10.0.0.0/8'), type: routeTypes.unicast, oif: 7 };
  assert.equal(tracker.note(message(messageTypes.newRoute, encodeRoute(into))), undefined);
  const ours = { table: 26_468, destination: prefix('10.0.0.0/8'), type: routeTypes.unreachable };
  assert.equal(tracker.note(message(messageTypes.newRoute, encodeRoute(ours))), undefined);
  const other = { table: 254, destination: prefix('0.0.0.0/0'), type: routeTypes.unicast, oif: 2 };
  assert.deepEqual(tracker.note(message(messageTypes.delRoute, encodeRoute(other))), {
    kind: 'route',
    family: 4,
    table: 254,
    destination: '0.0.0.0/0',
    interfaceIndex: 2,
    removed: true,
  });
});

test('a rule that somebody removes is told', () => {
  const rule = encodeRule({ family: 6, priority: 26_468, table: 254 });
  assert.deepEqual(new ChangeTracker(filter).note(message(messageTypes.delRule, rule)), {
    kind: 'rule',
    family: 6,
    priority: 26_468,
    removed: true,
  });
});

test('garbage is no change', () => {
  const tracker = new ChangeTracker(filter);
  for (const type of [16, 17, 20, 21, 24, 25, 32, 33, 99])
    assert.equal(tracker.note(message(type, Uint8Array.of(1, 2, 3))), undefined);
});
