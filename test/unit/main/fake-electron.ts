import { EventEmitter } from 'node:events';
import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  MessageBoxReturnValue,
  NotificationConstructorOptions,
  Rectangle,
} from 'electron';
import type { AppSession, ElectronApis, PageEvent } from '../../../main/electron-apis.ts';
import { pageUrl } from '../../../main/page-address.ts';

/** Electron for `startApp`, as far as that uses it; what it was told is here to look at. */
export class FakeElectron {
  readonly app = new FakeApp();
  readonly windows: FakeWindow[] = [];
  readonly trays: FakeTray[] = [];
  readonly notifications: FakeNotification[] = [];
  readonly ipcMain = new EventEmitter();
  readonly handlers = new Map<string, (request: Request) => Response | Promise<Response>>();
  readonly permissions: {
    request?: Parameters<AppSession['setPermissionRequestHandler']>[0];
    check?: () => boolean;
    device?: () => boolean;
    load?: Parameters<AppSession['webRequest']['onBeforeRequest']>[0];
  } = {};
  applicationMenu: MenuItemConstructorOptions[] = [];
  screens: Rectangle[] = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  /** What the user presses in the next message box. */
  answer = 0;
  readonly questions: string[] = [];

  constructor(userData: string) {
    this.app.userData = userData;
  }

  get apis(): ElectronApis {
    const fake = this;
    const Window = class extends FakeWindow {
      constructor(options: BrowserWindowConstructorOptions) {
        super(options);
        fake.windows.push(this);
      }
    };
    const Tray = class extends FakeTray {
      constructor(image: string) {
        super(image);
        fake.trays.push(this);
      }
    };
    const Notification = class extends FakeNotification {
      constructor(options: NotificationConstructorOptions) {
        super(options);
        fake.notifications.push(this);
      }
      static isSupported(): boolean {
        return true;
      }
    };
    return {
      app: this.app,
      BrowserWindow: Window,
      Tray,
      Notification,
      ipcMain: this.ipcMain,
      Menu: {
        buildFromTemplate: (items: MenuItemConstructorOptions[]) => items,
        setApplicationMenu: (items: MenuItemConstructorOptions[]) => {
          this.applicationMenu = items;
        },
      },
      dialog: {
        showMessageBox: async ({ message }: { message: string }): Promise<MessageBoxReturnValue> => {
          this.questions.push(message);
          return { response: this.answer, checkboxChecked: false };
        },
      },
      protocol: {
        handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) => {
          this.handlers.set(scheme, handler);
        },
      },
      screen: { getAllDisplays: () => this.screens.map((workArea) => ({ workArea })) },
      session: {
        defaultSession: {
          setPermissionRequestHandler: (
            handler: Parameters<AppSession['setPermissionRequestHandler']>[0],
          ) => {
            this.permissions.request = handler;
          },
          setPermissionCheckHandler: (handler: () => boolean) => {
            this.permissions.check = handler;
          },
          setDevicePermissionHandler: (handler: () => boolean) => {
            this.permissions.device = handler;
          },
          webRequest: {
            onBeforeRequest: (handler: Parameters<AppSession['webRequest']['onBeforeRequest']>[0]) => {
              this.permissions.load = handler;
            },
          },
        },
      },
    };
  }
}

class FakeApp extends EventEmitter {
  userData = '';
  locale = 'en-GB';
  first = true;
  quits = 0;
  readonly protocols: string[] = [];

  requestSingleInstanceLock(): boolean {
    return this.first;
  }

  async whenReady(): Promise<void> {}

  /** As Electron does: whoever hears `before-quit` may prevent it. */
  quit(): void {
    let prevented = false;
    this.emit('before-quit', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.quits++;
  }

  setAsDefaultProtocolClient(protocol: string): boolean {
    this.protocols.push(protocol);
    return true;
  }

  getPath(): string {
    return this.userData;
  }

  getLocale(): string {
    return this.locale;
  }

  getVersion(): string {
    return '9.9.9';
  }
}

let contentsIds = 0;

export class FakeContents extends EventEmitter {
  readonly id = ++contentsIds;
  readonly mainFrame = { url: pageUrl };
  readonly sent: { readonly channel: string; readonly message: string }[] = [];
  windowOpen: (() => { action: string }) | undefined;
  destroyed = false;
  reloads = 0;

  send(channel: string, message: string): void {
    this.sent.push({ channel, message });
    this.emit('sent');
  }

  setWindowOpenHandler(handler: () => { action: string }): void {
    this.windowOpen = handler;
  }

  reload(): void {
    this.reloads++;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  /** An event as the main process gets it from this page's main frame, or from another frame. */
  event(frame: { url: string } | null = this.mainFrame): PageEvent {
    return { sender: this, senderFrame: frame };
  }
}

export class FakeWindow extends EventEmitter {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents = new FakeContents();
  visible = false;
  minimized = false;
  maximized = false;
  destroyed = false;
  focused = 0;
  loaded: string[] = [];
  bounds: Rectangle;

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    const { x = 10, y = 20, width = 800, height = 600 } = options;
    this.bounds = { x, y, width, height };
  }

  show(): void {
    this.visible = true;
  }

  hide(): void {
    this.visible = false;
  }

  focus(): void {
    this.focused++;
  }

  restore(): void {
    this.minimized = false;
  }

  maximize(): void {
    this.maximized = true;
  }

  isMinimized(): boolean {
    return this.minimized;
  }

  isMaximized(): boolean {
    return this.maximized;
  }

  isVisible(): boolean {
    return this.visible;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  getNormalBounds(): Rectangle {
    return this.bounds;
  }

  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
    this.emit('ready-to-show');
  }

  /** What the window's cross does. */
  close(): void {
    let prevented = false;
    this.emit('close', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (prevented) return;
    this.destroyed = true;
    this.webContents.destroyed = true;
    this.webContents.emit('destroyed');
  }
}

class FakeTray extends EventEmitter {
  image: string;
  toolTip = '';
  menu: MenuItemConstructorOptions[] = [];
  destroyed = false;

  constructor(image: string) {
    super();
    this.image = image;
  }

  setImage(image: string): void {
    this.image = image;
  }

  setToolTip(text: string): void {
    this.toolTip = text;
  }

  setContextMenu(items: MenuItemConstructorOptions[]): void {
    this.menu = items;
  }

  destroy(): void {
    this.destroyed = true;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }
}

class FakeNotification extends EventEmitter {
  readonly options: NotificationConstructorOptions;
  shown = false;

  constructor(options: NotificationConstructorOptions) {
    super();
    this.options = options;
  }

  show(): void {
    this.shown = true;
  }
}
