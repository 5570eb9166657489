import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  NotificationConstructorOptions,
  Rectangle,
} from 'electron';

/**
 * The few things of Electron that this folder uses: `main.ts` hands in the real ones, tests hand in others. Nothing else
 * here imports more than Electron's types, so that it runs where Electron's binary is not. That the real ones fit is
 * checked where `main.ts` hands them in.
 */
export interface ElectronApis {
  readonly app: AppEvents & {
    quit(): void;
    whenReady(): Promise<void>;
    requestSingleInstanceLock(): boolean;
    setAsDefaultProtocolClient(protocol: string): boolean;
    getPath(name: 'userData'): string;
    getLocale(): string;
    getVersion(): string;
  };
  readonly BrowserWindow: new (options: BrowserWindowConstructorOptions) => AppWindow;
  readonly Tray: new (image: string) => AppTray;
  readonly Menu: {
    buildFromTemplate(items: MenuItemConstructorOptions[]): Menu;
    setApplicationMenu(menu: Menu): void;
  };
  readonly Notification: (new (
    options: NotificationConstructorOptions,
  ) => AppNotification) & {
    isSupported(): boolean;
  };
  readonly ipcMain: {
    on(channel: string, listener: (event: PageEvent, message: unknown) => void): unknown;
  };
  readonly dialog: { showMessageBox(options: MessageBoxOptions): Promise<{ readonly response: number }> };
  readonly protocol: { handle(scheme: string, handler: (request: Request) => Response): void };
  readonly screen: { getAllDisplays(): readonly { readonly workArea: Rectangle }[] };
  readonly session: { readonly defaultSession: AppSession };
}

/** Made by Electron, handed back to it, and never looked into. */
export type Menu = object | null;

interface Preventable {
  preventDefault(): void;
}

interface AppEvents {
  on(event: 'second-instance', listener: (event: unknown, argv: string[]) => void): unknown;
  on(event: 'open-url' | 'open-file', listener: (event: Preventable, what: string) => void): unknown;
  on(event: 'window-all-closed' | 'activate', listener: () => void): unknown;
  on(event: 'before-quit', listener: (event: Preventable) => void): unknown;
}

export interface AppWindow {
  readonly webContents: AppContents;
  on(event: 'ready-to-show', listener: () => void): unknown;
  on(event: 'close', listener: (event: Preventable) => void): unknown;
  show(): void;
  hide(): void;
  focus(): void;
  restore(): void;
  maximize(): void;
  isMinimized(): boolean;
  isMaximized(): boolean;
  isVisible(): boolean;
  isDestroyed(): boolean;
  getNormalBounds(): Rectangle;
  loadURL(url: string): Promise<void>;
}

export interface Frame {
  readonly url: string;
}

export interface AppContents {
  readonly id: number;
  readonly mainFrame: Frame;
  on(event: 'will-navigate' | 'will-redirect', listener: (event: Preventable & Frame) => void): unknown;
  on(event: 'will-attach-webview', listener: (event: Preventable) => void): unknown;
  on(event: 'destroyed', listener: () => void): unknown;
  send(channel: string, message: string): void;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
  reload(): void;
  isDestroyed(): boolean;
}

/** A message of a page: from which page, and from which of its frames (`null`: it is gone). */
export interface PageEvent {
  readonly sender: AppContents;
  readonly senderFrame: Frame | null;
}

/** An image is the path of its file; a second one beside it, named `@2x`, is for finer screens. */
export interface AppTray {
  on(event: 'click', listener: () => void): unknown;
  setImage(image: string): void;
  setToolTip(text: string): void;
  setContextMenu(menu: Menu): void;
  destroy(): void;
  isDestroyed(): boolean;
}

export interface AppNotification {
  on(event: 'click', listener: () => void): unknown;
  show(): void;
}

export interface AppSession {
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: unknown, allow: (granted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: () => boolean): void;
  setDevicePermissionHandler(handler: () => boolean): void;
  readonly webRequest: {
    onBeforeRequest(handler: (details: Frame, answer: (verdict: { cancel: boolean }) => void) => void): void;
  };
}
