import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** Guards against hanging, and no more: a machine that does much else at the same time may need long for anything. */
export const patienceMs = 60_000;

/** Asks again and again until something holds. `what`: for whoever reads that it never did. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `waited too long: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The same with an expression in a page, whose policy lets nothing in it make code of text: it cannot wait by itself. */
export async function comesTrue(page: Page, expression: string): Promise<void> {
  await until(expression, async () => (await page.evaluate(expression)) === true);
}

/** A text that an element showed. */
export interface Shown {
  readonly text: string;
  /** On the page's monotonic clock. */
  readonly atMs: number;
}

/** Notes each text that an element shows from now on, so that what stands for a second is not missed by who looks late. */
export async function noteTexts(page: Page, selector: string): Promise<() => Promise<readonly Shown[]>> {
  await page.evaluate(`{
    const element = document.querySelector(${JSON.stringify(selector)});
    const shown = [];
    const note = () => shown.push({ text: element.textContent, atMs: performance.now() });
    new MutationObserver(note).observe(element, { subtree: true, childList: true, characterData: true });
    window.shownTexts = shown;
    0;
  }`);
  return async () => await page.evaluate('window.shownTexts');
}

/** Waits until all of the page looks as it will: letters and pictures are here, charts fill their places, nothing moves. */
export async function allDrawn(page: Page): Promise<void> {
  await page.evaluate('Promise.all([...document.fonts].map((font) => font.load())).then(() => 0)');
  await comesTrue(
    page,
    `{
    const filled = (place) => {
      const plot = place.querySelector('.uplot');
      const apart = (one, other) => Math.abs(one - other) > 1;
      return plot !== null && !apart(plot.offsetWidth, place.clientWidth) && !apart(plot.offsetHeight, place.clientHeight);
    };
    [...document.images].every((each) => each.complete) &&
      [...document.querySelectorAll('.chart')].every(filled) &&
      document.getAnimations().every((each) => each.playState !== 'running');
  }`,
  );
}
