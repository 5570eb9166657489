import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { clampMss } from '../../../core/esp/mss-clamp.ts';
import { octetsOf, tcpPacket, udpPacket } from '../dataplane/support.ts';

function clamp(octets: Uint8Array, mss = 1360): Uint8Array {
  const packet = new InnerPacket();
  const copy = octets.slice();
  assert.ok(readInnerPacket(copy, 0, copy.length, packet));
  assert.equal(
    clampMss(copy, packet, mss),
    copy.some((octet, i) => octet !== octets[i]),
  );
  return copy;
}

const mss = (value: number) => [2, 4, value >> 8, value & 0xff];
const before = [1, 3, 3, 7];

for (const version of [4, 6] as const)
  for (const flags of [0x02, 0x12])
    test(`IPv${version}, flags ${flags}: a larger MSS is lowered and the checksum is right`, () => {
      const packet = (value: number) =>
        tcpPacket(version, { flags, options: Uint8Array.from([...before, ...mss(value), 1, 1, 1, 0]) });
      assert.deepEqual(clamp(packet(1460)), packet(1360));
      assert.deepEqual(clamp(packet(65_535)), packet(1360));
    });

test('an MSS option at an odd offset', () => {
  const packet = (value: number) =>
    tcpPacket(4, { flags: 2, options: Uint8Array.from([1, ...mss(value), 1, 1, 0]) });
  assert.deepEqual(clamp(packet(1460)), packet(1360));
});

const untouched: readonly [string, Uint8Array][] = [
  ['small enough', tcpPacket(4, { flags: 2, options: Uint8Array.from(mss(1360)) })],
  ['no SYN', tcpPacket(4, { flags: 0x10, options: Uint8Array.from(mss(1460)) })],
  ['no such option', tcpPacket(4, { flags: 2 })],
  [
    'behind the end of options',
    tcpPacket(4, { flags: 2, options: Uint8Array.from([0, 0, 0, 0, ...mss(1460)]) }),
  ],
  ['an option of length 0', tcpPacket(4, { flags: 2, options: Uint8Array.from([8, 0, 1, 1, ...mss(1460)]) })],
  [
    'an option over the end',
    tcpPacket(4, { flags: 2, options: Uint8Array.from([8, 40, 1, 1, ...mss(1460)]) }),
  ],
  ['an MSS of the wrong length', tcpPacket(4, { flags: 2, options: Uint8Array.from([2, 3, 9, 1]) })],
  ['UDP', udpPacket(4, octetsOf(40))],
  [
    'a header that reaches over the end',
    tcpPacket(4, { flags: 2, options: Uint8Array.from(mss(1460)) }).with(32, 0xf0),
  ],
];
for (const [name, packet] of untouched)
  test(`left as it is: ${name}`, () => assert.deepEqual(clamp(packet), packet));
