/**
 * Real messages: strongSwan with strongSwan, recorded with its keys by test/vectors/wire/record-strongswan.ts. What the
 * other implementation wrote must be read, be allowed by the rules, and be written again octet by octet.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { concat, fromHex, toHex } from '../../../../core/base/octets.ts';
import {
  decodeInner,
  decodeMessage,
  encodeMessage,
  unsealMessage,
} from '../../../../core/wire/ike/message.ts';
import { checkOccurrence } from '../../../../core/wire/ike/message-rules.ts';
import { notateMessage } from '../../../../core/wire/ike/notation.ts';
import type { IkeMessage } from '../../../../core/wire/ike/payload.ts';
import { encodeChain } from '../../../../core/wire/ike/payload-chain.ts';
import { type SkCipher, type SkEnvelope, unsealOctets } from '../../../../core/wire/ike/sk.ts';
import { nodePacketCipher } from '../../../support/crypto/node-packet-cipher.ts';
import { must } from '../support.ts';

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
type Exchange = z.infer<typeof recording>['exchanges'][number];

const file = join(import.meta.dirname, '../../../vectors/wire/strongswan-to-strongswan.json');
const { exchanges } = recording.parse(JSON.parse(readFileSync(file, 'utf8')));

/** IANA numbers of the suites that were recorded. */
const ciphers: Readonly<
  Record<string, readonly [encryptionId: number, keyBits: number, integrityId: number]>
> = {
  'aes256gcm16-prfsha384-ecp256': [20, 256, 0],
  'aes128-sha256-x25519': [12, 128, 12],
  'chacha20poly1305-prfsha512-modp2048': [28, 256, 0],
};

function cipherOf(exchange: Exchange, from: 'initiator' | 'responder'): SkCipher {
  const [encryptionId, keyBits, integrityId] =
    ciphers[exchange.ikeProposal] ?? assert.fail(exchange.ikeProposal);
  const cipher = nodePacketCipher(encryptionId, keyBits, integrityId) ?? assert.fail('no such cipher');
  const key = fromHex(from === 'initiator' ? exchange.skEi : exchange.skEr);
  const integrity = fromHex(from === 'initiator' ? exchange.skAi : exchange.skAr);
  const at = cipher.encryptionKeyOctets;
  return { cipher, key: cipher.open({ encryption: key.slice(0, at), salt: key.slice(at), integrity }) };
}

/** Reads all messages of an exchange, fragments put together, and checks that each is written as it was read. */
function readAll(exchange: Exchange): IkeMessage[] {
  const messages: IkeMessage[] = [];
  let fragments: { envelope: SkEnvelope; octets: Uint8Array }[] = [];
  for (const { from, octets } of exchange.messages) {
    const datagram = fromHex(octets);
    const decoded = must(decodeMessage(datagram));
    if (decoded.encrypted === undefined) {
      assert.equal(toHex(encodeMessage(decoded)), octets);
      must(checkOccurrence(decoded, false));
      messages.push(decoded);
      continue;
    }
    const cipher = cipherOf(exchange, from);
    const inner = must(unsealOctets(decoded.encrypted, cipher));
    if (decoded.encrypted.fragment === undefined) {
      const message = must(unsealMessage(decoded.encrypted, cipher));
      assert.equal(toHex(encodeChain(message.payloads).octets), toHex(inner.octets));
      must(checkOccurrence(message, true));
      messages.push(message);
      continue;
    }
    fragments.push({ envelope: decoded.encrypted, octets: inner.octets });
    if (decoded.encrypted.fragment.number < decoded.encrypted.fragment.total) continue;
    const whole = concat(...fragments.map((fragment) => fragment.octets));
    const firstInner = fragments[0]?.envelope.firstInner ?? assert.fail('no first fragment');
    fragments = [];
    const message = must(decodeInner(decoded.header, firstInner, whole, 0));
    assert.equal(toHex(encodeChain(message.payloads).octets), toHex(whole));
    must(checkOccurrence(message, true));
    messages.push(message);
  }
  return messages;
}

for (const exchange of exchanges) {
  test(`a recorded login with ${exchange.ikeProposal} is read, allowed and written again`, () => {
    const messages = readAll(exchange);
    assert.deepEqual(
      messages.map(({ header }) => [header.exchange, header.messageId, header.isResponse]),
      [34, 35, 35, 35, 35, 35, 37].flatMap((exchangeType, id) => [
        [exchangeType, id, false],
        [exchangeType, id, true],
      ]),
    );
  });
}

test('the login reads as strongSwan itself would tell it', () => {
  const lines = readAll(exchanges[0] ?? assert.fail('nothing recorded')).map((message) =>
    notateMessage(message),
  );
  // SPIs and EAP identifiers are other ones in every recording.
  const comparable = lines.map((line) =>
    line.replace(/ spi [0-9a-f]{8}/, '').replace(/(EAP\(\w+) \d+/, '$1'),
  );
  assert.deepEqual(comparable.slice(2), [
    'IKE_AUTH 1 → HDR, SK {IDi(alice), N(INITIAL_CONTACT), CERTREQ(X509_SIGNATURE 1 CAs), IDr(vpn.example.org), ' +
      'CPRQ(ADDR ADDR6), SAi2(1:ESP {ENCR AES_GCM_16/256, ESN NO_ESN}), TSi(0.0.0.0/0, ::/0), TSr(10.2.0.0/16), ' +
      'N(MOBIKE_SUPPORTED), N(NO_ADDITIONAL_ADDRESSES), N(MULTIPLE_AUTH_SUPPORTED), N(EAP_ONLY_AUTHENTICATION), ' +
      'N(IKEV2_MESSAGE_ID_SYNC_SUPPORTED)}',
    'IKE_AUTH 1 ← HDR, SK {IDr(vpn.example.org), CERT(X509_SIGNATURE 894), AUTH(DIGITAL_SIGNATURE 272), ' +
      'EAP(request Identity 5)}',
    'IKE_AUTH 2 → HDR, SK {EAP(response Identity 10)}',
    'IKE_AUTH 2 ← HDR, SK {EAP(request MSCHAPv2 36)}',
    'IKE_AUTH 3 → HDR, SK {EAP(response MSCHAPv2 64)}',
    'IKE_AUTH 3 ← HDR, SK {EAP(request MSCHAPv2 73)}',
    'IKE_AUTH 4 → HDR, SK {EAP(response MSCHAPv2 6)}',
    'IKE_AUTH 4 ← HDR, SK {EAP(success)}',
    'IKE_AUTH 5 → HDR, SK {AUTH(SHARED_KEY_MIC 48)}',
    'IKE_AUTH 5 ← HDR, SK {AUTH(SHARED_KEY_MIC 48), CPRP(ADDR=10.1.0.1 DNS=10.1.0.53 SUBNET=10.2.0.0/255.255.0.0), ' +
      'SAr2(1:ESP {ENCR AES_GCM_16/256, ESN NO_ESN}), TSi(10.1.0.1/32), TSr(10.2.0.0/16), N(MOBIKE_SUPPORTED), ' +
      'N(NO_ADDITIONAL_ADDRESSES)}',
    'INFORMATIONAL 6 → HDR, SK {D(IKE)}',
    'INFORMATIONAL 6 ← HDR, SK {}',
  ]);
});
