import type { Rectangle } from 'electron';
import * as z from 'zod';
import type { JsonFile } from './json-file.ts';

const coordinate = z.int().min(-100_000).max(100_000);
const extent = z.int().min(1).max(100_000);
export const windowStateSchema = z.strictObject({
  x: coordinate,
  y: coordinate,
  width: extent,
  height: extent,
  maximized: z.boolean(),
});
export type WindowState = z.output<typeof windowStateSchema>;

export const smallest = { width: 320, height: 480 } as const;
const usual = { width: 1_040, height: 760 } as const;

/** So much of a window must be on a screen for a user to reach it. */
const reachable = 64;

export interface Placement {
  readonly bounds: Pick<Rectangle, 'width' | 'height'> & Partial<Rectangle>;
  readonly maximized: boolean;
}

/** Where the window was, unless the screen that it was on is gone. */
export function placeWindow(file: JsonFile<WindowState>, screens: readonly Rectangle[]): Placement {
  const state = file.read();
  if (state === undefined) return { bounds: usual, maximized: false };
  const { maximized, ...bounds } = state;
  const size = {
    width: Math.max(bounds.width, smallest.width),
    height: Math.max(bounds.height, smallest.height),
  };
  const seen = screens.some((screen) => {
    const right = Math.min(bounds.x + size.width, screen.x + screen.width);
    const left = Math.max(bounds.x, screen.x);
    // The upper edge is what a window is moved by.
    const above = bounds.y >= screen.y && bounds.y + reachable <= screen.y + screen.height;
    return right - left >= reachable && above;
  });
  return { bounds: seen ? { x: bounds.x, y: bounds.y, ...size } : size, maximized };
}
