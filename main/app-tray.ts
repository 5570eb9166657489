import type { MenuItemConstructorOptions } from 'electron';
import type { AppTray, ElectronApis } from './electron-apis.ts';
import { type Mood, profileName, type Situation } from './mood.ts';
import type { Words } from './words.ts';

export interface TrayActions {
  readonly open: () => void;
  /** Connects with the profile of this id. */
  readonly connect: (id: string) => void;
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
    const offers = offersOf(situation);
    const key = JSON.stringify([mood, text, offers]);
    if (key === this.#shown) return;
    this.#shown = key;
    const image = this.#iconOf(mood);
    const tray = this.#tray ?? this.#create(image);
    tray.setImage(image);
    tray.setToolTip(`Godwit: ${text}`);
    tray.setContextMenu(this.#electron.Menu.buildFromTemplate(this.#menu(mood, text, offers)));
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

  #menu(mood: Mood, text: string, offers: Offers): MenuItemConstructorOptions[] {
    const { open, disconnect, quit } = this.#words;
    const up = mood === 'connected' || mood === 'connecting' || mood === 'reconnecting';
    return [
      { label: plainLabel(text), enabled: false },
      { type: 'separator' },
      ...(up ? [{ label: disconnect, click: this.#actions.disconnect }] : this.#connects(mood, offers)),
      { label: open, click: this.#actions.open },
      { type: 'separator' },
      { label: quit, click: this.#actions.quit },
    ];
  }

  /** The last profile by one click, all of them by two; without one, the window that can import one. */
  #connects(mood: Mood, { first, all }: Offers): MenuItemConstructorOptions[] {
    const { connect, connectTo, otherProfiles } = this.#words;
    if (mood === 'unreachable') return [{ label: connect, enabled: false }];
    if (first === undefined) return [{ label: connect, click: this.#actions.open }];
    const item = ({ id, name }: Offer, label: string) => ({
      label: plainLabel(label),
      click: () => this.#actions.connect(id),
      ...(name === label ? { id } : {}),
    });
    const list = all.map((each) => item(each, each.name));
    return [
      item(first, connectTo(first.name)),
      ...(list.length > 1 ? [{ label: otherProfiles, submenu: list }] : []),
    ];
  }
}

interface Offer {
  readonly id: string;
  readonly name: string;
}

interface Offers {
  /** The one that was used last; the only one, or the first, where none was. */
  readonly first: Offer | undefined;
  readonly all: readonly Offer[];
}

/** A menu of more is no menu. */
const mostOffers = 24;

function offersOf({ profiles, last }: Situation): Offers {
  const all = profiles.map(({ id, name = id }) => ({ id, name }));
  const sorted = all.toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, mostOffers);
  return { first: all.find(({ id }) => id === last) ?? sorted[0], all: sorted };
}

/** An ampersand would underline the letter behind it. */
function plainLabel(text: string): string {
  return text.replaceAll('&', '&&');
}
