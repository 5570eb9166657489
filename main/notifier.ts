import type { ElectronApis } from './electron-apis.ts';
import { isFailed, profileName, type Situation } from './mood.ts';
import type { Words } from './words.ts';

export interface NotifierOptions {
  readonly enabled: () => boolean;
  /** Somebody is looking at the window: they see it there. */
  readonly watched: () => boolean;
  readonly onClick: () => void;
}

type Standing = 'down' | 'coming' | 'up' | 'lost';

/** Tells the user of what became of the connection, once for each change, and only what they would want to know. */
export class Notifier {
  readonly #electron: ElectronApis;
  readonly #words: Words;
  readonly #options: NotifierOptions;
  /** `undefined` until the daemon was heard: what stood before us is no news. */
  #last: Standing | undefined;

  constructor(electron: ElectronApis, words: Words, options: NotifierOptions) {
    this.#electron = electron;
    this.#words = words;
    this.#options = options;
  }

  notice({ link, snapshot }: Situation): void {
    if (link.state !== 'up' || snapshot === undefined) return;
    const before = this.#last;
    const now = standingOf(snapshot.tunnel.state);
    this.#last = now;
    if (before === undefined || before === now) return;
    const { notify } = this.#words;
    const profile = profileName(snapshot) ?? '';
    if (now === 'up') this.#tell(before === 'lost' ? notify.restored(profile) : notify.connected(profile));
    else if (now === 'lost') this.#tell(notify.lost(profile));
    else if (now === 'down' && isFailed(snapshot)) this.#tell(notify.failed, notify.look);
  }

  #tell(title: string, body?: string): void {
    const { Notification } = this.#electron;
    if (!this.#options.enabled() || this.#options.watched() || !Notification.isSupported()) return;
    const notification = new Notification({ title, ...(body === undefined ? {} : { body }) });
    notification.on('click', this.#options.onClick);
    notification.show();
  }
}

function standingOf(
  state: 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'disconnecting',
): Standing {
  if (state === 'connected') return 'up';
  if (state === 'reconnecting') return 'lost';
  return state === 'connecting' ? 'coming' : 'down';
}
