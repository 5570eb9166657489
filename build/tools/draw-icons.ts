import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import type { Mood } from '../../main/mood.ts';

/** Draws build/icons: the app's icon in the sizes that desktops want, and one tray icon for each state. Run it after a change. */
const folder = fileURLToPath(new URL('../icons', import.meta.url));

const bird =
  'M6.6 22.8c9.2-1.9 16.8-2.7 20.8-1.3 1.9-2.6 5.6-3.6 8.6-1.9 2.5 1.4 3.6 4 5.2 6.8 4.4 7.6 9.4 11.9 16.6 14.1-5.3 1.7-9.5 1.7-13 .9-5.5 4.7-13.7 5-19 .3-3.600-3.200-4.5-7.8-2.3-13.400.9-2.200.9-3.600-.5-4.200-3.400-1.300-9.200-.9-16.400-1.300z';
const legs = 'M33 43.5v11M38.5 42.5l3 12';

function appIcon(): string {
  return picture(`<rect width="64" height="64" rx="15" fill="#0f5c4a"/>
    <path fill="#fff" d="${bird}"/><circle cx="33.2" cy="23" r="1.5" fill="#0f5c4a"/>
    <path d="${legs}" stroke="#fff" stroke-width="2.2" stroke-linecap="round" fill="none"/>`);
}

/**
 * Drawn to be read at 22 pixels on light and dark panels: each state has a colour and a mark of its own shape, so that
 * neither is needed alone.
 */
const marks: Readonly<Record<Mood, { readonly plate: string; readonly mark: string }>> = {
  disconnected: { plate: '#6b7580', mark: '' },
  connecting: {
    plate: '#1a5fc4',
    mark: badge('#fff', '<circle cx="43" cy="49" r="3.4"/><circle cx="52" cy="49" r="3.4"/>', '#1a5fc4'),
  },
  connected: {
    plate: '#0b6e4f',
    mark: badge(
      '#fff',
      '<path d="M40 49l5 6 9-12" fill="none" stroke="#0b6e4f" stroke-width="5.500"/>',
      '#0b6e4f',
    ),
  },
  reconnecting: {
    plate: '#8a5200',
    mark: badge(
      '#fff',
      '<path d="M54 49a7 7 0 1 1-3-6" fill="none" stroke="#8a5200" stroke-width="4.500"/><path d="M48 37l7 4-5 6z"/>',
      '#8a5200',
    ),
  },
  blocked: {
    plate: '#b3261e',
    mark: badge('#fff', '<rect x="38" y="46" width="18" height="6" rx="2"/>', '#b3261e'),
  },
  'needs-you': {
    plate: '#b3261e',
    mark: badge(
      '#fff',
      '<rect x="44.400" y="39" width="5.200" height="12" rx="2"/><circle cx="47" cy="56.500" r="3"/>',
      '#b3261e',
    ),
  },
  unreachable: {
    plate: '#6b7580',
    mark: badge(
      '#fff',
      '<path d="M41 43l12 12M53 43L41 55" stroke="#6b7580" stroke-width="5" fill="none"/>',
      '#6b7580',
    ),
  },
};

function badge(plate: string, shape: string, ink: string): string {
  return `<circle cx="47" cy="49" r="15" fill="${plate}"/><g fill="${ink}" stroke-linecap="round">${shape}</g>`;
}

function trayIcon({ plate, mark }: (typeof marks)[Mood]): string {
  return picture(`<rect width="64" height="64" rx="15" fill="${plate}"/>
    <path fill="#fff" transform="translate(0 -6)" d="${bird}"/>${mark}`);
}

function picture(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">${content}</svg>`;
}

function draw(name: string, svg: string, size: number): void {
  const png = new Resvg(svg, { fitTo: { mode: 'width', value: size } }).render().asPng();
  writeFileSync(join(folder, `${name}.png`), png);
}

for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) draw(`${size}x${size}`, appIcon(), size);
draw('icon', appIcon(), 512);
for (const [mood, look] of Object.entries(marks)) {
  draw(`tray-${mood}`, trayIcon(look), 22);
  draw(`tray-${mood}@2x`, trayIcon(look), 44);
}
