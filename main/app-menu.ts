import type { MenuItemConstructorOptions } from 'electron';
import { type ViewName, viewNames } from '../core/rpc/bridge.ts';
import type { Words } from './words.ts';

/** The window's menu: what a keyboard reaches without the page, and nothing that opens doors. */
export function appMenu(
  words: Words,
  actions: { readonly show: (view: ViewName) => void; readonly quit: () => void },
): MenuItemConstructorOptions[] {
  const { menu } = words;
  return [
    { label: menu.file, submenu: [{ label: words.quit, accelerator: 'CmdOrCtrl+Q', click: actions.quit }] },
    {
      label: menu.edit,
      submenu: [
        { role: 'undo', label: menu.undo },
        { role: 'redo', label: menu.redo },
        { type: 'separator' },
        { role: 'cut', label: menu.cut },
        { role: 'copy', label: menu.copy },
        { role: 'paste', label: menu.paste },
        { role: 'selectAll', label: menu.selectAll },
      ],
    },
    {
      label: menu.view,
      submenu: [
        ...viewNames.map((view, i) => ({
          label: menu.views[view],
          accelerator: `CmdOrCtrl+${i + 1}`,
          click: () => actions.show(view),
        })),
        { type: 'separator' as const },
        { role: 'zoomIn', label: menu.larger },
        { role: 'zoomOut', label: menu.smaller },
        { role: 'resetZoom', label: menu.usualSize },
      ],
    },
  ];
}
