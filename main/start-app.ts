import { join } from 'node:path';
import { err, ok } from '../core/base/result.ts';
import { fileFailure } from '../core/platform/errno.ts';
import { readNotices } from '../core/platform/notices.ts';
import type { StaticFile } from '../core/platform/static-files.ts';
import type { BridgeMethodName, ViewName } from '../core/rpc/bridge.ts';
import type { BridgePageOptions } from '../core/rpc/transport/bridge-page.ts';
import { appMenu } from './app-menu.ts';
import { StateTray } from './app-tray.ts';
import { AppImageUpdate, type UpdateSurroundings } from './app-update.ts';
import { DaemonWatch, lastProfileSchema } from './daemon-watch.ts';
import type { ElectronApis } from './electron-apis.ts';
import { JsonFile } from './json-file.ts';
import { MainWindow } from './main-window.ts';
import { isFailed, type Mood, moodOf, profileName, type Situation } from './mood.ts';
import { Notifier } from './notifier.ts';
import { type Opened, openArguments, openFile, openLink } from './opened.ts';
import { pageScheme } from './page-address.ts';
import { PageBridge } from './page-bridge.ts';
import { Preferences, preferencesSchema } from './preferences.ts';
import { refusePermissions } from './refuse-permissions.ts';
import { servePage } from './serve-page.ts';
import { windowStateSchema } from './window-state.ts';
import { type Words, wordsFor } from './words.ts';
import { xdgAutostart } from './xdg-autostart.ts';

export interface AppSurroundings {
  readonly argv: readonly string[];
  /** What starts this program, for the desktop's autostart. */
  readonly program: string;
  /** Folder of the user's autostart entries. */
  readonly autostartFolder: string;
  readonly preload: string;
  /** Folder with `icon.png` and `tray-MOOD.png`. */
  readonly icons: string;
  /** The page's files. */
  readonly files: ReadonlyMap<string, StaticFile>;
  readonly reach: BridgePageOptions['reach'];
  readonly updates: UpdateSurroundings;
  /** The file with the licences of what is packed. */
  readonly notices: string;
}

/** The desktop app, put together. Returns at once when another one runs already: that one shows itself. */
export async function startApp(electron: ElectronApis, around: AppSurroundings): Promise<App | undefined> {
  const { app } = electron;
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return undefined;
  }
  const early: Opened[] = [];
  const offerEarly = (opened: Opened | undefined): void => void (opened && early.push(opened));
  let running: App | undefined;
  const offer = (opened: Opened | undefined): void => {
    if (running === undefined) offerEarly(opened);
    else if (opened !== undefined) running.offer(opened);
  };
  app.on('second-instance', (_event, argv) => {
    running?.show();
    for (const opened of openArguments(argv.slice(1))) offer(opened);
  });
  app.on('open-url', (event, url) => {
    event.preventDefault();
    offer(openLink(url));
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    offer(openFile(path));
  });
  // The tray stays: closing the window is not the end.
  app.on('window-all-closed', () => undefined);
  await app.whenReady();
  running = new App(electron, around);
  const opened = [...openArguments(around.argv.slice(1)), ...early];
  for (const each of opened) running.offer(each);
  if (opened.length === 0 && !around.argv.includes('--hidden')) running.show();
  return running;
}

/** Window, tray, notifications and bridge of one running program. */
export class App {
  readonly #electron: ElectronApis;
  readonly #words: Words;
  readonly #preferences: Preferences;
  readonly #window: MainWindow;
  readonly #bridge: PageBridge;
  readonly #tray: StateTray;
  readonly #notifier: Notifier;
  readonly #watch: DaemonWatch;
  readonly #update: AppImageUpdate;
  /** The moment of the failure that the user has looked at. */
  #seenFailure: number | undefined;
  #leaving = false;

  constructor(electron: ElectronApis, around: AppSurroundings) {
    this.#electron = electron;
    const { app } = electron;
    const folder = app.getPath('userData');
    const icon = (name: string): string => join(around.icons, `${name}.png`);
    this.#words = wordsFor(app.getLocale());
    this.#preferences = new Preferences(
      new JsonFile(join(folder, 'preferences.json'), preferencesSchema),
      xdgAutostart(join(around.autostartFolder, 'godwit.desktop'), around.program),
    );
    this.#window = new MainWindow(electron, {
      preload: around.preload,
      icon: icon('icon'),
      state: new JsonFile(join(folder, 'window.json'), windowStateSchema),
      keepInTray: () => this.#preferences.get('keep-in-tray'),
    });
    this.#bridge = new PageBridge(electron.ipcMain, {
      reach: around.reach,
      methods: this.#hostMethods(around.notices),
      onAsk: () => this.show(),
      onServed: (method, good) => this.#onServed(method, good),
    });
    this.#update = new AppImageUpdate(around.updates, (update) => this.#bridge.tell('update', update));
    const quit = (): void => app.quit();
    const connect = (id: string): void => this.#connect(id);
    const actions = {
      open: () => this.show(),
      connect,
      disconnect: () => void this.#watch.disconnect(),
      quit,
    };
    this.#tray = new StateTray(electron, this.#words, actions, (mood: Mood) => icon(`tray-${mood}`));
    this.#notifier = new Notifier(electron, this.#words, {
      enabled: () => this.#preferences.get('notifications'),
      watched: () => this.#window.visible,
      onClick: () => this.show(),
    });
    const last = new JsonFile(join(folder, 'last-profile.json'), lastProfileSchema);
    this.#watch = new DaemonWatch(around.reach, last, (situation) => this.#onSituation(situation));
    electron.protocol.handle(pageScheme, servePage(around.files));
    refusePermissions(electron.session.defaultSession);
    app.setAsDefaultProtocolClient('godwit');
    const show = (view: ViewName): void => this.show(view);
    electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(appMenu(this.#words, { show, quit })));
    app.on('activate', () => this.show());
    app.on('before-quit', (event) => this.#onQuit(event));
    void this.#update.check();
  }

  /** Shows the window, at this view if one is named. */
  show(view?: ViewName): void {
    this.#window.show();
    if (view !== undefined) this.#bridge.emit('show', { view });
    this.#seenFailure = failedAt(this.#watch.situation);
    this.#onSituation(this.#watch.situation);
  }

  offer(opened: Opened): void {
    this.#window.show();
    this.#bridge.emit('import-offered', opened);
  }

  /** By the page, shown or not: it is the one that is asked then, and shows itself when it is. */
  #connect(id: string): void {
    this.#window.prepare();
    this.#bridge.emit('connect-wanted', { id });
  }

  #onServed(method: BridgeMethodName, good: boolean): void {
    if (method === 'save-profile' || method === 'remove-profile') void this.#watch.listProfiles();
    // There is no state that would tell of it.
    if (method === 'connect' && !good) this.show();
  }

  #hostMethods(noticesFile: string): BridgePageOptions['methods'] {
    const list = () => this.#preferences.list();
    return {
      host: () =>
        ok({
          kind: 'electron',
          version: this.#electron.app.getVersion(),
          preferences: list(),
          update: this.#update.state,
        }),
      'check-for-updates': () => {
        void this.#update.check();
        return ok({ update: this.#update.state });
      },
      notices: async () => {
        const read = await readNotices(noticesFile);
        return read.ok ? ok({ text: read.value }) : read;
      },
      'set-preference': ({ name, value }) => {
        try {
          this.#preferences.set(name, value);
        } catch (error) {
          return err(fileFailure('autostart', error));
        }
        return ok({ preferences: list() });
      },
    };
  }

  #onSituation(situation: Situation): void {
    if (this.#window.visible) this.#seenFailure = failedAt(situation);
    const seen = failedAt(situation) === this.#seenFailure;
    this.#tray.show(moodOf(situation, seen), situation);
    this.#notifier.notice(situation);
  }

  /** A connection that stands is not ended by accident, nor left behind without a word. */
  #onQuit(event: { preventDefault(): void }): void {
    const profile = profileName(this.#watch.situation.snapshot);
    if (this.#leaving || profile === undefined || !this.#preferences.get('ask-before-quit')) {
      this.#close();
      return;
    }
    event.preventDefault();
    void this.#askToLeave(profile);
  }

  async #askToLeave(profile: string): Promise<void> {
    const { leave } = this.#words;
    const { response } = await this.#electron.dialog.showMessageBox({
      type: 'question',
      message: leave.question(profile),
      detail: leave.detail,
      buttons: [leave.keep, leave.disconnect, leave.stay],
      defaultId: 0,
      cancelId: 2,
      noLink: true,
    });
    if (response === 2) return;
    if (response === 1) await this.#watch.disconnect();
    this.#leaving = true;
    this.#electron.app.quit();
  }

  #close(): void {
    this.#window.leave();
    this.#watch.close();
    this.#bridge.close();
    this.#tray.close();
  }
}

function failedAt({ snapshot }: Situation): number | undefined {
  return snapshot !== undefined && isFailed(snapshot) && snapshot.tunnel.state === 'disconnected'
    ? snapshot.tunnel.since
    : undefined;
}
