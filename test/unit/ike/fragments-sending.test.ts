import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { FragmentSizes } from '../../../core/ike/fragments/fragment-sizes.ts';
import { openMessage } from '../../../core/ike/fragments/open-message.ts';
import { OutgoingRequest } from '../../../core/ike/fragments/outgoing-request.ts';
import { Reassembler } from '../../../core/ike/fragments/reassembler.ts';
import { sealDatagrams } from '../../../core/ike/fragments/seal-datagrams.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { cipherOf, must, plain, protection, sealed } from './fragments-support.ts';

/** IP, UDP and the non-ESP marker. */
const overhead = { 4: 20 + 8 + 4, 6: 40 + 8 + 4 };

function sizesOf(family: 4 | 6): FragmentSizes {
  const sizes = new FragmentSizes();
  sizes.allow(family);
  return sizes;
}

function largestPacket(datagrams: readonly Uint8Array[], family: 4 | 6 = 4): number {
  return Math.max(...datagrams.map(({ length }) => length)) + overhead[family];
}

/** What the other side reads of them; `undefined` while some are missing. */
function read(datagrams: readonly Uint8Array[], kind: 'gcm' | 'cbc' = 'gcm', into = new Reassembler()) {
  let packet: Uint8Array | undefined;
  for (const datagram of datagrams) {
    const opened = openMessage(sealed(datagram), cipherOf(protection(kind)), into, instant(0));
    assert.notEqual(opened.kind, 'dropped');
    if (opened.kind === 'open') packet = payloadOf(must(opened.message), 'EAP')?.packet;
  }
  return packet;
}

for (const kind of ['gcm', 'cbc'] as const) {
  test(`messages of every length around the edges of fragments are cut and read again (${kind})`, () => {
    for (const largest of [544, 992, 1_228, 1_248]) {
      for (const around of [largest, 2 * largest, 3 * largest]) {
        for (let octets = around - 110; octets <= around + 20; octets += 3) {
          const message = plain(octets);
          const datagrams = sealDatagrams(message, protection(kind), largest);
          assert.ok(datagrams.every(({ length }) => length <= largest));
          // One octet too many for a whole message makes it two, and no fragment is for nothing.
          const whole = sealDatagrams(message, protection(kind));
          assert.equal(datagrams.length === 1, (whole[0]?.length ?? 0) <= largest);
          assert.equal(read(datagrams, kind)?.length, octets);
        }
      }
    }
  });
}

test('fragments come in order, the first alone says what is inside, and no IV repeats', () => {
  const datagrams = sealDatagrams(plain(3_000), protection(), 1_248).map(sealed);
  assert.deepEqual(
    datagrams.map(({ encrypted }) => [encrypted.firstInner, encrypted.fragment]),
    [
      [48, { number: 1, total: 3 }],
      [0, { number: 2, total: 3 }],
      [0, { number: 3, total: 3 }],
    ],
  );
  const ivs = datagrams.map(({ encrypted }) => Buffer.from(encrypted.sealed.subarray(0, 8)).toString('hex'));
  assert.equal(new Set(ivs).size, 3);
});

test('without the consent of both, a message of any size is one datagram', () => {
  const request = new OutgoingRequest(plain(20_000), protection(), new FragmentSizes());
  for (let i = 0; i < limits.retransmitTries; i++) assert.equal(request.again().length, 1);
});

test('the largest message in the smallest packets stays within the limit of fragments', () => {
  const smallest = 576 - overhead[4];
  const datagrams = sealDatagrams(plain(limits.ikeMessageOctets), protection('cbc'), smallest);
  assert.ok(datagrams.length <= limits.fragmentsPerMessage, String(datagrams.length));
});

test('nobody answers over IPv4: packets of 1280 twice with the same octets, then 1024, then 576', () => {
  const request = new OutgoingRequest(plain(3_000), protection(), sizesOf(4));
  const sent = [request.datagrams];
  for (let i = 1; i < 6; i++) sent.push(request.again());
  const packets = sent.map((datagrams) => largestPacket(datagrams));
  assert.deepEqual(packets, [1280, 1280, 1024, 576, 576, 576]);
  assert.deepEqual(sent[1], sent[0]);
  assert.deepEqual(sent[5], sent[3]);
  for (const datagrams of sent) assert.equal(read(datagrams)?.length, 3_000);
});

test('nobody answers over IPv6, where every path takes 1280: the same octets always', () => {
  const request = new OutgoingRequest(plain(3_000), protection(), sizesOf(6));
  const first = request.datagrams;
  assert.equal(largestPacket(first, 6), 1280);
  for (let i = 1; i < limits.retransmitTries; i++) assert.deepEqual(request.again(), first);
});

test('a message that fits the smallest packet is never cut, one that fits the largest is when it goes unanswered', () => {
  const small = new OutgoingRequest(plain(400), protection(), sizesOf(4));
  const first = small.datagrams;
  for (let i = 1; i < 9; i++) assert.deepEqual(small.again(), first);
  const middle = new OutgoingRequest(plain(1_100), protection(), sizesOf(4));
  const counts = [middle.datagrams.length];
  for (let i = 1; i < 5; i++) counts.push(middle.again().length);
  assert.deepEqual(counts, [1, 1, 2, 3, 3]);
});

test('the receiver takes the smaller fragments in place of the larger ones that it has', () => {
  const request = new OutgoingRequest(plain(3_000), protection(), sizesOf(4));
  const into = new Reassembler();
  assert.equal(read(request.datagrams.slice(1), 'gcm', into), undefined);
  request.again();
  assert.equal(read(request.again(), 'gcm', into)?.length, 3_000);
});

test('a message cut anew has more fragments than before, whatever its length: equal totals would be mixed up', () => {
  for (let octets = 1_100; octets < 6_000; octets += 50) {
    const request = new OutgoingRequest(plain(octets), protection(), sizesOf(4));
    const cuts = [request.datagrams];
    for (let i = 1; i < 5; i++) cuts.push(request.again());
    for (const [before, after] of cuts.slice(1).map((cut, i) => [cuts[i], cut] as const)) {
      assert.ok(before !== undefined);
      if (before !== after) assert.ok(after.length > before.length, `${octets} octets: ${after.length}`);
      assert.equal(read(after)?.length, octets);
    }
  }
});

test('what got through is where the next message begins, until the path changes', () => {
  const sizes = sizesOf(4);
  const request = new OutgoingRequest(plain(3_000), protection(), sizes);
  request.again();
  request.again();
  request.answered();
  const next = new OutgoingRequest(plain(3_000), protection(), sizes);
  assert.equal(largestPacket(next.datagrams), 1024);
  sizes.allow(4);
  assert.equal(largestPacket(new OutgoingRequest(plain(3_000), protection(), sizes).datagrams), 1280);
});

test('an answer is no larger than the fragments of its request, and no smaller than every path takes', () => {
  const sizes = sizesOf(4);
  assert.equal(sizes.notAbove(1_248), 1280 - overhead[4]);
  assert.equal(sizes.notAbove(1_200), 1024 - overhead[4]);
  assert.equal(sizes.notAbove(60), 576 - overhead[4]);
});

test('the plaintext of an answered request is wiped', () => {
  const message = plain(3_000);
  new OutgoingRequest(message, protection(), sizesOf(4)).answered();
  assert.ok(message.octets.every((octet) => octet === 0));
});

test('padding that gets no answer twice is left out, and never cut into fragments', () => {
  const request = new OutgoingRequest(
    plain(1_400, { exchange: 37, messageId: 6 }),
    protection(),
    sizesOf(4),
    true,
  );
  const [first] = request.datagrams;
  assert.equal(request.datagrams.length, 1);
  assert.deepEqual(request.again(), [first], 'the very same octets');
  assert.equal(request.whole, true);
  for (let again = 0; again < 3; again++) {
    const datagrams = request.again();
    assert.equal(request.whole, false);
    assert.equal(datagrams.length, 1);
    assert.ok(largestPacket(datagrams) < 120);
    const [opened] = datagrams.map((datagram) =>
      openMessage(sealed(datagram), cipherOf(protection()), undefined, instant(0)),
    );
    assert.ok(opened?.kind === 'open');
    const { header, payloads } = must(opened.message);
    assert.deepEqual([header.messageId, payloads], [6, []]);
  }
});
