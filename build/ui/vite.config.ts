import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { InlineConfig } from 'vite';

/** Where the interface's page lies, and what names of assets are told from. */
export const uiRoot = fileURLToPath(new URL('../../renderer', import.meta.url));

/** Where the built interface lies: `godwit ui` serves it, and the desktop app packs it. */
export const uiFolder = fileURLToPath(new URL('../../dist/renderer', import.meta.url));

/** How the interface becomes static files that need nothing from outside. */
export const uiConfig: InlineConfig = {
  root: uiRoot,
  base: './',
  configFile: false,
  logLevel: 'warn',
  plugins: [react()],
  build: {
    outDir: uiFolder,
    emptyOutDir: true,
    target: 'chrome130',
    // Under the Content-Security-Policy there are no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
};
