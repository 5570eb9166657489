import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Update } from '../core/rpc/bridge.ts';

/** What a feed says of its newest version, as far as it counts. `signature` is ours, the rest electron-builder's. */
export interface OfferedUpdate {
  readonly version: string;
  readonly files: readonly { readonly url: string; readonly sha512: string }[];
  /** Ed25519 over `signedText`, in base64. */
  readonly godwitSignature?: unknown;
}

/** What is used of electron-updater's AppImageUpdater. */
export interface AppImageUpdates {
  autoDownload: boolean;
  autoInstallOnAppQuit: boolean;
  allowDowngrade: boolean;
  checkForUpdates(): Promise<{
    readonly isUpdateAvailable: boolean;
    readonly updateInfo: OfferedUpdate;
  } | null>;
  downloadUpdate(): Promise<unknown>;
}

export interface UpdateSurroundings {
  /** The file of the AppImage that runs; absent outside of one. */
  readonly appImage: string | undefined;
  /** Electron's folder of resources: holds `app-update.yml` and `update-key.pem` where a feed is configured. */
  readonly resources: string;
  readonly updater: () => Promise<AppImageUpdates>;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * Looks for a newer AppImage and fetches it; it takes the old one's place when the program ends. `off` outside of an AppImage
 * (packages are updated by the distribution) and without a feed. On Linux electron-updater compares a file with the feed's own
 * SHA-512 and nothing else, so a feed that is not signed with our key is `refused` before anything is fetched.
 */
export class AppImageUpdate {
  readonly #around: UpdateSurroundings;
  readonly #onChange: (update: Update) => void;
  #state: Update;
  #busy = false;

  constructor(around: UpdateSurroundings, onChange: (update: Update) => void) {
    this.#around = around;
    this.#onChange = onChange;
    this.#state = whyOff(around) ?? { state: 'checking' };
  }

  get state(): Update {
    return this.#state;
  }

  /** Settles when it is known what became of it. Does nothing while a search is under way, or after one that found something. */
  async check(): Promise<void> {
    if (this.#busy || this.#state.state === 'off' || this.#state.state === 'ready') return;
    this.#busy = true;
    this.#become({ state: 'checking' });
    try {
      this.#become(await this.#search());
    } catch {
      this.#become({ state: 'failed', at: this.#around.now() });
    }
    this.#busy = false;
  }

  async #search(): Promise<Update> {
    const updater = await this.#around.updater();
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.allowDowngrade = false;
    const found = await updater.checkForUpdates();
    if (found === null || !found.isUpdateAvailable) return { state: 'none', at: this.#around.now() };
    const version = String(found.updateInfo.version).slice(0, 64);
    if (!isSigned(found.updateInfo, readFileSync(keyFileOf(this.#around), 'utf8')))
      return { state: 'refused', version };
    this.#become({ state: 'fetching', version });
    // Read when the file has come.
    updater.autoInstallOnAppQuit = true;
    await updater.downloadUpdate();
    return { state: 'ready', version };
  }

  #become(state: Update): void {
    this.#state = state;
    this.#onChange(state);
  }
}

function keyFileOf({ resources }: UpdateSurroundings): string {
  return join(resources, 'update-key.pem');
}

function whyOff(around: UpdateSurroundings): Update | undefined {
  if (around.appImage === undefined) return { state: 'off', why: 'package' };
  const configured = existsSync(join(around.resources, 'app-update.yml')) && existsSync(keyFileOf(around));
  return configured ? undefined : { state: 'off', why: 'no-feed' };
}

/** What is signed of an update: its version, and the SHA-512 and name of every file. */
export function signedText({ version, files }: OfferedUpdate): string {
  return ['godwit-update 1', version, ...files.map(({ url, sha512 }) => `${sha512} ${url}`), ''].join('\n');
}

function isSigned(update: OfferedUpdate, key: string): boolean {
  const { files, godwitSignature: signature } = update;
  if (typeof signature !== 'string' || !Array.isArray(files) || files.length === 0) return false;
  return verify(
    null,
    Buffer.from(signedText(update)),
    createPublicKey(key),
    Buffer.from(signature, 'base64'),
  );
}
