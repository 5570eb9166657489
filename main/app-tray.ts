import type { MenuItemConstructorOptions } from 'electron';
import type { AppTray, ElectronApis } from './electron-apis.ts';
import { type Mood, profileName, type Situation } from './mood.ts';
import type { Words } from './words.ts';

export interface TrayActions {
  readonly open: () => void;
  readonly disconnect: () => void;
  readonly quit: () => void;
}

/** The icon beside the clock: its shape tells the state, its menu says it in words and offers what can be done. */
export class StateTray {
  readonly #electron: ElectronApis;
  readonly #words: Words;
  readonly #actions: TrayActions;
  readonly #iconOf: (mood: Mood) => string;
  #tray: AppTray | undefined;
  #shown = '';

  constructor(electron: ElectronApis, words: Words, actions: TrayActions, iconOf: (mood: Mood) => string) {
    this.#electron = electron;
    this.#words = words;
    this.#actions = actions;
    this.#iconOf = iconOf;
  }

  show(mood: Mood, situation: Situation): void {
    const profile = profileName(situation.snapshot);
    const state = this.#words.mood[mood];
    const text = profile === undefined ? state : this.#words.withProfile(state, profile);
    const key = `${mood} ${text}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const image = this.#iconOf(mood);
    const tray = this.#tray ?? this.#create(image);
    tray.setImage(image);
    tray.setToolTip(`Godwit: ${text}`);
    tray.setContextMenu(this.#electron.Menu.buildFromTemplate(this.#menu(mood, text)));
  }

  close(): void {
    if (this.#tray?.isDestroyed() === false) this.#tray.destroy();
    this.#tray = undefined;
  }

  #create(image: string): AppTray {
    const tray = new this.#electron.Tray(image);
    tray.on('click', this.#actions.open);
    this.#tray = tray;
    return tray;
  }

  #menu(mood: Mood, text: string): MenuItemConstructorOptions[] {
    const { open, connect, disconnect, quit } = this.#words;
    const up = mood === 'connected' || mood === 'connecting' || mood === 'reconnecting';
    return [
      { label: text, enabled: false },
      { type: 'separator' },
      // Connecting may need a password: that is the window's business.
      up
        ? { label: disconnect, click: this.#actions.disconnect }
        : { label: connect, click: this.#actions.open, enabled: mood !== 'unreachable' },
      { label: open, click: this.#actions.open },
      { type: 'separator' },
      { label: quit, click: this.#actions.quit },
    ];
  }
}
