import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Check } from '../support/check.ts';
import { type NamedScene, namedScenes } from '../support/scenes.ts';
import {
  accessibilityProblems,
  closeStage,
  type Look,
  onStage,
  overflow,
  plainLook,
} from '../support/stage.ts';
import { goTo } from '../support/ui-page.ts';
import { allDrawn } from '../support/wait.ts';

const sizes: readonly (readonly [number, number])[] = [
  [320, 640],
  [1280, 800],
  [3840, 2160],
];

/** Every scene is looked at in these; the plain ones in all of them. */
const thorough = new Set([
  'connected',
  'disconnected',
  'empty',
  'reconnecting',
  'failed-password',
  'ask-password',
  'profiles',
  'editor',
  'details',
  'logs',
  'settings',
]);

function looksOf(name: string, quick: boolean): readonly Look[] {
  if (quick) {
    const small = name.length % 2 === 0;
    return [
      small ? { ...plainLook, width: 320, height: 640, language: 'de' } : { ...plainLook, theme: 'dark' },
    ];
  }
  const all = sizes.flatMap(([width, height]) =>
    (['light', 'dark'] as const).flatMap((theme) =>
      (['en', 'de'] as const).map((language) => ({ width, height, theme, language })),
    ),
  );
  const opposite = (theme: string, language: string) => (theme === 'light') === (language === 'en');
  if (thorough.has(name))
    return all.filter(({ width, theme, language }) => width === 1_280 || opposite(theme, language));
  return all.filter(({ width, theme, language }) =>
    width === 320
      ? theme === 'light' && language === 'de'
      : width === 1280 && theme === 'dark' && language === 'en',
  );
}

/** Opens a profile in the editor, and looks for a setting there. */
export async function openEditor(
  page: Page,
  { profile, search }: NonNullable<NamedScene['editor']>,
): Promise<void> {
  await page.locator('.profile-open').filter({ hasText: profile }).click();
  // What the profile says comes from the host.
  await page.locator('.editor-fields').first().waitFor();
  if (search !== undefined) await page.locator('.editor input[type="search"]').fill(search);
}

/** Makes the window as high as the page, so that what sticks to its edges is where it belongs in the picture. */
async function unfold(page: Page, { width, height }: Look): Promise<void> {
  // Charts grow with the window, a little, and the page with them.
  for (let turn = 0; turn < 2; turn++) {
    const whole: number = await page.evaluate('document.documentElement.scrollHeight');
    await page.setViewportSize({ width, height: Math.max(height, whole) });
    await allDrawn(page);
  }
}

/** Every state, error and empty screen at three sizes, in both themes and both languages: nothing overflows, nothing fails. */
export function pictureChecks(quick: boolean): readonly Check[] {
  return [
    // What is hostile is read, not looked at: see checks.ts.
    ...namedScenes()
      .filter(({ name }) => !name.startsWith('hostile-'))
      .map(
        ({ name, view, editor }): Check => ({
          name: `picture: ${name}`,
          async run({ folder, keep }) {
            for (const look of looksOf(name, quick)) {
              // Made anew: times in it are told as they are now.
              const { scene } = namedScenes().find((each) => each.name === name) ?? assert.fail(name);
              await onStage(scene, look, async ({ page, errors, host }) => {
                if (view !== 'connection') await goTo(page, view);
                if (editor !== undefined) await openEditor(page, editor);
                if (scene.ask !== undefined || scene.offer !== undefined)
                  await page.locator('dialog[open]').waitFor();
                assert.equal(await page.evaluate('document.documentElement.dataset.theme'), look.theme);
                await allDrawn(page);
                const file = join(folder, `${name}-${look.width}-${look.theme}-${look.language}.png`);
                if (look.width < 3_840) await unfold(page, look);
                await page.screenshot({ path: file, fullPage: look.width < 3_840 });
                keep(file);
                assert.equal(await overflow(page), undefined, file);
                const problems = look.width === 3_840 ? [] : await accessibilityProblems(page);
                assert.deepEqual(problems, [], file);
                assert.deepEqual(errors, [], file);
                assert.deepEqual(host.refusals, [], file);
              });
            }
          },
        }),
      ),
    { name: 'picture: the browser ends', run: closeStage },
  ];
}
