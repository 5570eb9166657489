import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboundSa } from '../../../core/esp/outbound-sa.ts';
import { shapeNamed } from '../dataplane/support.ts';

/** Sees what would be sealed. */
function sa(): { sa: OutboundSa; sealed: number[] } {
  const sealed: number[] = [];
  const sealer = { seal: (...places: number[]) => sealed.push(...places), close: () => undefined };
  const octets = new Uint8Array(256);
  return {
    sa: new OutboundSa(0x11223344, shapeNamed('aes256gcm16'), octets, sealer, () => undefined),
    sealed,
  };
}

test('the sequence starts at 1 and ends for good before it would wrap', () => {
  const outbound = sa().sa;
  assert.equal(outbound.encapsulate(0, 20, 4), 8 + 8 + 24 + 16);
  assert.equal(outbound.sequence, 1);
  outbound.skipTo(0xffff_fffe);
  assert.ok(outbound.encapsulate(0, 20, 4) > 0, 'the last number');
  assert.equal(outbound.encapsulate(0, 20, 4), 0);
  assert.equal(outbound.encapsulate(0, 20, 4), 0);
  assert.equal(outbound.sequence, 0xffff_ffff);
});

test('the places given to the cipher lie one behind the other', () => {
  const { sa: outbound, sealed } = sa();
  assert.equal(outbound.lengthFor(21), 8 + 8 + 24 + 16);
  outbound.encapsulate(100, 21, 6);
  assert.deepEqual(sealed, [100, 8, 108, 116, 24]);
});
