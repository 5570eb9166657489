import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { type FragmentOutcome, Reassembler } from '../../../core/ike/fragments/reassembler.ts';
import type { SealedMessage } from '../../../core/wire/ike/message.ts';
import { decodeMessage } from '../../../core/wire/ike/message.ts';
import { sealOctets } from '../../../core/wire/ike/sk.ts';
import { cipherOf, fragment, header, protection } from './fragments-support.ts';

const peer = protection();
const cipher = cipherOf(peer);
const now = instant(1_000);

function told(outcome: FragmentOutcome): string {
  if (outcome.kind === 'whole') return `whole ${outcome.firstInner} ${[...outcome.octets].join()}`;
  return outcome.kind === 'dropped' ? outcome.cause : outcome.kind;
}

function feed(into: Reassembler, ...messages: readonly SealedMessage[]): string[] {
  return messages.map((message) => told(into.accept(message, cipher, now)));
}

/** Every sequence of `length` numbers from 1 to 3. */
function* sequences(length: number): Generator<readonly number[]> {
  if (length === 0) yield [];
  else for (const head of sequences(length - 1)) for (const last of [1, 2, 3]) yield [...head, last];
}

test('every order, loss and repetition of three fragments: whole with the last new one, never before, always the same', () => {
  const fragments = [1, 2, 3].map((number) => fragment(peer, number, 3));
  let whole = 0;
  for (const sequence of sequences(6)) {
    const reassembler = new Reassembler();
    const seen = new Set<number>();
    for (const number of sequence) {
      const message = fragments[number - 1];
      assert.ok(message !== undefined);
      const expected = seen.has(number) ? 'fragment' : seen.size === 2 ? 'whole 48 1,2,3' : 'stored';
      assert.deepEqual(feed(reassembler, message), [expected], `fragment ${number} of ${sequence.join()}`);
      seen.add(number);
      // The exchange layer lets no more of this message ID through once it is whole.
      if (seen.size === 3) break;
    }
    if (seen.size === 3) whole += 1;
    assert.equal(reassembler.octets, seen.size === 3 ? 0 : seen.size);
  }
  assert.equal(whole, 3 ** 6 - 3 * 2 ** 6 + 3);
});

test('a message that is a single fragment is whole at once', () => {
  assert.deepEqual(feed(new Reassembler(), fragment(peer, 1, 1)), ['whole 48 1']);
});

test('more fragments in all replace the set, fewer are dropped: the sender has cut it smaller', () => {
  const reassembler = new Reassembler();
  assert.deepEqual(
    feed(
      reassembler,
      fragment(peer, 1, 3),
      fragment(peer, 2, 3),
      fragment(peer, 4, 4),
      fragment(peer, 3, 3),
      fragment(peer, 1, 4),
      fragment(peer, 3, 4),
      fragment(peer, 2, 4),
    ),
    ['stored', 'stored', 'stored', 'fragment', 'stored', 'stored', 'whole 48 1,2,3,4'],
  );
});

test('another message ID starts anew; another exchange in the same message does not fit', () => {
  const reassembler = new Reassembler();
  const one = Uint8Array.of(1);
  assert.deepEqual(
    feed(
      reassembler,
      fragment(peer, 1, 2),
      fragment(peer, 2, 2, one, { exchange: 37 }),
      fragment(peer, 1, 2, one, { messageId: 2 }),
      fragment(peer, 2, 2, one, { messageId: 2 }),
    ),
    ['stored', 'fragment', 'stored', 'whole 48 1,1'],
  );
});

test('nothing forged is kept, nor does it take the place of what is authentic', () => {
  const reassembler = new Reassembler();
  assert.deepEqual(feed(reassembler, fragment(peer, 1, 2)), ['stored']);
  const stranger = protection('cbc');
  const inner = { first: 0, octets: new Uint8Array(200), fragment: { number: 2, total: 9 } };
  const octets = sealOctets(
    header(),
    inner,
    { cipher: stranger.cipher, key: stranger.outbound },
    stranger.nextIv(),
  );
  const decoded = decodeMessage(octets);
  assert.ok(decoded.ok && decoded.value.encrypted !== undefined);
  assert.deepEqual(feed(reassembler, decoded.value), ['integrity']);
  assert.equal(reassembler.octets, 1);
  assert.deepEqual(feed(reassembler, fragment(peer, 2, 2)), ['whole 48 1,2']);
});

test('numbers and totals that cannot be are malformed, a total above the limit is dropped unopened', () => {
  const inner = (number: number, total: number) => ({
    first: 48,
    octets: Uint8Array.of(1),
    fragment: { number, total },
  });
  for (const [number, total] of [
    [0, 1],
    [0, 0],
    [1, 0],
    [3, 2],
    [0xffff, 1],
  ] as const) {
    const key = { cipher: peer.cipher, key: peer.outbound };
    const octets = sealOctets(header(), inner(number, total), key, peer.nextIv());
    assert.equal(decodeMessage(octets).ok, false, `${number} of ${total}`);
  }
  const most = limits.fragmentsPerMessage;
  assert.deepEqual(feed(new Reassembler(), fragment(peer, 1, most), fragment(peer, 2, most + 1)), [
    'stored',
    'fragment',
  ]);
  assert.deepEqual(feed(new Reassembler(), fragment(peer, 0xffff, 0xffff)), ['fragment']);
});

test('a whole message too large is never held: the set goes when it is above the limit', () => {
  const reassembler = new Reassembler();
  const content = new Uint8Array(limits.ikeMessageOctets / 4);
  const results: string[] = [];
  for (let number = 1; number <= 5; number++) {
    results.push(...feed(reassembler, fragment(peer, number, 9, content)));
    assert.ok(reassembler.octets <= limits.ikeMessageOctets);
  }
  assert.deepEqual(results, ['stored', 'stored', 'stored', 'stored', 'fragment']);
  assert.equal(reassembler.octets, 0);
});

test('an authentic peer that keeps beginning messages holds one of them at a time', () => {
  const reassembler = new Reassembler();
  const content = new Uint8Array(1_000);
  for (let messageId = 0; messageId < 100; messageId++) {
    for (let total = 2; total <= limits.fragmentsPerMessage; total += 40) {
      feed(reassembler, fragment(peer, 1, total, content, { messageId }));
      assert.equal(reassembler.octets, 1_000);
    }
  }
});

test('fragments that waited too long are forgotten', () => {
  const reassembler = new Reassembler();
  const accept = (message: SealedMessage, at: number) =>
    told(reassembler.accept(message, cipher, instant(1_000 + at)));
  assert.equal(accept(fragment(peer, 1, 3), 0), 'stored');
  assert.equal(accept(fragment(peer, 2, 3), limits.reassemblyMs - 1), 'stored');
  assert.equal(accept(fragment(peer, 3, 3), limits.reassemblyMs), 'stored');
  assert.equal(reassembler.octets, 1);
});
