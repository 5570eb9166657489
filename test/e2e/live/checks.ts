import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { addresses } from '../../support/topology.ts';
import type { Check, CheckPlace } from '../support/check.ts';
import { goTo } from '../support/ui-page.ts';
import { allDrawn, patienceMs, until } from '../support/wait.ts';
import { closeLiveStage, type LiveStage, liveStage, password, startDaemon } from './live-stage.ts';

/** One story with the real daemon and the real gateway; each check goes on where the one before it ended. */
export const liveChecks: readonly Check[] = [
  step('the one-time address lets one browser in, once', async ({ page, server, browser }) => {
    await page.goto(server.url);
    await state(page, 'Not connected');
    assert.equal(new URL(page.url()).hash, '', 'the token does not stay in the address');
    await page.reload();
    await state(page, 'Not connected');
    const second = await browser.context.browser()?.newContext();
    const other = second === undefined ? await browser.context.newPage() : await second.newPage();
    await other.goto(server.url);
    await other.getByText('without its one-time address').waitFor();
    await other.close();
  }),
  step('a .sswan file that is dropped becomes a profile', async ({ page, sswan }) => {
    await drop(page, 'office.sswan', sswan);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Gateway', { exact: true }).waitFor();
    assert.equal(await dialog.getByLabel('Gateway', { exact: true }).inputValue(), addresses.natGateway.v4);
    await dialog.getByRole('button', { name: 'Import' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  }),
  step('a wrong password is explained', async ({ page }, { folder, keep }) => {
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await answer(page, 'wrong');
    const failed = page.getByText('The user name or the password is wrong.');
    const again = page.getByRole('dialog').getByText('That was not accepted');
    await failed.or(again).first().waitFor();
    // A gateway that lets one try again is asked again; giving up then tells the same.
    if (await again.isVisible()) {
      await page.getByRole('button', { name: 'Cancel login' }).click();
    }
    await state(page, 'Not connected');
    const file = join(folder, 'live-wrong-password.png');
    await page.screenshot({ path: file, fullPage: true });
    keep(file);
  }),
  step('the right password connects, and the proof is as old as it says', async ({ page, godwit }) => {
    await page
      .getByRole('button', { name: /^(Connect|Try again)$/ })
      .first()
      .click();
    await answer(page, password);
    await state(page, 'Connected');
    await page.getByText(/^verified (just now|\d+ s ago)$/).waitFor();
    const age = async () => {
      const { tunnel } = await godwit.snapshot();
      assert.ok(tunnel.state === 'connected');
      return tunnel.provenAgeMs;
    };
    const start = performance.now();
    const before = await age();
    const said = await page.locator('.proof').textContent();
    const after = await age();
    // It grew meanwhile, and may have begun anew. The page hears of a proof up to two seconds late.
    const late = 2_500 + performance.now() - start;
    const shownMs = Number(/(\d+) s/.exec(said ?? '')?.[1] ?? 0) * 1_000;
    assert.ok(
      shownMs > Math.min(before, after) - late && shownMs < Math.max(before, after) + late,
      `shown ${shownMs}, real ${before} to ${after}`,
    );
  }),
  step('throughput moves under iperf3', async ({ page, topology }, { folder, keep }) => {
    const { client, lan } = topology;
    const listener = lan.spawn(['iperf3', '--server', '--one-off', '--forceflush']);
    await listener.waitFor(/listening/);
    // Until it has been seen.
    const flow = ['--reverse', '--time', '120', '--bitrate', '60M'];
    const sender = client.spawn(['iperf3', '--client', addresses.lan.v4, ...flow]);
    await page
      .locator('.tile[data-tone="down"] .tile-value')
      .filter({ hasText: /\d{2}.*Mbit\/s/ })
      .waitFor();
    await allDrawn(page);
    const file = join(folder, 'live-connected.png');
    await page.screenshot({ path: file, fullPage: true });
    keep(file);
    await sender.stop();
    await listener.stop();
  }),
  step(
    'a change of address shows as a move with its gap',
    async ({ page, topology, godwit }, { folder, keep }) => {
      const { client } = topology;
      const { v4 } = addresses.client;
      const router = addresses.router.v4;
      await client.ip([`route del default via ${router}`, `addr del ${v4}/24 dev eth0`]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await client.ip(['addr add 10.10.0.77/24 dev eth0', `route add default via ${router}`]);
      const moved = page.locator('.journey-entry').filter({ hasText: 'Moved to another network' }).first();
      await moved.waitFor();
      // Over IPv4 or IPv6, or over one and then the other: the daemon says where it is now.
      await until('the newest move is to where it is', async () => {
        const { tunnel } = await godwit.snapshot();
        const local = tunnel.state === 'connected' ? tunnel.local : undefined;
        return (await moved.textContent())?.includes(local ?? 'nowhere') ?? false;
      });
      assert.match((await moved.textContent()) ?? '', /gap [\d,.]+ m?s/);
      await state(page, 'Connected');
      const file = join(folder, 'live-roamed.png');
      await page.screenshot({ path: file, fullPage: true });
      keep(file);
    },
  ),
  step('details show what strongSwan agreed to', async ({ page, godwit }) => {
    await goTo(page, 'details');
    const { tunnel } = await godwit.snapshot();
    assert.ok(tunnel.state === 'connected');
    for (const value of [tunnel.esp.inboundSpi, tunnel.ike.initiatorSpi, tunnel.local ?? '']) {
      await page.getByText(value).first().waitFor();
    }
    await goTo(page, 'logs');
    await page.getByText('state.connected').first().waitFor();
    await goTo(page, 'connection');
  }),
  step('a daemon that is killed is told, and the page recovers by itself', async (stage) => {
    const { page, topology } = stage;
    stage.godwit.process.signal('SIGKILL');
    await page.getByRole('heading', { name: 'The Godwit service does not answer' }).waitFor();
    await stage.godwit.stop();
    stage.godwit = await startDaemon(topology);
    await state(page, 'Not connected');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await answer(page, password);
    await state(page, 'Connected');
  }),
  step('disconnect leaves nothing behind', async ({ page, godwit }) => {
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await state(page, 'Not connected');
    const { tunnel } = await godwit.snapshot();
    assert.equal(tunnel.state, 'disconnected');
  }),
  step('a .p12 file that is dropped becomes a profile, and logs in with its key', async (stage, place) => {
    const { page, p12, godwit, topology } = stage;
    await drop(page, 'alice.p12', p12);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Password of the key file').fill('wrong');
    await page.keyboard.press('Enter');
    await dialog.getByText('is wrong').waitFor();
    await dialog.getByLabel('Password of the key file').fill(password);
    await page.keyboard.press('Enter');
    await dialog.getByText('CN=Live Root').first().waitFor();
    const file = join(place.folder, 'live-key-file.png');
    await page.screenshot({ path: file });
    place.keep(file);
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Certificate');
    await dialog.getByRole('textbox', { name: 'Gateway', exact: true }).fill(addresses.natGateway.v4);
    await dialog.getByRole('searchbox', { name: 'Find a setting to add' }).fill('gateway identity');
    await page.keyboard.press('Enter');
    await dialog.getByRole('textbox', { name: "Gateway's identity" }).fill('vpn.example.org');
    await dialog.getByRole('button', { name: 'Import' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await answer(page, password, 'Password of the key file');
    await state(page, 'Connected');
    const { tunnel } = await godwit.snapshot();
    assert.equal(tunnel.state === 'connected' && tunnel.localAuthentication, 'ECDSA P-256 with SHA-256');
    const kept = join(topology.client.folder, 'state/profiles');
    const files = readdirSync(kept, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    assert.equal(files.length, 2);
    for (const { name, parentPath } of files) {
      const path = join(parentPath, name);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.ok(!readFileSync(path, 'utf8').includes(password));
    }
    assert.ok(!godwit.log.includes(password));
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await state(page, 'Not connected');
  }),
  { name: 'live: the stage ends', run: closeLiveStage },
];

function step(name: string, play: (stage: LiveStage, place: CheckPlace) => Promise<void>): Check {
  return {
    name: `live: ${name}`,
    async run(place) {
      const stage = await liveStage();
      stage.page.setDefaultTimeout(patienceMs);
      try {
        await play(stage, place);
      } catch (error) {
        const file = join(place.folder, 'live-failed.png');
        await stage.page.screenshot({ path: file }).catch(() => undefined);
        throw new Error(
          `${error instanceof Error ? error.message : error}\n${stage.godwit.log.slice(-2_000)}`,
        );
      }
    },
  };
}

async function state(page: Page, words: string): Promise<void> {
  await page
    .locator('.state-word')
    .filter({ hasText: new RegExp(`^${words}$`) })
    .waitFor();
}

async function answer(page: Page, word: string, label = 'Password'): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(label, { exact: true }).fill(word);
  // The next question may follow at once: it is another dialog.
  const asked = await dialog.elementHandle();
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await asked?.waitForElementState('hidden');
}

/** Drops a file on the window, as a file manager does. */
export async function drop(page: Page, name: string, contents: string | Uint8Array): Promise<void> {
  const part = typeof contents === 'string' ? JSON.stringify(contents) : `new Uint8Array([${contents}])`;
  await page.evaluate(`{
    const transfer = new DataTransfer();
    transfer.items.add(new File([${part}], ${JSON.stringify(name)}));
    for (const type of ['dragover', 'drop']) {
      window.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
  }`);
}
