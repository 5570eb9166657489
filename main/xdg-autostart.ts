import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Autostart } from './preferences.ts';

/**
 * An entry in the desktop's autostart folder; Electron's own way does nothing on Linux. `program` is started without a
 * window. @see the Desktop Application Autostart Specification of freedesktop.org
 */
export function xdgAutostart(file: string, program: string): Autostart {
  return {
    get enabled() {
      return existsSync(file);
    },
    set(enabled) {
      if (!enabled) return rmSync(file, { force: true });
      const lines = [
        '[Desktop Entry]',
        'Type=Application',
        'Name=Godwit',
        'Comment=VPN',
        `Exec=${quoted(program)} --hidden`,
        'Icon=godwit',
        'X-GNOME-Autostart-enabled=true',
      ];
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${lines.join('\n')}\n`);
    },
  };
}

/** As the Desktop Entry Specification quotes an argument of Exec. */
function quoted(argument: string): string {
  return `"${argument.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`;
}
