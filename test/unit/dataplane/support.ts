import { type IpAddress, parseIpAddress } from '../../../core/base/address.ts';
import type { CipherShape, PacketCipher, PacketCipherKey } from '../../../core/crypto/interfaces.ts';
import { packetCipherShapes } from '../../../core/crypto/packet-ciphers.ts';
import type { TrafficSelector } from '../../../core/wire/ike/payload.ts';
import { encodeIpv4, ipv4Packet } from '../../../core/wire/ip/ipv4.ts';
import { encodeIpv6, ipv6Packet } from '../../../core/wire/ip/ipv6.ts';
import { encodeTcp, type TcpSegment } from '../../../core/wire/ip/tcp.ts';
import { encodeUdp } from '../../../core/wire/ip/udp.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(`not an address: ${text}`);
  return parsed.value;
}

export const here = { 4: address('10.9.0.1'), 6: address('fd00::1') } as const;
export const there = { 4: address('10.9.0.2'), 6: address('fd00::2') } as const;

/** `10.0.0.0-10.0.0.255`, `tcp` ports optional. */
export function selector(range: string, more: Partial<TrafficSelector> = {}): TrafficSelector {
  const [start = '', end = ''] = range.split('-');
  return { protocol: 0, startPort: 0, endPort: 0xffff, start: address(start), end: address(end), ...more };
}

export const everything = [
  selector('0.0.0.0-255.255.255.255'),
  selector('::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
];

export function octetsOf(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 0xff);
}

const timestamps = Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9);

export function tcpPacket(
  version: 4 | 6,
  segment: Partial<TcpSegment>,
  from = here,
  to = there,
  id = 100,
): Uint8Array {
  const whole: TcpSegment = {
    sourcePort: 40000,
    destinationPort: 5201,
    sequence: 1000,
    acknowledgment: 77,
    flags: 0x10,
    window: 500,
    urgentPointer: 0,
    options: timestamps,
    payload: new Uint8Array(0),
    ...segment,
  };
  const transport = encodeTcp(whole, from[version], to[version]);
  return version === 4
    ? encodeIpv4({ ...ipv4Packet(from[4], to[4], 6, transport), identification: id })
    : encodeIpv6(ipv6Packet(from[6], to[6], 6, transport));
}

export function udpPacket(
  version: 4 | 6,
  payload: Uint8Array,
  from = here,
  to = there,
  id = 100,
): Uint8Array {
  const transport = encodeUdp(
    { sourcePort: 40000, destinationPort: 53, payload },
    from[version],
    to[version],
  );
  return version === 4
    ? encodeIpv4({ ...ipv4Packet(from[4], to[4], 17, transport), identification: id })
    : encodeIpv6(ipv6Packet(from[6], to[6], 17, transport));
}

export function shapeNamed(name: string): CipherShape {
  const shape = packetCipherShapes.find((candidate) => candidate.name === name);
  if (shape === undefined) throw new Error(`no cipher ${name}`);
  return shape;
}

export function cipherNamed(name: string): PacketCipher {
  const { encryptionId, keyBits, integrityId } = shapeNamed(name);
  const cipher = nodePacketCipher(encryptionId, keyBits, integrityId);
  if (cipher === undefined) throw new Error(`no cipher ${name}`);
  return cipher;
}

/** A new copy each time: the data plane wipes what it is given. */
export function keyFor(shape: CipherShape, seed: number): PacketCipherKey {
  return {
    encryption: octetsOf(shape.encryptionKeyOctets, seed),
    salt: octetsOf(shape.saltOctets, seed + 1),
    integrity: octetsOf(shape.integrityKeyOctets, seed + 2),
  };
}
