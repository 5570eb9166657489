import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { failure } from '../../../core/base/errors.ts';
import { drop } from '../live/checks.ts';
import type { Check } from '../support/check.ts';
import type { FakeHost } from '../support/fake-host.ts';
import { connected, headquartersText, hostile, idle, namedScenes, p12 } from '../support/scenes.ts';
import { onStage, plainLook, type Stage } from '../support/stage.ts';
import { goTo } from '../support/ui-page.ts';
import { comesTrue, noteTexts, until } from '../support/wait.ts';

/** What a user does with the interface, with a fake host that notes what comes of it. */
export const fakeChecks: readonly Check[] = [
  on('disconnected', 'keyboard alone: from the top of the page to a connection', async ({ page, host }) => {
    const walked: string[] = [];
    for (let press = 0; press < 12; press++) {
      await page.keyboard.press('Tab');
      walked.push(await focused(page));
    }
    const start = [
      'Skip to the content',
      'Connection',
      'Profiles',
      'Details',
      'Log',
      'Settings',
      'Profile',
      'Connect',
    ];
    assert.deepEqual(walked.slice(0, start.length), start);
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'Connect', exact: true }).focus();
    await page.keyboard.press('Enter');
    await sent(host, 'connect');
  }),
  on('disconnected', 'keyboard alone: what has the focus can be seen', async ({ page }) => {
    for (let press = 0; press < 11; press++) {
      await page.keyboard.press('Tab');
      const seen = comesTrue(
        page,
        `{
        const element = document.activeElement;
        const ring = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        const box = element.getBoundingClientRect();
        const inside = box.bottom > 0 && box.top < innerHeight && box.width > 0;
        inside && (ring(getComputedStyle(element)) || ring(getComputedStyle(element, '::after')));
      }`,
      );
      await seen.catch(async () => assert.fail(`cannot be seen: ${await focused(page)}`));
    }
  }),
  on(
    'connecting',
    'a question takes the focus, Enter answers, and the focus goes back',
    async ({ page, host }) => {
      await page.getByRole('button', { name: 'Cancel' }).focus();
      await host.ask({ kind: 'password', identity: 'alice', profile: 'Headquarters', retry: 0 });
      await page.getByRole('dialog').waitFor();
      await comesFocused(page, 'Password');
      await page.keyboard.type('geheim');
      await page.keyboard.press('Enter');
      await until('an answer', () => host.answers.length > 0);
      assert.deepEqual(host.answers, [{ kind: 'password', password: 'geheim' }]);
      await comesFocused(page, 'Cancel');
      assert.ok(!(await page.content()).includes('geheim'));
    },
  ),
  on('connecting', 'Escape refuses a question', async ({ page, host }) => {
    await host.ask({
      kind: 'passcode',
      identity: 'alice',
      profile: 'Headquarters',
      retry: 0,
      message: 'Code?',
    });
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await until('an answer', () => host.answers.length > 0);
    assert.deepEqual(host.answers, [{ kind: 'refused' }]);
  }),
  on(
    'connecting',
    'a new password is typed twice, and two that differ are not sent',
    async ({ page, host }) => {
      await host.ask({ kind: 'new-password', identity: 'alice', profile: 'Headquarters', retry: 0 });
      await page.getByLabel('New password', { exact: true }).fill('one');
      await page.getByLabel('New password again').fill('two');
      await page.keyboard.press('Enter');
      await page.getByText('The two do not match.').waitFor();
      assert.deepEqual(host.answers, []);
      await page.getByLabel('New password again').fill('one');
      await page.keyboard.press('Enter');
      await until('an answer', () => host.answers.length > 0);
      assert.deepEqual(host.answers, [{ kind: 'new-password', password: 'one' }]);
    },
  ),
  on('disconnected', 'screen readers are told of each state', async ({ page, host }) => {
    const { snapshot } = host.scene;
    const spoken = page.locator('[role="status"][aria-live="polite"].hidden-text').last();
    await host.become({ ...snapshot, tunnel: connected() });
    await spoken.filter({ hasText: 'Connected to' }).waitFor({ state: 'attached' });
    await host.become({ ...snapshot, tunnel: idle(failure('auth.password', { side: 'local' })) });
    await spoken
      .filter({ hasText: 'Not connected. The user name or the password is wrong.' })
      .waitFor({ state: 'attached' });
    assert.match(await page.title(), /^Not connected/);
  }),
  on(
    'connected',
    'the age of the proof counts on, and never starts anew by itself',
    async ({ page, host }) => {
      const texts = await noteTexts(page, '.proof');
      const ages = async () =>
        (await texts()).flatMap(({ text, atMs }) => {
          const [, seconds] = /no answer for (\d+) s/.exec(text) ?? [];
          return seconds === undefined ? [] : [{ seconds: Number(seconds), atMs }];
        });
      const toldAt: number = await page.evaluate('performance.now()');
      await host.become({ ...host.scene.snapshot, tunnel: connected({ provenAgeMs: 41_000 }) });
      await until('two seconds more', async () => ((await ages()).at(-1)?.seconds ?? 0) >= 43);
      let least = 41;
      for (const { seconds, atMs } of await ages()) {
        assert.ok(seconds >= least && seconds <= 41 + (atMs - toldAt) / 1_000, `${least}, then ${seconds}`);
        least = seconds;
      }
      await host.become({ ...host.scene.snapshot, tunnel: connected({ provenAgeMs: 0 }) });
      await until('the new proof', async () =>
        (await texts()).some(({ text }) => text === 'verified just now'),
      );
    },
  ),
  on('connected', 'a connection that is weaker than it could be says why', async ({ page, host }) => {
    assert.equal(await page.locator('.weakness').count(), 0);
    const tunnel = connected({ weaknesses: ['unbound-eap', 'psk-gateway'] });
    await host.become({ ...host.scene.snapshot, tunnel });
    const told = page.getByRole('region', { name: 'This connection is weaker than it could be' });
    await told.getByText('without the key that it makes').waitFor();
    await told.getByText('any of them can pose as the gateway').waitFor();
  }),
  on('failed-hostile', 'what a gateway says is shown as text', async ({ page }) => {
    await page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    assert.equal(await page.locator('img[src="x"], .failure b').count(), 0);
    const text = await page.locator('.failure').textContent();
    assert.ok(text?.includes('\\u{202e}') && !text.includes('\u202e') && !text.includes('\u0007'));
  }),
  ...[
    ...['ask-hostile', 'failed-hostile', 'import-strange', 'details-much', 'update-refused'],
    ...['hostile-connection', 'hostile-details', 'hostile-logs', 'hostile-profiles'],
  ].map((scene) =>
    on(
      scene,
      `nothing that a stranger says acts or hides, whatever it is part of: ${scene}`,
      async ({ page, errors }) => {
        const { view, scene: shown } = namedScenes().find(({ name }) => name === scene) ?? assert.fail(scene);
        if (view !== 'connection') await goTo(page, view);
        if (shown.ask !== undefined || shown.offer !== undefined)
          await page.locator('dialog[open]').waitFor();
        const seen: string = await page.evaluate(`document.title + document.documentElement.outerHTML
        + [...document.querySelectorAll('input, textarea, option')].map((each) => each.value + each.text).join()`);
        assert.ok(
          seen.includes('\\u{202e}') || scene === 'import-strange',
          'the scene is as hostile as it says',
        );
        // Isolating marks are ours, and so are the ends of lines.
        const acting = seen.replace(/[\n\t\u2068\u2069]/g, '').search(/[\p{Cc}\p{Cf}]/u);
        assert.equal(acting, -1);
        assert.equal(await page.locator('img[src="x"]').count(), 0);
        assert.equal(
          await page
            .locator('b')
            .filter({ hasText: /^bold$/ })
            .count(),
          0,
        );
        assert.deepEqual(errors, []);
      },
    ),
  ),
  on('failed-password', 'a failure can be put away, copied, and tried again', async ({ page, host }) => {
    await page.getByRole('button', { name: 'Copy for support' }).click();
    await page.getByText('Copied').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.locator('.failure').waitFor({ state: 'detached' });
    assert.ok(!host.calls.some(({ method }) => method === 'connect'));
  }),
  on('empty', 'a dropped file is shown before it is taken', async ({ page, host }) => {
    await drop(page, 'office.json', headquartersText);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('office.json').waitFor();
    assert.ok(!host.calls.some(({ method }) => method === 'save-profile'));
    await dialog.getByRole('button', { name: 'Import' }).click();
    await sent(host, 'save-profile');
  }),
  on('empty', 'files that are no profiles are turned down in words', async ({ page, errors }) => {
    for (const [name, contents] of [
      ['notes.txt', 'hello'],
      ['deep.json', '['.repeat(100_000)],
      ['evil.sswan', `{"type":"ikev2-psk","remote":{"addr":"${hostile.slice(0, 20).replaceAll('"', '')}"}}`],
      ['large.json', ' '.repeat(600_000)],
      ['alice.p12', '0\u0003\u0002\u0001\u0003'],
    ] as const) {
      await drop(page, name, contents);
      const dialog = page.getByRole('dialog', { name: 'This file cannot be imported' });
      await dialog.getByText(name).waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await dialog.waitFor({ state: 'detached' });
    }
    assert.deepEqual(errors, []);
  }),
  on(
    'import-locked',
    'a key file asks for its password, shows who it is for, and becomes a profile',
    async ({ page, host }) => {
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Password of the key file').fill('falsch');
      await page.keyboard.press('Enter');
      await dialog.getByText('is wrong').waitFor();
      assert.equal(await dialog.getByLabel('Password of the key file').inputValue(), '');
      await dialog.getByLabel('Password of the key file').fill('geheim');
      await page.keyboard.press('Enter');
      await dialog.getByText('CN=Alice Doe').waitFor();
      assert.ok(!(await page.content()).includes('geheim'));
      assert.ok(await dialog.getByRole('button', { name: 'Import' }).isDisabled(), 'nothing says where to');
      await dialog.getByRole('textbox', { name: 'Gateway', exact: true }).fill('vpn.example.org');
      await dialog.getByLabel('Login method').selectOption('eap-tls');
      assert.equal(await dialog.getByLabel('User name').inputValue(), 'alice@example.org');
      await dialog.getByRole('button', { name: 'Import' }).click();
      await sent(host, 'save-profile');
      const text = host.scene.profileTexts['own:new'] ?? '';
      assert.ok(!text.includes('geheim'));
      const { gateway, authentication, trust } = JSON.parse(text);
      assert.deepEqual(
        [gateway, authentication.method, authentication.certificate.name, trust.ca.length > 0],
        ['vpn.example.org', 'eap-tls', 'alice.p12', true],
      );
      assert.equal(authentication.certificate.pkcs12, Buffer.from(p12).toString('base64'));
    },
  ),
  on(
    'profiles-idle',
    'the list is searched, and a profile is edited where it differs from the defaults',
    async ({ page, host }) => {
      await page.getByLabel('Search profiles').fill('zürich');
      await comesTo(1, page.locator('.profile-card'));
      await page.getByLabel('Search profiles').fill('head');
      await page.getByRole('button', { name: 'Open Headquarters' }).click();
      assert.equal(await page.getByRole('spinbutton', { name: 'Ask after silence' }).inputValue(), '30');
      assert.equal(await page.getByText('MTU').count(), 0, 'a default is not listed');
      await page.getByRole('searchbox', { name: 'Find a setting to add' }).fill('largest packet');
      await page.getByRole('button', { name: /^MTU/ }).click();
      const size = page.getByRole('spinbutton', { name: 'MTU' });
      await comesFocused(page, 'MTU');
      await size.fill('9000');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('must be 1280 to 1500').waitFor();
      await size.fill('1300');
      await page.getByRole('button', { name: 'Remove Ask after silence' }).click();
      await page.getByRole('button', { name: 'Save' }).click();
      await sent(host, 'save-profile');
      const saved = host.scene.profileTexts['own:headquarters'] ?? '';
      assert.equal(JSON.parse(saved).mtu, 1_300);
      assert.ok(!saved.includes('livenessSeconds'));
    },
  ),
  on('profiles-idle', 'what is wrong with a field is told in the language of the page', async ({ page }) => {
    await goTo(page, 'settings');
    await page.getByText('Deutsch').click();
    await goTo(page, 'profiles');
    await page.getByRole('button', { name: 'Headquarters öffnen' }).click();
    await page.getByLabel('Gateway', { exact: true }).fill('zwei worte');
    await page.getByText('muss ein Name oder eine IP-Adresse sein').waitFor();
    const search = page.getByRole('searchbox', { name: 'Einstellung suchen' });
    await search.fill('ESP');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Algorithmen für ESP' }).fill('aes256gcm16\nrot13');
    const told = page.getByText(/rot13.* kennt Godwit nicht als Algorithmus/);
    await told.waitFor();
    assert.doesNotMatch(
      (await told.textContent()) ?? '',
      /u\{/,
      'what keeps foreign text apart is not shown',
    );
    await page.getByRole('button', { name: 'Vertrauen' }).click();
    await page.getByRole('button', { name: /^CAs dieses Computers/ }).click();
    // Only one vouches.
    await comesTo(0, page.getByRole('textbox', { name: 'CA-Zertifikate' }));
  }),
  on('profiles-idle', 'a profile of the computer can be looked at and not changed', async ({ page }) => {
    await page.getByRole('button', { name: 'Open Lab' }).click();
    await page.getByLabel('Gateway', { exact: true }).waitFor();
    assert.ok(await page.getByLabel('Gateway', { exact: true }).isDisabled());
    assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0);
  }),
  on('profiles-idle', 'a profile is deleted only after a question', async ({ page, host }) => {
    await page.getByRole('button', { name: 'Open Headquarters' }).click();
    await page.getByRole('button', { name: 'Delete profile' }).click();
    assert.ok(!host.calls.some(({ method }) => method === 'remove-profile'));
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await sent(host, 'remove-profile');
  }),
  on('logs', 'the log is filtered by words and by level', async ({ page }) => {
    await page.getByLabel('Filter the log').fill('peer.dead');
    await comesTo(1, page.locator('.log-line'));
    await page.getByLabel('From level').selectOption('error');
    await page.getByText('No line fits.').waitFor();
  }),
  on('settings', 'language and colours change at once and are remembered', async ({ page }) => {
    await page.getByText('Dunkel').or(page.getByText('Dark')).click();
    await comesTrue(page, "document.documentElement.dataset.theme === 'dark'");
    await page.getByText('Deutsch').click();
    await page.getByRole('heading', { name: 'Optionen' }).waitFor();
    await comesTrue(page, "document.documentElement.lang === 'de'");
  }),
  on('settings', 'the licences of the libraries can be read', async ({ page, host }) => {
    const button = page.getByRole('button', { name: 'Show the licenses of its libraries' });
    await button.click();
    const dialog = page.getByRole('dialog', { name: 'Licenses of the libraries' });
    await dialog.getByText('asn1js 4.0.0').waitFor();
    assert.ok(await dialog.locator('pre').evaluate((pre) => pre.scrollHeight > pre.clientHeight));
    await dialog.getByRole('button', { name: 'Close' }).click();
    await comesTrue(page, `document.activeElement?.textContent === 'Show the licenses of its libraries'`);
    host.notices = undefined;
    await button.click();
    await page.getByRole('alert').filter({ hasText: 'were not collected' }).waitFor();
  }),
  on(
    'update-none',
    'the user looks for a newer version, and sees what became of it',
    async ({ page, host }) => {
      const status = page.locator('.update [role="status"]');
      await goTo(page, 'settings');
      await status.filter({ hasText: 'this is the newest version' }).waitFor();
      await page.getByRole('button', { name: 'Look now' }).click();
      await status.filter({ hasText: 'looking for a newer version' }).waitFor();
      await comesTo(0, page.getByRole('button', { name: 'Look now' }));
      await host.emit('update', { state: 'fetching', version: '0.2.0' });
      await status.filter({ hasText: 'fetching version' }).waitFor();
      await host.emit('update', { state: 'ready', version: '0.2.0' });
      await status.filter({ hasText: '0.2.0' }).filter({ hasText: 'is here' }).waitFor();
    },
  ),
  on('disconnected', 'a host that wants a profile connected has the page do it', async ({ page, host }) => {
    await goTo(page, 'settings');
    await host.emit('connect-wanted', { id: 'lab' });
    await sent(host, 'connect');
    const call = host.calls.find(({ method }) => method === 'connect');
    assert.deepEqual(call?.params, { source: { kind: 'stored', id: 'lab' }, canAnswer: true });
    await page.locator('main[data-view="connection"]').waitFor();
  }),
  on('connecting', 'who wants no motion sees none', async ({ page }) => {
    // What began as the page was made is over at once; what would turn on and on never ends.
    await comesTrue(page, `document.getAnimations().every((each) => each.playState !== 'running')`);
  }),
  ...(['light', 'dark'] as const).map(
    (theme): Check => ({
      name: `fake: what is said of the state is readable on its colour: ${theme}`,
      async run() {
        for (const name of ['connected', 'disconnected', 'connecting', 'reconnecting', 'failed-password']) {
          const { scene } = namedScenes().find((each) => each.name === name) ?? assert.fail(name);
          await onStage(scene, { ...plainLook, theme }, async ({ page }) => {
            await page.locator('.hero .state-word').first().waitFor();
            const contrasts: number[] = await page.evaluate(heroContrasts);
            assert.ok(contrasts.length >= 2, name);
            assert.ok(Math.min(...contrasts) >= 4.5, `${name}: ${contrasts.join()}`);
          });
        }
      },
    }),
  ),
  on('service-down', 'a daemon that comes back is shown at once', async ({ page, host }) => {
    await page.getByRole('button', { name: 'Try now' }).click();
    await sent(host, 'reach-daemon');
    await host.emit('link', { state: 'up', version: '0.1.0', match: 'same' });
    await page.getByText('Not connected').first().waitFor();
  }),
];

/** Of each text in the hero with the strongest colour behind it, which axe does not judge as it is part of a gradient. */
const heroContrasts = `{
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [, behind] = /gradient\\(105deg, ([a-z]+\\([^)]*\\))/.exec(getComputedStyle(document.querySelector('.hero')).backgroundImage);
  [...document.querySelectorAll('.state-word, .hero-profile, .hero-gateway, .hero-line, .proof')].map((each) => {
    const [dark, light] = [luminance(getComputedStyle(each).color), luminance(behind)].sort((a, b) => a - b);
    return Math.round(((light + 0.05) / (dark + 0.05)) * 100) / 100;
  });
}`;

function on(scene: string, name: string, play: (stage: Stage) => Promise<void>): Check {
  return {
    name: `fake: ${name}`,
    async run() {
      const found = namedScenes().find((each) => each.name === scene);
      assert.ok(found, scene);
      await onStage(found.scene, plainLook, async (stage) => {
        if (found.view !== 'connection') await goTo(stage.page, found.view);
        await play(stage);
        assert.deepEqual(stage.errors, []);
        assert.deepEqual(stage.host.refusals, []);
      });
    },
  };
}

async function focused(page: Page): Promise<string> {
  return await page.evaluate(`{
    const element = document.activeElement;
    const label = element.labels?.[0]?.textContent;
    (element.getAttribute('aria-label') ?? label ?? element.textContent ?? '').trim();
  }`);
}

async function comesFocused(page: Page, name: string): Promise<void> {
  await until(`${name} has the focus`, async () => (await focused(page)) === name);
}

/** Until there are just so many of something. */
async function comesTo(count: number, found: Locator): Promise<void> {
  await until(`${count} of ${found}`, async () => (await found.count()) === count);
}

async function sent(host: FakeHost, wanted: string): Promise<void> {
  await until(`the page sends ${wanted}`, () => host.calls.some(({ method }) => method === wanted));
}
