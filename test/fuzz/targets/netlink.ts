import { type IpPrefix, parseIpPrefix } from '../../../core/base/address.ts';
import { ChangeTracker } from '../../../core/platform/linux/events/network-change.ts';
import {
  decodeAck,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
} from '../../../core/platform/linux/netlink/codec.ts';
import {
  decodeAddress,
  decodeLink,
  decodeRoute,
  decodeRule,
  encodeAddress,
  encodeLinkChange,
  encodeRoute,
  encodeRule,
  messageTypes,
  routeTypes,
} from '../../../core/platform/linux/netlink/rtnetlink.ts';
import { type FuzzTarget, outcome } from '../target.ts';

function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

function message(type: number, payload: Uint8Array): Uint8Array {
  return encodeMessage({ type, flags: 0, sequence: 7 }, payload);
}

const { newLink, newAddress, newRoute, newRule } = messageTypes;

export const netlinkTarget: FuzzTarget = {
  name: 'netlink',
  corpus: [
    message(
      newLink,
      encodeLinkChange({ index: 3, up: true, mtu: 1400, name: 'tun0', noIpv6LinkLocal: true }),
    ),
    message(newAddress, encodeAddress({ index: 3, prefix: prefix('10.0.0.7/24') })),
    message(newAddress, encodeAddress({ index: 3, prefix: prefix('fd00::7/64') })),
    message(
      newRoute,
      encodeRoute({ table: 254, destination: prefix('10.0.0.0/8'), type: routeTypes.unicast, oif: 3 }),
    ),
    message(newRule, encodeRule({ family: 4, priority: 5, table: 26_468, mark: 0x6764, invert: true })),
    message(2, new Uint8Array(20).fill(0xff, 0, 4)),
  ],
  run(octets) {
    const messages = decodeMessages(octets);
    if (!messages.ok) return outcome(messages);
    const tracker = new ChangeTracker({ ignoreDevices: ['tun0'], ignoreTables: [255] });
    const seen = messages.value.slice(0, 20).map((one) => {
      const results = [
        decodeLink(one),
        decodeAddress(one),
        decodeRoute(one),
        decodeRule(one),
        decodeAck(one),
      ];
      decodeAttributes(one.payload);
      return `${results.map(outcome).join()} ${tracker.note(one)?.kind ?? ''}`;
    });
    return seen.slice(0, 2).join(';');
  },
};
