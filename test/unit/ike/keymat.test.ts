import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { concat, fromHex, toHex } from '../../../core/base/octets.ts';
import type { PacketCipher, Prf } from '../../../core/crypto/interfaces.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { parseProposal } from '../../../core/crypto/proposals.ts';
import {
  deriveChildKeys,
  deriveIkeKeys,
  deriveSkeyseed,
  prfPlus,
  sharedSecretAuth,
  wipeIkeKeys,
} from '../../../core/ike/keymat.ts';
import { signedOctets } from '../../../core/ike/signed-octets.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage, unsealMessage } from '../../../core/wire/ike/message.ts';
import type { IkeMessage } from '../../../core/wire/ike/payload.ts';
import { clear } from './scripted-responder.ts';

interface Recorded {
  readonly ikeProposal: string;
  readonly espProposal: string;
  readonly sharedSecret: string;
  readonly skeyseed: string;
  readonly skD: string;
  readonly skAi: string;
  readonly skAr: string;
  readonly skEi: string;
  readonly skEr: string;
  readonly skPi: string;
  readonly skPr: string;
  readonly msk: string;
  readonly authInitiator: string;
  readonly authResponder: string;
  readonly child: {
    readonly encryptionInitiator: string;
    readonly encryptionResponder: string;
    readonly integrityInitiator: string;
    readonly integrityResponder: string;
  };
  readonly messages: readonly { readonly from: 'initiator' | 'responder'; readonly octets: string }[];
}

const vectors = new URL('../../vectors/ike/strongswan-exchange.json', import.meta.url);
const { exchanges }: { exchanges: Recorded[] } = JSON.parse(readFileSync(vectors, 'utf8'));
const crypto = nodeCryptoProvider();

function cipherOf(notation: string, use: 'ike' | 'esp'): { cipher: PacketCipher; prf: Prf } {
  const proposal = parseProposal(notation, use);
  assert.ok(proposal.ok);
  const idOf = (type: number) => proposal.value.find((transform) => transform.type === type)?.id ?? 0;
  const keyBits = proposal.value.find((transform) => transform.type === 1)?.keyBits ?? 256;
  const cipher = crypto.packetCipher(idOf(1), keyBits, idOf(3));
  const prf = crypto.prf(use === 'ike' ? idOf(2) : 5);
  assert.ok(cipher !== undefined && prf !== undefined);
  return { cipher, prf };
}

/** Everything that keymat.ts derives from what was on the wire and g^ir. */
function derive(recorded: Recorded) {
  const suite = cipherOf(recorded.ikeProposal, 'ike');
  const [request, response] = recorded.messages.map(({ octets }) => fromHex(octets));
  assert.ok(request !== undefined && response !== undefined);
  const nonce = (octets: Uint8Array) => payloadOf(clear(octets), 'Nonce')?.nonce ?? new Uint8Array(0);
  const nonces = { initiator: nonce(request), responder: nonce(response) };
  const { header } = clear(response);
  const skeyseed = deriveSkeyseed(suite.prf, nonces, fromHex(recorded.sharedSecret));
  const spis = { initiator: header.initiatorSpi, responder: header.responderSpi };
  return { suite, request, response, nonces, skeyseed, keys: deriveIkeKeys(suite, skeyseed, nonces, spis) };
}

for (const recorded of exchanges) {
  test(`SKEYSEED and SK_* are those of strongSwan: ${recorded.ikeProposal}`, () => {
    const { skeyseed, keys } = derive(recorded);
    assert.equal(toHex(skeyseed), recorded.skeyseed);
    assert.equal(toHex(keys.skD), recorded.skD);
    assert.equal(toHex(keys.initiator.integrity), recorded.skAi);
    assert.equal(toHex(keys.responder.integrity), recorded.skAr);
    assert.equal(toHex(concat(keys.initiator.encryption, keys.initiator.salt)), recorded.skEi);
    assert.equal(toHex(concat(keys.responder.encryption, keys.responder.salt)), recorded.skEr);
    assert.equal(toHex(keys.skPi), recorded.skPi);
    assert.equal(toHex(keys.skPr), recorded.skPr);
  });

  test(`the keys of the CHILD SA are those of strongSwan: ${recorded.espProposal}`, () => {
    const { suite, keys, nonces } = derive(recorded);
    const { cipher } = cipherOf(recorded.espProposal, 'esp');
    const child = deriveChildKeys({ prf: suite.prf, cipher }, keys.skD, nonces);
    const inHex = (key: typeof child.initiator) => ({
      encryption: toHex(concat(key.encryption, key.salt)),
      integrity: toHex(key.integrity),
    });
    assert.deepEqual(inHex(child.initiator), {
      encryption: recorded.child.encryptionInitiator,
      integrity: recorded.child.integrityInitiator,
    });
    assert.deepEqual(inHex(child.responder), {
      encryption: recorded.child.encryptionResponder,
      integrity: recorded.child.integrityResponder,
    });
  });

  test(`both AUTH payloads follow from the MSK: ${recorded.ikeProposal}`, () => {
    const { suite, keys, nonces, request, response } = derive(recorded);
    const messages = open(recorded, suite.cipher, keys);
    const idi = messages.flatMap((message) => payloadOf(message, 'IDi') ?? [])[0];
    const idr = messages.flatMap((message) =>
      message.header.isResponse ? (payloadOf(message, 'IDr') ?? []) : [],
    )[0];
    const auths = messages
      .flatMap((message) => payloadOf(message, 'AUTH') ?? [])
      .filter(({ method }) => method === 2);
    assert.ok(idi !== undefined && idr !== undefined);
    const ours = signedOctets(suite.prf, {
      initMessage: request,
      otherNonce: nonces.responder,
      skP: keys.skPi,
      identity: idi,
    });
    const theirs = signedOctets(suite.prf, {
      initMessage: response,
      otherNonce: nonces.initiator,
      skP: keys.skPr,
      identity: idr,
    });
    const expected = [ours, theirs].map((octets) =>
      toHex(sharedSecretAuth(suite.prf, fromHex(recorded.msk), octets)),
    );
    assert.deepEqual(expected, [recorded.authInitiator, recorded.authResponder]);
    assert.deepEqual(
      auths.map(({ data }) => toHex(data)),
      expected,
    );
  });
}

/** Decrypts everything after IKE_SA_INIT. */
function open(
  recorded: Recorded,
  cipher: PacketCipher,
  keys: ReturnType<typeof deriveIkeKeys>,
): readonly IkeMessage[] {
  return recorded.messages.slice(2).map(({ from, octets }) => {
    const decoded = decodeMessage(fromHex(octets));
    assert.ok(decoded.ok && decoded.value.encrypted !== undefined);
    const key = cipher.open(from === 'initiator' ? keys.initiator : keys.responder);
    const message = unsealMessage(decoded.value.encrypted, { cipher, key });
    assert.ok(message.ok, `the message of the ${from} opens`);
    return message.value;
  });
}

test('prf+ ends after 255 blocks', () => {
  const prf = crypto.prf(5);
  assert.ok(prf !== undefined);
  assert.equal(prfPlus(prf, new Uint8Array(32), new Uint8Array(1), 255 * 32).length, 255 * 32);
  assert.throws(() => prfPlus(prf, new Uint8Array(32), new Uint8Array(1), 255 * 32 + 1), RangeError);
});

test('wiped keys are gone', () => {
  const [recorded] = exchanges;
  assert.ok(recorded !== undefined);
  const { keys } = derive(recorded);
  wipeIkeKeys(keys);
  const parts = [
    keys.skD,
    keys.skPi,
    keys.skPr,
    ...Object.values(keys.initiator),
    ...Object.values(keys.responder),
  ];
  assert.ok(parts.every((part) => part.every((octet: number) => octet === 0)));
});
