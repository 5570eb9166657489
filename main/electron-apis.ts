import type * as Electron from 'electron';

/**
 * The few things of Electron that this folder uses, in Electron's own types: `main.ts` hands in the real ones, tests hand
 * in others. Nothing else here imports Electron, so that it runs where Electron's binary is not.
 */
export interface ElectronApis {
  readonly app: Pick<
    Electron.App,
    | 'on'
    | 'quit'
    | 'whenReady'
    | 'requestSingleInstanceLock'
    | 'setAsDefaultProtocolClient'
    | 'getPath'
    | 'getLocale'
    | 'getVersion'
  >;
  readonly BrowserWindow: new (options: Electron.BrowserWindowConstructorOptions) => AppWindow;
  readonly Tray: new (image: Electron.NativeImage) => AppTray;
  readonly Menu: Pick<typeof Electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
  readonly Notification: (new (
    options: Electron.NotificationConstructorOptions,
  ) => AppNotification) & {
    isSupported(): boolean;
  };
  readonly ipcMain: Pick<Electron.IpcMain, 'on'>;
  readonly nativeImage: Pick<typeof Electron.nativeImage, 'createFromPath'>;
  readonly dialog: Pick<Electron.Dialog, 'showMessageBox'>;
  readonly protocol: Pick<Electron.Protocol, 'handle'>;
  readonly screen: Pick<Electron.Screen, 'getAllDisplays'>;
  readonly session: { readonly defaultSession: AppSession };
}

export interface AppWindow
  extends Pick<
    Electron.BrowserWindow,
    | 'on'
    | 'show'
    | 'hide'
    | 'focus'
    | 'restore'
    | 'isMinimized'
    | 'isMaximized'
    | 'isVisible'
    | 'isDestroyed'
    | 'maximize'
    | 'getNormalBounds'
    | 'loadURL'
  > {
  readonly webContents: AppContents;
}

export type AppContents = Pick<
  Electron.WebContents,
  'id' | 'on' | 'send' | 'setWindowOpenHandler' | 'mainFrame' | 'reload' | 'isDestroyed'
>;

export type AppTray = Pick<
  Electron.Tray,
  'on' | 'setImage' | 'setToolTip' | 'setContextMenu' | 'destroy' | 'isDestroyed'
>;

export type AppNotification = Pick<Electron.Notification, 'on' | 'show'>;

export type AppSession = Pick<
  Electron.Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
> & {
  readonly webRequest: Pick<Electron.WebRequest, 'onBeforeRequest'>;
};
