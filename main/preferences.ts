import * as z from 'zod';
import type { PreferenceName } from '../core/rpc/bridge.ts';
import type { JsonFile } from './json-file.ts';

const stored = [
  'notifications',
  'keep-in-tray',
  'ask-before-quit',
] as const satisfies readonly PreferenceName[];
type StoredName = (typeof stored)[number];

export const preferencesSchema = z.strictObject({
  notifications: z.boolean(),
  'keep-in-tray': z.boolean(),
  'ask-before-quit': z.boolean(),
});
export type StoredPreferences = Record<StoredName, boolean>;

const usual: StoredPreferences = { notifications: true, 'keep-in-tray': true, 'ask-before-quit': true };

/** Whether the program starts with the desktop is the desktop's to know: there is no copy of it here. */
export interface Autostart {
  readonly enabled: boolean;
  set(enabled: boolean): void;
}

/** The switches of this program, as the page's settings show them. */
export class Preferences {
  readonly #file: JsonFile<StoredPreferences>;
  readonly #autostart: Autostart;
  #values: StoredPreferences;

  constructor(file: JsonFile<StoredPreferences>, autostart: Autostart) {
    this.#file = file;
    this.#autostart = autostart;
    this.#values = file.read() ?? usual;
  }

  get(name: StoredName): boolean {
    return this.#values[name];
  }

  list(): { name: PreferenceName; value: boolean }[] {
    return [
      { name: 'autostart', value: this.#autostart.enabled },
      ...stored.map((name) => ({ name, value: this.#values[name] })),
    ];
  }

  set(name: PreferenceName, value: boolean): void {
    if (name === 'autostart') return this.#autostart.set(value);
    this.#values = { ...this.#values, [name]: value };
    this.#file.write(this.#values);
  }
}
