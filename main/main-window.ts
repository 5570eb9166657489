import type { AppWindow, ElectronApis } from './electron-apis.ts';
import type { JsonFile } from './json-file.ts';
import { isPageAddress, pageUrl } from './page-address.ts';
import { placeWindow, smallest, type WindowState } from './window-state.ts';

export interface MainWindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly state: JsonFile<WindowState>;
  /** Closing it only hides it. */
  readonly keepInTray: () => boolean;
}

/** The one window. It is made when it is first shown, and made again when it was closed. */
export class MainWindow {
  readonly #electron: ElectronApis;
  readonly #options: MainWindowOptions;
  #window: AppWindow | undefined;
  #leaving = false;

  constructor(electron: ElectronApis, options: MainWindowOptions) {
    this.#electron = electron;
    this.#options = options;
  }

  get visible(): boolean {
    return this.#window !== undefined && !this.#window.isDestroyed() && this.#window.isVisible();
  }

  show(): void {
    const window = this.#window;
    if (window === undefined || window.isDestroyed()) {
      this.#window = this.#create(true);
      return;
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** Sees to it that there is a page, without a look at it: it works while the window is hidden. */
  prepare(): void {
    if (this.#window === undefined || this.#window.isDestroyed()) this.#window = this.#create(false);
  }

  /** From now on closing means closing: the program ends. */
  leave(): void {
    this.#leaving = true;
  }

  #create(show: boolean): AppWindow {
    const { state, preload, icon, keepInTray } = this.#options;
    const screens = this.#electron.screen.getAllDisplays().map(({ workArea }) => workArea);
    const { bounds, maximized } = placeWindow(state, screens);
    const window = new this.#electron.BrowserWindow({
      ...bounds,
      minWidth: smallest.width,
      minHeight: smallest.height,
      show: false,
      autoHideMenuBar: true,
      icon,
      webPreferences: {
        preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        navigateOnDragDrop: false,
        webviewTag: false,
        spellcheck: false,
      },
    });
    lockDown(window);
    if (maximized) window.maximize();
    window.on('ready-to-show', () => {
      if (show) window.show();
    });
    window.on('close', (event) => {
      state.write({ ...window.getNormalBounds(), maximized: window.isMaximized() });
      if (this.#leaving || !keepInTray()) return;
      event.preventDefault();
      window.hide();
    });
    void window.loadURL(pageUrl);
    return window;
  }
}

/** The page is ours and stays ours: it goes nowhere, opens nothing and embeds nothing. */
function lockDown({ webContents }: AppWindow): void {
  webContents.on('will-navigate', (event) => event.preventDefault());
  webContents.on('will-redirect', (event) => {
    if (!isPageAddress(event.url)) event.preventDefault();
  });
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
