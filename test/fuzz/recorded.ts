import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fromHex } from '../../core/base/octets.ts';
import { decodeMessage } from '../../core/wire/ike/message.ts';
import { unsealOctets } from '../../core/wire/ike/sk.ts';
import { nodePacketCipher } from '../support/crypto/node-packet-cipher.ts';

const recording = z.object({
  exchanges: z.array(
    z.object({
      ikeProposal: z.string(),
      skEi: z.string(),
      skEr: z.string(),
      skAi: z.string().default(''),
      skAr: z.string().default(''),
      messages: z.array(z.object({ from: z.enum(['initiator', 'responder']), octets: z.string() })),
    }),
  ),
});

const ciphers: Readonly<Record<string, readonly [number, number, number]>> = {
  aes256gcm16: [20, 256, 0],
  'aes128-sha256': [12, 128, 12],
  'aes256-sha384': [12, 256, 13],
  chacha20poly1305: [28, 256, 0],
};

export interface Recorded {
  /** Whole datagrams. */
  readonly messages: readonly Uint8Array[];
  /** What was inside the SK payloads, each behind one octet with the type of the first payload. */
  readonly inner: readonly Uint8Array[];
}

/** Real logins of strongSwan: every message, and what was encrypted in it. */
export function readRecorded(): Recorded {
  const messages: Uint8Array[] = [];
  const inner: Uint8Array[] = [];
  for (const file of ['wire/strongswan-to-strongswan.json', 'ike/strongswan-exchange.json']) {
    const url = new URL(`../vectors/${file}`, import.meta.url);
    for (const exchange of recording.parse(JSON.parse(readFileSync(url, 'utf8'))).exchanges) {
      for (const { from, octets } of exchange.messages) {
        const datagram = fromHex(octets);
        messages.push(datagram);
        const opened = open(exchange, from, datagram);
        if (opened !== undefined) inner.push(opened);
      }
    }
  }
  return { messages, inner };
}

type Exchange = z.infer<typeof recording>['exchanges'][number];

function open(
  exchange: Exchange,
  from: 'initiator' | 'responder',
  datagram: Uint8Array,
): Uint8Array | undefined {
  const name = Object.keys(ciphers).find((prefix) => exchange.ikeProposal.startsWith(prefix)) ?? '';
  const numbers = ciphers[name];
  const cipher = numbers === undefined ? undefined : nodePacketCipher(...numbers);
  const decoded = decodeMessage(datagram);
  if (cipher === undefined || !decoded.ok || decoded.value.encrypted === undefined) return undefined;
  const [encryption, integrity] =
    from === 'initiator' ? [exchange.skEi, exchange.skAi] : [exchange.skEr, exchange.skAr];
  const key = fromHex(encryption);
  const at = cipher.encryptionKeyOctets;
  const opened = cipher.open({
    encryption: key.slice(0, at),
    salt: key.slice(at),
    integrity: fromHex(integrity),
  });
  const { encrypted } = decoded.value;
  const inner = unsealOctets(encrypted, { cipher, key: opened });
  return inner.ok ? Uint8Array.of(encrypted.firstInner, ...inner.value.octets) : undefined;
}
