/*
 * Takes the pictures of the interface that README and the guide show, into docs/pictures:
 *
 *     node_modules/.bin/node test/e2e/take-pictures.ts
 */
import { join } from 'node:path';
import { root } from '../../build/testing/run-tests.ts';
import { buildUi } from '../../build/ui/build-ui.ts';
import { openEditor } from './fake/pictures.ts';
import { namedScenes } from './support/scenes.ts';
import { closeStage, type Look, onStage } from './support/stage.ts';
import { goTo } from './support/ui-page.ts';
import { allDrawn } from './support/wait.ts';

const pictures: readonly { readonly scene: string; readonly file: string; readonly look: Look }[] = [
  {
    scene: 'connected',
    file: 'ui-connected.png',
    look: { width: 1280, height: 1020, theme: 'light', language: 'en' },
  },
  {
    scene: 'connected',
    file: 'ui-connected-dark.png',
    look: { width: 1280, height: 1020, theme: 'dark', language: 'en' },
  },
  {
    scene: 'ask-passcode',
    file: 'ui-question.png',
    look: { width: 1100, height: 640, theme: 'light', language: 'en' },
  },
  {
    scene: 'failed-certificate',
    file: 'ui-failure.png',
    look: { width: 1100, height: 640, theme: 'light', language: 'en' },
  },
  {
    scene: 'profiles-idle',
    file: 'ui-profiles.png',
    look: { width: 1100, height: 560, theme: 'light', language: 'en' },
  },
  {
    scene: 'editor-search',
    file: 'ui-editor.png',
    look: { width: 1100, height: 1180, theme: 'light', language: 'en' },
  },
  {
    scene: 'details',
    file: 'ui-details.png',
    look: { width: 1100, height: 1000, theme: 'dark', language: 'en' },
  },
  {
    scene: 'connected',
    file: 'ui-small.png',
    look: { width: 360, height: 740, theme: 'dark', language: 'de' },
  },
];

await buildUi();
try {
  for (const { scene, file, look } of pictures) {
    const found = namedScenes().find(({ name }) => name === scene);
    if (found === undefined) throw new Error(`there is no scene ${scene}`);
    await onStage(found.scene, look, async ({ page }) => {
      if (found.view !== 'connection') await goTo(page, found.view);
      if (found.editor !== undefined) {
        await openEditor(page, found.editor);
        await page.evaluate('window.scrollTo(0, document.documentElement.scrollHeight)');
      }
      if (found.scene.ask !== undefined) await page.locator('dialog[open]').waitFor();
      await allDrawn(page);
      await page.screenshot({ path: join(root, 'docs/pictures', file) });
      process.stderr.write(`docs/pictures/${file}\n`);
    });
  }
} finally {
  await closeStage();
}
