import { contextBridge, ipcRenderer } from 'electron';
import { channels } from './channels.ts';

/*
 * Runs in the page's sandbox before the page, in a world of its own. It hands texts on and knows nothing of what they say:
 * the page's end and the host's end check them (core/rpc/bridge.ts).
 */
const waiting: string[] = [];
let onMessage = (message: string): void => void waiting.push(message);

ipcRenderer.on(channels.toPage, (_event, message: unknown) => {
  if (typeof message === 'string') onMessage(message);
});

contextBridge.exposeInMainWorld('godwitLine', {
  send: (message: unknown) => {
    if (typeof message === 'string') ipcRenderer.send(channels.toHost, message);
  },
  listen: (listener: (message: string) => void) => {
    onMessage = listener;
    for (const message of waiting.splice(0)) listener(message);
    ipcRenderer.send(channels.attach);
  },
});
