import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { err } from '../../../core/base/result.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { judge } from '../../../core/daemon/certificate-judge.ts';
import { KeyProcess } from '../../../core/daemon/keys/key-process.ts';
import { lookIntoKeyFile } from '../../../core/daemon/keys/look-into-key-file.ts';
import { openKeyFile } from '../../../core/daemon/keys/open-credential.ts';
import { openToken } from '../../../core/daemon/keys/open-token.ts';
import { parseIdentity } from '../../../core/pki/identity.ts';
import { RevocationCache } from '../../../core/pki/revocation-cache.ts';
import { readTrust } from '../../../core/pki/trust.ts';
import { parseProfile } from '../../../core/profile/parse-profile.ts';
import { parsePkcs11Uri } from '../../../core/profile/pkcs11-uri.ts';
import { profileText } from '../profile/examples.ts';

/*
 * How long others are waited for: a process that hangs shows that the wait is kept (open-credential.test.ts); here, how long it is.
 */

function waitsOfKeyProcess(t: TestContext): number[] {
  const waits: number[] = [];
  t.mock.method(KeyProcess.prototype, 'call', async (_request: unknown, ms: number) => {
    waits.push(ms);
    return err(failure('credential.helper', { reason: 'it takes too long' }));
  });
  return waits;
}

describe('nobody is waited for longer than the bound says', () => {
  it('keyFileMs: a file with a key that is opened, or looked into', async (t) => {
    const waits = waitsOfKeyProcess(t);
    const opened = await openKeyFile(
      'a.p12',
      Uint8Array.of(0x30),
      async () => err(failure('secret.missing')),
      undefined,
    );
    assert.equal(opened.ok ? '' : opened.error.code, 'credential.helper');
    await lookIntoKeyFile({ name: 'a.p12', file: 'MA==' }, undefined);
    assert.deepEqual(waits, [limits.keyFileMs, limits.keyFileMs]);
  });

  it('tokenMs: a token', async (t) => {
    const waits = waitsOfKeyProcess(t);
    const uri = parsePkcs11Uri('pkcs11:');
    assert.ok(uri.ok);
    const refuse = async () => err(failure('secret.missing'));
    const opened = await openToken(
      { kind: 'pkcs11', uri: uri.value, module: undefined },
      { secret: refuse, choose: refuse },
      undefined,
    );
    assert.equal(opened.ok ? '' : opened.error.code, 'credential.helper');
    assert.deepEqual(waits, [limits.tokenMs]);
  });

  it('fetchAllMs: all that is fetched for one verdict', async (t) => {
    const waits: number[] = [];
    t.mock.method(AbortSignal, 'timeout', (ms: number) => {
      waits.push(ms);
      return AbortSignal.abort();
    });
    const profile = parseProfile(profileText(), 'office.json');
    const expected = parseIdentity('vpn.example.org');
    assert.ok(profile.ok && expected.ok);
    const claimed = expected.value;
    const trust = readTrust([]);
    const { revocation } = { revocation: { ...profile.value.revocation, crls: [], ocspSigners: [] } };
    const answer = await judge(
      { kind: 'certificate-verdict', chain: [], lookups: [], ocspResponses: [], claimed },
      profile.value,
      { trust, revocation, expected: () => claimed, local: claimed, ways: [], publicKeys: [] },
      {
        crypto: nodeCryptoProvider(),
        random: seededRandom(1),
        cache: new RevocationCache(),
        log: () => undefined,
        resolve: async () => err(failure('gateway.unresolved', { gateway: 'x' })),
      },
      0,
    );
    assert.equal(answer.kind === 'certificate-verdict' && answer.verdict.ok, false);
    assert.deepEqual(waits, [limits.fetchAllMs]);
  });
});
