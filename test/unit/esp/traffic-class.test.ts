import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InnerPacket, readInnerPacket } from '../../../core/esp/inner-packet.ts';
import { bringInCongestion, trafficClassOf } from '../../../core/esp/traffic-class.ts';
import { decodeIpPacket } from '../../../core/wire/ip/ip-packet.ts';
import { octetsOf, udpPacket } from '../dataplane/support.ts';

const marks = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'] as const;
type Mark = (typeof marks)[number];

/** Figure 4: what leaves the tunnel, by the inner mark (rows) and the outer one. @rfc 6040 4.2 */
const egress: Readonly<Record<Mark, Readonly<Record<Mark, Mark | 'drop'>>>> = {
  'Not-ECT': { 'Not-ECT': 'Not-ECT', 'ECT(0)': 'Not-ECT', 'ECT(1)': 'Not-ECT', CE: 'drop' },
  'ECT(0)': { 'Not-ECT': 'ECT(0)', 'ECT(0)': 'ECT(0)', 'ECT(1)': 'ECT(1)', CE: 'CE' },
  'ECT(1)': { 'Not-ECT': 'ECT(1)', 'ECT(0)': 'ECT(1)', 'ECT(1)': 'ECT(1)', CE: 'CE' },
  CE: { 'Not-ECT': 'CE', 'ECT(0)': 'CE', 'ECT(1)': 'CE', CE: 'CE' },
};
const dscp = 0xb8;

function packetWith(version: 4 | 6, trafficClass: number): Uint8Array {
  const octets = udpPacket(version, octetsOf(20));
  if (version === 6) {
    octets[0] = 0x60 | (trafficClass >> 4);
    octets[1] = ((trafficClass & 0xf) << 4) | ((octets[1] ?? 0) & 0xf);
    return octets;
  }
  octets[1] = trafficClass;
  octets.fill(0, 10, 12);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0);
  sum = (sum & 0xffff) + (sum >> 16);
  octets[10] = (~sum >> 8) & 0xff;
  octets[11] = ~sum & 0xff;
  return octets;
}

for (const version of [4, 6] as const)
  for (const inner of marks)
    for (const outer of marks)
      test(`IPv${version}, ${inner} inside ${outer}: ${egress[inner][outer]}`, () => {
        const octets = packetWith(version, dscp | marks.indexOf(inner));
        const packet = new InnerPacket();
        assert.ok(readInnerPacket(octets, 0, octets.length, packet));
        const kept = bringInCongestion(octets, packet, 0x28 | marks.indexOf(outer));
        const expected = egress[inner][outer];
        assert.equal(kept, expected !== 'drop');
        if (expected === 'drop') return;
        assert.equal(trafficClassOf(octets, packet), dscp | marks.indexOf(expected));
        // The header checksum is right again, and nothing else has changed.
        assert.ok(decodeIpPacket(octets).ok);
        assert.deepEqual(octets, packetWith(version, dscp | marks.indexOf(expected)));
      });
