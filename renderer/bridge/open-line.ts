import type { Line } from './bridge.ts';
import { openLoopbackLine } from './loopback-line.ts';

declare global {
  interface Window {
    /** Put there by Electron's preload script. */
    readonly godwitLine?: Line;
  }
}

/** The way to whoever hosts this page. */
export function openLine(): Line {
  return (
    window.godwitLine ??
    openLoopbackLine({
      fetch: (path, init) => fetch(path, init),
      location,
      history,
      sessionStorage,
      setTimeout: (run, ms) => setTimeout(run, ms),
      newName: () => crypto.randomUUID(),
    })
  );
}
