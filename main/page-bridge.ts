import { limits } from '../core/base/limits.ts';
import type { BridgeEventData, HostEventName } from '../core/rpc/bridge.ts';
import { BridgePage, type BridgePageOptions } from '../core/rpc/transport/bridge-page.ts';
import { channels } from './channels.ts';
import type { AppContents, ElectronApis, PageEvent } from './electron-apis.ts';
import { isPageAddress } from './page-address.ts';

/** What a page was told before it listens, at most: of more, only the last is news. */
const heldBack = 8;

type PageBridgeOptions = Pick<BridgePageOptions, 'reach' | 'methods' | 'onAsk' | 'onServed'>;

/**
 * The one file that listens to pages: hands what the main frame of our own page says to its end of the bridge. All else is
 * dropped without an answer: other frames, other addresses, other types, what is too long.
 */
export class PageBridge {
  readonly #options: PageBridgeOptions;
  readonly #pages = new Map<number, BridgePage>();
  #news: ((page: BridgePage) => void)[] = [];

  constructor(ipcMain: ElectronApis['ipcMain'], options: PageBridgeOptions) {
    this.#options = options;
    ipcMain.on(channels.attach, (event) => {
      if (mayTalk(event)) this.#attach(event.sender);
    });
    ipcMain.on(channels.toHost, (event, message: unknown) => {
      if (!mayTalk(event) || typeof message !== 'string' || message.length > limits.rpcFrameOctets) return;
      this.#pages.get(event.sender.id)?.receive(message);
    });
  }

  /** Tells every page; where there is none yet, the first that comes. */
  emit<E extends HostEventName>(event: E, data: BridgeEventData<E>): void {
    const tell = (page: BridgePage) => page.emit(event, data);
    if (this.#pages.size === 0) this.#news = [...this.#news, tell].slice(-heldBack);
    for (const page of this.#pages.values()) tell(page);
  }

  /** Tells the pages that are there; one that comes later asks. */
  tell<E extends HostEventName>(event: E, data: BridgeEventData<E>): void {
    for (const page of this.#pages.values()) page.emit(event, data);
  }

  close(): void {
    for (const page of this.#pages.values()) page.close();
    this.#pages.clear();
  }

  #attach(contents: AppContents): void {
    const known = this.#pages.get(contents.id);
    known?.close();
    const page = new BridgePage({
      ...this.#options,
      send: (message) => {
        if (!contents.isDestroyed()) contents.send(channels.toPage, message);
      },
      // Our own page never does: whatever runs there now is thrown away.
      onMisuse: () => {
        this.#drop(contents.id);
        if (!contents.isDestroyed()) contents.reload();
      },
    });
    this.#pages.set(contents.id, page);
    if (known === undefined) contents.on('destroyed', () => this.#drop(contents.id));
    for (const tell of this.#news.splice(0)) tell(page);
  }

  #drop(id: number): void {
    this.#pages.get(id)?.close();
    this.#pages.delete(id);
  }
}

function mayTalk({ sender, senderFrame }: PageEvent): boolean {
  return senderFrame !== null && senderFrame === sender.mainFrame && isPageAddress(senderFrame.url);
}
