import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { losesCollision } from '../../../core/ike/nonce-order.ts';

const pair = (initiator: readonly number[], responder: readonly number[]) => ({
  initiator: Uint8Array.from(initiator),
  responder: Uint8Array.from(responder),
});

describe('of two exchanges that replace the same SA', () => {
  it('the one with the lowest of the four nonces loses, whoever made that nonce', () => {
    assert.equal(losesCollision(pair([1, 9], [7]), pair([2], [3])), true);
    assert.equal(losesCollision(pair([7], [1]), pair([2], [3])), true);
    assert.equal(losesCollision(pair([4], [5]), pair([9], [3])), false);
    assert.equal(losesCollision(pair([4], [5]), pair([3], [9])), false);
  });

  it('the first octet that differs decides, not the length; then the shorter is lower', () => {
    assert.equal(losesCollision(pair([0x80, 0, 0], [0xff]), pair([0x7f], [0xff])), false);
    assert.equal(losesCollision(pair([5, 5], [9]), pair([5, 5, 0], [9])), true);
    assert.equal(losesCollision(pair([5, 5, 0], [9]), pair([5, 5], [9])), false);
  });

  it('both sides come to the same end', () => {
    const a = pair([1, 2], [3, 4]);
    const b = pair([1, 3], [1, 1]);
    assert.notEqual(losesCollision(a, b), losesCollision(b, a));
  });
});
