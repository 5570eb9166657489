import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { signFeed } from '../../../build/package/sign-update.ts';
import type { Update } from '../../../core/rpc/bridge.ts';
import { AppImageUpdate, type AppImageUpdates, type OfferedUpdate } from '../../../main/app-update.ts';
import { temporaryFolder } from '../rpc/transport/harness.ts';

const feed = `version: 0.2.0
files:
  - url: Godwit-0.2.0-x86_64.AppImage
    sha512: c2hhNTEy+/==
    size: 12345
    blockMapSize: 99
path: Godwit-0.2.0-x86_64.AppImage
sha512: c2hhNTEy+/==
releaseDate: '2026-11-21T08:00:00.000Z'
`;
const key = generateKeyPairSync('ed25519');
/** As electron-updater reads a feed. */
const provider: { parseUpdateInfo(text: string, file: string, url: URL): OfferedUpdate } = createRequire(
  import.meta.url,
)('electron-updater/out/providers/Provider.js');
const parse = (text: string) =>
  provider.parseUpdateInfo(text, 'latest-linux.yml', new URL('https://x.test/'));

class FakeUpdater implements AppImageUpdates {
  autoDownload = true;
  autoInstallOnAppQuit = true;
  allowDowngrade = true;
  downloads = 0;
  readonly #found: OfferedUpdate | undefined;
  constructor(found: OfferedUpdate | undefined) {
    this.#found = found;
  }
  async checkForUpdates() {
    assert.equal(this.autoDownload, false);
    return this.#found === undefined ? null : { isUpdateAvailable: true, updateInfo: this.#found };
  }
  async downloadUpdate(): Promise<void> {
    assert.equal(this.autoInstallOnAppQuit, true);
    this.downloads++;
  }
}

async function update(
  t: TestContext,
  found: OfferedUpdate | undefined,
  more: { appImage?: string | undefined; bare?: boolean; updater?: AppImageUpdates } = {},
) {
  const resources = await temporaryFolder(t);
  if (!more.bare) {
    writeFileSync(join(resources, 'app-update.yml'), 'provider: generic\n');
    writeFileSync(join(resources, 'update-key.pem'), key.publicKey.export({ type: 'spki', format: 'pem' }));
  }
  const updater = new FakeUpdater(found);
  const appImage = 'appImage' in more ? more.appImage : '/home/alice/Godwit.AppImage';
  const seen: Update[] = [];
  const update = new AppImageUpdate(
    { appImage, resources, updater: async () => more.updater ?? updater, now: () => 7 },
    (state) => seen.push(state),
  );
  await update.check();
  return { outcome: update.state, updater, seen, update };
}

test('an update that our key has signed is fetched, and takes effect when the program ends', async (t) => {
  const { seen, updater, update: updates } = await update(t, parse(signFeed(feed, key.privateKey)));
  const version = '0.2.0';
  assert.deepEqual(seen, [
    { state: 'checking' },
    { state: 'fetching', version },
    { state: 'ready', version },
  ]);
  await updates.check();
  assert.equal(seen.length, 3, 'what is here is not fetched again');
  assert.equal(updater.downloads, 1);
  assert.equal(updater.autoInstallOnAppQuit, true);
  assert.equal(updater.allowDowngrade, false);
});

test('an update without a signature, with one of another key or of other files is not fetched', async (t) => {
  const other = generateKeyPairSync('ed25519').privateKey;
  const signed = signFeed(feed, key.privateKey);
  const feeds = [
    feed,
    signFeed(feed, other),
    signed.replaceAll('c2hhNTEy+/==', 'YW5kZXJz'),
    signed.replace('version: 0.2.0', 'version: 0.3.0'),
    signed.replace(/^godwitSignature: .*$/m, 'godwitSignature: [1]'),
  ];
  for (const each of feeds) {
    const { outcome, updater } = await update(t, parse(each));
    assert.equal(outcome.state, 'refused', each);
    assert.equal(updater.downloads, 0);
    assert.equal(updater.autoInstallOnAppQuit, false);
  }
});

test('nothing is looked for outside of an AppImage, or where no feed is configured', async (t) => {
  const signed = parse(signFeed(feed, key.privateKey));
  const packaged = await update(t, signed, { appImage: undefined });
  assert.deepEqual([packaged.outcome, packaged.seen], [{ state: 'off', why: 'package' }, []]);
  assert.deepEqual((await update(t, signed, { bare: true })).outcome, { state: 'off', why: 'no-feed' });
  assert.deepEqual((await update(t, undefined)).outcome, { state: 'none', at: 7 });
});

test('a feed that cannot be reached is told of, and looked at again when the user wants', async (t) => {
  const updater = new FakeUpdater(undefined);
  let works = false;
  const flaky = Object.assign(updater, {
    checkForUpdates: async () => (works ? null : Promise.reject(new Error('ENOTFOUND'))),
  });
  const { outcome, update: updates } = await update(t, undefined, { updater: flaky });
  assert.deepEqual(outcome, { state: 'failed', at: 7 });
  works = true;
  await Promise.all([updates.check(), updates.check()]);
  assert.equal(updates.state.state, 'none');
});

test('a feed is signed anew, not twice; what is no feed is not signed', () => {
  const once = signFeed(feed, key.privateKey);
  assert.equal(signFeed(once, key.privateKey), once);
  assert.throws(() => signFeed('hello', key.privateKey), /no latest-linux/);
});
