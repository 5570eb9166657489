import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CipherShape } from '../../../core/crypto/interfaces.ts';
import { packetOf, paddingFor } from '../../../core/ike/tasks/path-size.ts';

const gcm = { ivOctets: 8, icvOctets: 16, blockOctets: 1 } as CipherShape;
const cbc = { ivOctets: 16, icvOctets: 16, blockOctets: 16 } as CipherShape;

test('a padded check fills the wanted packet, or says how much less it proves where the cipher has blocks', () => {
  for (const family of [4, 6] as const)
    for (const octets of [576, 1_280, 1_492, 1_500]) {
      assert.equal(packetOf(paddingFor(octets, family, gcm) ?? 0, family, gcm), octets);
      const proven = packetOf(paddingFor(octets, family, cbc) ?? 0, family, cbc);
      assert.ok(proven <= octets && proven > octets - 16, `${proven} for ${octets}`);
    }
  assert.equal(packetOf(paddingFor(1_500, 4, cbc) ?? 0, 4, cbc), 1_488);
});
