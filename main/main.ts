import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  Notification,
  protocol,
  screen,
  session,
  Tray,
} from 'electron';
import { noticesFile } from '../core/platform/notices.ts';
import { readStaticFiles } from '../core/platform/static-files.ts';
import { defaultSocketPath } from '../core/rpc/socket-path.ts';
import { connectRpc } from '../core/rpc/transport/client.ts';
import { pageScheme } from './page-address.ts';
import { startApp } from './start-app.ts';

/* The desktop app's entry, and the one file that takes Electron itself. Bundled, it lies in dist/app. */
const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const socket = process.env['GODWIT_SOCKET'] ?? defaultSocketPath;

// Must be said before the app is ready: the page's scheme is a place of its own, and secure.
protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true } }]);
app.enableSandbox();

const files = await readStaticFiles(beside('../renderer'));
if (!files.ok) {
  dialog.showErrorBox(
    'Godwit',
    'This installation of Godwit is not whole: its pages are missing. Install it again.',
  );
  app.exit(1);
} else {
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const apis = {
    app,
    BrowserWindow,
    Tray,
    Menu,
    Notification,
    ipcMain,
    dialog,
    protocol,
    screen,
    session,
  };
  await startApp(apis, {
    argv: process.argv,
    program: process.env['APPIMAGE'] ?? process.execPath,
    autostartFolder: join(config, 'autostart'),
    preload: beside('./preload.cjs'),
    icons: beside('../../build/icons'),
    files: files.value,
    reach: () => connectRpc(socket),
    notices: join(process.resourcesPath, 'godwit', noticesFile),
    updates: {
      // Not for a program that inherits the variable.
      appImage: app.isPackaged ? process.env['APPIMAGE'] : undefined,
      resources: process.resourcesPath,
      updater: async () => new (await import('electron-updater')).AppImageUpdater(),
      now: () => Date.now(),
    },
  });
}
