import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { ChildUse, useOctets } from '../../../core/dataplane/child-use.ts';

const usual = { packets: limits.rekeyAfterPackets, octets: limits.rekeyAfterOctets };

/** When it is told that a child is due to be replaced, with so many packets and octets behind it. */
function told(packets: number, octets: number): readonly boolean[] {
  const shared = new SharedArrayBuffer(useOctets);
  new Float64Array(shared).set([packets, octets]);
  const use = new ChildUse(usual, true, shared);
  return [use.count(100, 1), use.count(100, 2), use.count(100, 3)];
}

test('rekeyAfterPackets, rekeyAfterOctets: a CHILD SA that carried as much is due, and is told to be once', () => {
  assert.deepEqual(told(0, 0), [false, false, false]);
  assert.deepEqual(told(limits.rekeyAfterPackets - 2, 0), [false, true, false]);
  assert.deepEqual(told(0, limits.rekeyAfterOctets - 200), [false, true, false]);
  assert.ok(
    limits.rekeyAfterPackets < limits.espRekeySequence,
    'before the sequence numbers come to their end',
  );
});
