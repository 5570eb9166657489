import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nonceOf, notifiesOf, notifyOf, payloadOf, payloadsOf } from '../../../../core/wire/ike/lookup.ts';
import type { NotifyPayload, Payload } from '../../../../core/wire/ike/payload.ts';

const notify = (type: number, octet: number): NotifyPayload => ({
  kind: 'N',
  protocol: 0,
  spi: new Uint8Array(0),
  type,
  data: Uint8Array.of(octet),
});

const nonce = new Uint8Array(16).fill(5);
const payloads: readonly Payload[] = [
  notify(16388, 1),
  { kind: 'Nonce', nonce },
  notify(16389, 2),
  notify(16388, 3),
  { kind: 'IDr', type: 2, data: Uint8Array.of(7) },
];

test('payloads are found by kind, in order, with their own type', () => {
  assert.deepEqual(
    payloadsOf({ payloads }, 'N').map((payload) => payload.data[0]),
    [1, 2, 3],
  );
  assert.equal(payloadOf({ payloads }, 'IDr')?.data[0], 7);
  assert.equal(payloadOf({ payloads }, 'IDi'), undefined);
  assert.equal(nonceOf({ payloads }), nonce);
});

test('notifies are found by type, in order', () => {
  assert.deepEqual(
    notifiesOf({ payloads }, 16388).map((payload) => payload.data[0]),
    [1, 3],
  );
  assert.equal(notifyOf({ payloads }, 16389)?.data[0], 2);
  assert.equal(notifyOf({ payloads }, 24), undefined);
});
