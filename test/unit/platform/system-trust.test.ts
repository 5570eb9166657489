import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { readSystemTrust } from '../../../core/platform/linux/system-trust.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-trust-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("the system's bundle of CAs", () => {
  it('is the first that is there and not too large', async () => {
    const large = join(folder, 'large.crt');
    const good = join(folder, 'good.crt');
    writeFileSync(good, 'a bundle');
    writeFileSync(large, 'a larger one');
    truncateSync(large, limits.systemTrustOctets);
    const first = await readSystemTrust([join(folder, 'none'), large, good]);
    assert.equal(first.ok && first.value.length, limits.systemTrustOctets);
    truncateSync(large, limits.systemTrustOctets + 1);
    assert.deepEqual(await readSystemTrust([large, good]), { ok: true, value: 'a bundle' });
  });

  it('that is nowhere is a failure that says where it was looked for', async () => {
    const nowhere = await readSystemTrust([join(folder, 'none')]);
    assert.ok(!nowhere.ok);
    assert.equal(nowhere.error.code, 'system.no-trust-store');
    assert.match(String(nowhere.error.detail['looked']), /none$/);
  });
});
