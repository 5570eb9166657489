import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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
}

export type UpdateOutcome = 'off' | 'none' | 'refused' | 'ready' | 'failed';

/**
 * Looks for a newer AppImage and fetches it; it takes the old one's place when the program ends. `off` outside of an AppImage
 * (packages are updated by the distribution) and without a feed. On Linux electron-updater compares a file with the feed's own
 * SHA-512 and nothing else, so a feed that is not signed with our key is `refused` before anything is fetched.
 */
export async function updateAppImage(around: UpdateSurroundings): Promise<UpdateOutcome> {
  const keyFile = join(around.resources, 'update-key.pem');
  if (around.appImage === undefined || !existsSync(join(around.resources, 'app-update.yml'))) return 'off';
  if (!existsSync(keyFile)) return 'off';
  try {
    const updater = await around.updater();
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.allowDowngrade = false;
    const found = await updater.checkForUpdates();
    if (found === null || !found.isUpdateAvailable) return 'none';
    if (!isSigned(found.updateInfo, readFileSync(keyFile, 'utf8'))) return 'refused';
    // Read when the file has come.
    updater.autoInstallOnAppQuit = true;
    await updater.downloadUpdate();
    return 'ready';
  } catch {
    return 'failed';
  }
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
