import { toHex } from '../../../core/base/octets.ts';
import {
  decodeEapPacket,
  decodeExpandedType,
  encodeEapPacket,
  notateEapPacket,
} from '../../../core/wire/eap/eap-packet.ts';
import { decodeMschapv2Request, decodeMschapv2Response } from '../../../core/wire/eap/mschapv2-packet.ts';
import { parseMschapv2Failure, parseMschapv2Success } from '../../../core/wire/eap/mschapv2-text.ts';
import {
  decodeEspPacket,
  decodeEspPlaintext,
  notateEspPacket,
  notateEspPlaintext,
} from '../../../core/wire/esp/esp-packet.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { decodeInner, decodeMessage, encodeMessage } from '../../../core/wire/ike/message.ts';
import { checkOccurrence } from '../../../core/wire/ike/message-rules.ts';
import { classify } from '../../../core/wire/ike/non-esp-marker.ts';
import { notateDecoded, notateMessage } from '../../../core/wire/ike/notation.ts';
import type { IkeMessage } from '../../../core/wire/ike/payload.ts';
import { encodeChain } from '../../../core/wire/ike/payload-chain.ts';
import { decodeEcho } from '../../../core/wire/ip/icmp.ts';
import { decodeIpPacket, notateIpPacket, packetSelector } from '../../../core/wire/ip/ip-packet.ts';
import { decodeTcp } from '../../../core/wire/ip/tcp.ts';
import { decodeUdp } from '../../../core/wire/ip/udp.ts';
import { octetsOf, tcpPacket, udpPacket } from '../../unit/dataplane/support.ts';
import type { Recorded } from '../recorded.ts';
import { type FuzzTarget, outcome } from '../target.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const header = {
  initiatorSpi: 1n,
  responderSpi: 2n,
  majorVersion: 2,
  minorVersion: 0,
  exchange: 35,
  fromInitiator: false,
  isResponse: true,
  messageId: 1,
};

function kinds({ payloads }: IkeMessage): string {
  return [...new Set(payloads.map(({ kind }) => kind))].join(' ');
}

function canBeWritten({ payloads }: IkeMessage): boolean {
  return !payloads.some(
    (payload) =>
      payload.kind === 'SA' &&
      payload.proposals.some(({ transforms }) => transforms.some(({ unknownAttribute }) => unknownAttribute)),
  );
}

/** What was decoded can be told, judged and written again; and what is written is read as the same. */
function use(message: IkeMessage): string {
  notateMessage(message);
  const allowed = checkOccurrence(message, true);
  // What such a transform said is not kept, so that it can't be written; nobody may choose it.
  if (!canBeWritten(message)) return `${kinds(message)} unknown attribute`;
  const { first, octets } = encodeChain(message.payloads);
  const again = decodeInner(message.header, first, octets, 0);
  if (!again.ok) throw new Error(`written and not read: ${JSON.stringify(again.error)}`);
  const second = encodeChain(again.value.payloads);
  if (toHex(second.octets) !== toHex(octets)) throw new Error('written twice, and different');
  return `${kinds(message)} ${allowed.ok ? '' : outcome(allowed)}`;
}

export function wireTargets({ messages, inner }: Recorded): readonly FuzzTarget[] {
  const packets = inner.flatMap((octets) => {
    const message = decodeInner(header, octets[0] ?? 0, octets.subarray(1), 0);
    const packet = message.ok ? payloadOf(message.value, 'EAP')?.packet : undefined;
    return packet === undefined ? [] : [packet.slice()];
  });
  const ip = ([4, 6] as const).flatMap((version) => [
    tcpPacket(version, { payload: octetsOf(100) }),
    udpPacket(version, octetsOf(40)),
  ]);
  return [
    {
      name: 'ike-message',
      corpus: messages,
      run(octets) {
        classify(octets);
        const decoded = decodeMessage(octets);
        if (!decoded.ok) return outcome(decoded);
        notateDecoded(decoded.value);
        if (decoded.value.encrypted !== undefined)
          return `SK ${decoded.value.encrypted.fragment === undefined}`;
        if (canBeWritten(decoded.value)) encodeMessage(decoded.value);
        return use(decoded.value);
      },
    },
    {
      name: 'ike-payloads-behind-encryption',
      corpus: inner,
      run(octets) {
        const message = decodeInner(header, octets[0] ?? 0, octets.subarray(1), 28);
        return message.ok ? use(message.value) : outcome(message);
      },
    },
    {
      name: 'eap',
      corpus: packets,
      run(octets) {
        notateEapPacket(octets);
        const packet = decodeEapPacket(octets);
        if (!packet.ok) return outcome(packet);
        encodeEapPacket(packet.value);
        if (!('data' in packet.value)) return 'no data';
        const { data } = packet.value;
        return [decodeExpandedType(data), decodeMschapv2Request(data), decodeMschapv2Response(data)]
          .map(outcome)
          .join();
      },
    },
    {
      name: 'mschapv2-text',
      corpus: [
        text('S=407A5589115FD0D6209F510FE9C04566932CDA56 M=welcome'),
        text('E=691 R=1 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Access denied'),
      ],
      run(octets) {
        const { error, retry } = parseMschapv2Failure(octets);
        return `${outcome(parseMschapv2Success(octets))} ${error !== undefined} ${retry}`;
      },
    },
    {
      name: 'esp',
      corpus: [octetsOf(120), Uint8Array.of(...octetsOf(60), 1, 2, 3, 4, 4, 4)],
      run(octets) {
        const packet = decodeEspPacket(octets);
        if (packet.ok) notateEspPacket(packet.value);
        const plain = decodeEspPlaintext(octets);
        if (plain.ok) notateEspPlaintext(plain.value);
        return `${outcome(packet)} ${outcome(plain)}`;
      },
    },
    {
      name: 'ip',
      corpus: ip,
      run(octets) {
        const packet = decodeIpPacket(octets);
        if (!packet.ok) return outcome(packet);
        notateIpPacket(packet.value);
        const { protocol } = packetSelector(packet.value);
        const rest = octets.subarray(packet.value.source.family === 4 ? 20 : 40);
        return `${protocol} ${[decodeTcp(rest), decodeUdp(rest), decodeEcho(rest, 4), decodeEcho(rest, 6)].map(outcome).join()}`;
      },
    },
  ];
}
