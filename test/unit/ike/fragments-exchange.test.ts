import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../core/base/time.ts';
import { openMessage } from '../../../core/ike/fragments/open-message.ts';
import { Reassembler } from '../../../core/ike/fragments/reassembler.ts';
import { sealDatagrams } from '../../../core/ike/fragments/seal-datagrams.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { encodeChain } from '../../../core/wire/ike/payload-chain.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { must, sealed } from './fragments-support.ts';
import { Scenario } from './scenario.ts';
import { notify } from './scripted-responder.ts';

const smallest = 576 - 32;

/** A gateway that announces fragments, and a client whose first IKE_AUTH message takes two. */
function scenario(config: { readonly anchors?: number; readonly announces?: boolean } = {}): Scenario {
  const { anchors = 100, announces = true } = config;
  const trustAnchors = Array.from({ length: anchors }, (_, at) => Uint8Array.of(at));
  const announcement = announces ? [notify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED)] : [];
  return new Scenario({ init: (payloads) => [...payloads, ...announcement] }, { trustAnchors });
}

/** The datagrams after the first `from`. */
function sentFrom({ outputs }: Scenario, from: number): Uint8Array[] {
  return outputs.slice(from).flatMap((output) => (output.kind === 'transmit' ? [output.octets] : []));
}

/** What the gateway reads of these datagrams. */
function readAll({ responder }: Scenario, datagrams: readonly Uint8Array[]): IkeMessage | undefined {
  const { suite, keys } = responder.association;
  const cipher = { cipher: suite.cipher, key: suite.cipher.open(keys.initiator) };
  const reassembler = new Reassembler();
  for (const datagram of datagrams) {
    const opened = openMessage(sealed(datagram), cipher, reassembler, instant(0));
    if (opened.kind === 'open') return must(opened.message);
  }
  return undefined;
}

let ivs = 1_000n;

/** A message of the gateway, in fragments. Message ID and exchange are those of `header`. */
function inFragments(
  { responder }: Scenario,
  header: { readonly exchange: number; readonly messageId: number; readonly isResponse: boolean },
  payloads: readonly Payload[],
  largest = smallest,
): Uint8Array[] {
  const { suite, keys, initiatorSpi } = responder.association;
  const whole = {
    initiatorSpi,
    responderSpi: responder.spi,
    majorVersion: 2,
    minorVersion: 0,
    fromInitiator: false,
    ...header,
  };
  const nextIv = () => {
    const iv = new Uint8Array(suite.cipher.ivOctets);
    new DataView(iv.buffer).setBigUint64(0, ivs++);
    return iv;
  };
  const sealer = { cipher: suite.cipher, outbound: suite.cipher.open(keys.responder), nextIv };
  return sealDatagrams({ header: whole, ...encodeChain(payloads) }, sealer, largest);
}

const informational = { exchange: exchangeType.INFORMATIONAL, messageId: 0, isResponse: false };
const long: readonly Payload[] = [notify(40_000, new Uint8Array(1_200))];

test('the first IKE_AUTH request goes out in fragments, and says what it says whole', () => {
  const cut = scenario().to('init');
  const before = cut.outputs.length;
  cut.to('authenticating-gateway');
  const datagrams = sentFrom(cut, before).slice(-2);
  assert.ok(datagrams.every((octets) => octets[16] === 53));
  const message = readAll(cut, datagrams);
  assert.equal(message && payloadOf(message, 'CERTREQ')?.authorities.length, 100 * 20);
});

test('to a gateway that did not announce them no fragments go', () => {
  const whole = scenario({ announces: false }).to('authenticating-gateway');
  assert.ok(whole.sent().length > 2_000);
  assert.equal(whole.sent()[16], 46);
});

test('an unanswered request is cut smaller, and the login goes on where it gets through', () => {
  const narrow = scenario().to('authenticating-gateway');
  const totals: number[] = [];
  for (let i = 0; i < 3; i++) {
    const before = narrow.outputs.length;
    assert.ok(narrow.wake());
    const datagrams = sentFrom(narrow, before);
    totals.push(datagrams.length);
    assert.equal(readAll(narrow, datagrams)?.header.messageId, 1);
  }
  assert.deepEqual(totals, [2, 3, 5]);
  const header = { exchange: exchangeType.IKE_AUTH, messageId: 1, isResponse: true };
  const datagrams = inFragments(narrow, header, narrow.responder.proveIdentity());
  for (const octets of datagrams) narrow.deliver(octets);
  assert.equal(narrow.ike.state, 'judging-gateway');
});

test('a response in fragments is taken when all are there, in any order, and its copies are nothing', () => {
  const waiting = scenario({ anchors: 1 }).to('authenticating-gateway');
  waiting.responder.open(waiting.sent());
  const header = { exchange: exchangeType.IKE_AUTH, messageId: 1, isResponse: true };
  const padding = { kind: 'CERT', encoding: 4, data: new Uint8Array(1_500) } as const;
  const payloads = [...waiting.responder.proveIdentity(), padding];
  const datagrams = inFragments(waiting, header, payloads).toReversed();
  assert.ok(datagrams.length > 3);
  for (const octets of datagrams.slice(0, -1)) {
    waiting.deliver(octets);
    waiting.deliver(octets);
    assert.equal(waiting.ike.state, 'authenticating-gateway');
  }
  assert.equal(waiting.ike.drops.fragment, datagrams.length - 1);
  for (const octets of datagrams.slice(-1)) waiting.deliver(octets);
  assert.equal(waiting.ike.state, 'judging-gateway');
  for (const octets of datagrams) waiting.deliver(octets);
  assert.equal(waiting.all('ask').length, 1);
  assert.equal(waiting.ike.drops['message-id'], datagrams.length);
});

test('a request in fragments is answered once; again, with the same octets, when its first fragment comes again', () => {
  const up = scenario({ anchors: 1 }).to('established');
  const datagrams = inFragments(up, informational, long);
  assert.equal(datagrams.length, 3);
  const before = up.outputs.length;
  for (const octets of datagrams) up.deliver(octets);
  const [answer, ...more] = sentFrom(up, before);
  assert.deepEqual(more, []);
  const [first, ...others] = datagrams;
  assert.ok(first !== undefined && answer !== undefined);
  const afterwards = up.outputs.length;
  for (const octets of others) up.deliver(octets);
  assert.equal(up.outputs.length, afterwards);
  assert.deepEqual(up.ike.drops, {});
  up.deliver(first);
  assert.deepEqual(sentFrom(up, afterwards), [answer]);
  const forged = first.slice();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  up.deliver(forged);
  assert.equal(sentFrom(up, afterwards).length, 1);
});

test('a request cut anew, smaller, is a retransmission too', () => {
  const up = scenario({ anchors: 1 }).to('established');
  for (const octets of inFragments(up, informational, long)) up.deliver(octets);
  const before = up.outputs.length;
  const [first] = inFragments(up, informational, long, 300);
  assert.ok(first !== undefined);
  up.deliver(first);
  assert.equal(sentFrom(up, before).length, 1);
});

test('authentic fragments of garbage are answered with INVALID_SYNTAX, and are the end', () => {
  const up = scenario({ anchors: 1 }).to('established');
  const { responder } = up;
  const broken = {
    kind: 'unknown',
    type: 33,
    critical: false,
    body: new Uint8Array(1_200).fill(0xff),
  } as const;
  const before = up.outputs.length;
  for (const octets of inFragments(up, informational, [broken])) up.deliver(octets);
  const answer = sentFrom(up, before)[0];
  assert.ok(answer !== undefined);
  assert.equal(payloadOf(responder.open(answer), 'N')?.type, notifyType.INVALID_SYNTAX);
  assert.equal(up.ike.state, 'closed');
});
