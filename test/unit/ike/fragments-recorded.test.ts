/** Fragments as strongSwan cut them (test/vectors/wire/record-strongswan.ts), put together in every order. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { fromHex } from '../../../core/base/octets.ts';
import { instant } from '../../../core/base/time.ts';
import { openMessage } from '../../../core/ike/fragments/open-message.ts';
import { Reassembler } from '../../../core/ike/fragments/reassembler.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { SealedMessage } from '../../../core/wire/ike/message.ts';
import { decodeMessage } from '../../../core/wire/ike/message.ts';
import type { SkCipher } from '../../../core/wire/ike/sk.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';
import { must } from '../wire/support.ts';

const recording = z.object({
  exchanges: z.array(
    z.object({
      ikeProposal: z.string(),
      skEr: z.string(),
      skAr: z.string().default(''),
      messages: z.array(z.object({ from: z.enum(['initiator', 'responder']), octets: z.string() })),
    }),
  ),
});
type Exchange = z.infer<typeof recording>['exchanges'][number];

const file = join(import.meta.dirname, '../../vectors/wire/strongswan-to-strongswan.json');
const { exchanges } = recording.parse(JSON.parse(readFileSync(file, 'utf8')));

function cipherOf({ ikeProposal, skEr, skAr }: Exchange): SkCipher {
  const numbers: Record<string, readonly [number, number, number]> = {
    'aes256gcm16-prfsha384-ecp256': [20, 256, 0],
    'aes128-sha256-x25519': [12, 128, 12],
    'chacha20poly1305-prfsha512-modp2048': [28, 256, 0],
  };
  const cipher = nodePacketCipher(...(numbers[ikeProposal] ?? assert.fail(ikeProposal)));
  assert.ok(cipher !== undefined);
  const key = fromHex(skEr);
  const at = cipher.encryptionKeyOctets;
  const keys = { encryption: key.slice(0, at), salt: key.slice(at), integrity: fromHex(skAr) };
  return { cipher, key: cipher.open(keys) };
}

function fragmentsOf(exchange: Exchange): SealedMessage[] {
  return exchange.messages.flatMap(({ from, octets }) => {
    const decoded = must(decodeMessage(fromHex(octets)));
    if (decoded.encrypted === undefined || from === 'initiator') return [];
    return decoded.encrypted.fragment === undefined ? [] : [decoded];
  });
}

for (const exchange of exchanges) {
  test(`strongSwan's fragments with ${exchange.ikeProposal} make its IKE_AUTH response, in order and reversed`, () => {
    const fragments = fragmentsOf(exchange);
    assert.ok(fragments.length > 1);
    for (const order of [fragments, fragments.toReversed()]) {
      const reassembler = new Reassembler();
      const results = order.map((each) => openMessage(each, cipherOf(exchange), reassembler, instant(0)));
      const last = results.pop();
      assert.ok(results.every(({ kind }) => kind === 'stored'));
      assert.ok(last?.kind === 'open');
      const message = must(last.message);
      assert.ok(payloadOf(message, 'CERT') !== undefined && payloadOf(message, 'EAP') !== undefined);
      assert.equal(reassembler.octets, 0);
    }
  });
}
