/*
 * Draws what a terminal showed as an SVG picture:
 *
 *     npm run -s demo | node_modules/.bin/node build/tools/terminal-picture.ts 'npm run demo' docs/pictures/demo.svg
 */
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';

const lineHeight = 18;
const characterWidth = 8.05;
const margin = 20;
const titleBar = 32;

const [command = '', file = ''] = process.argv.slice(2);
const output = stripVTControlCharacters(await text(process.stdin));
const lines = [`$ ${command}`, ...output.replace(/\n+$/, '').split('\n')];
await writeFile(file, picture(lines));

function picture(shown: readonly string[]): string {
  const columns = Math.max(...shown.map((line) => [...line].length));
  const width = Math.ceil(columns * characterWidth + 2 * margin);
  const height = titleBar + shown.length * lineHeight + margin;
  const rows = shown.map((line, row) => rowOf(line, titleBar + (row + 1) * lineHeight));
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (colour, i) => `<circle cx="${margin + i * 18}" cy="16" r="5.5" fill="${colour}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The terminal after ${escapeXml(command)}">
<rect width="100%" height="100%" rx="8" fill="#10161d"/>
${dots.join('')}
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13" xml:space="preserve" fill="#d7dde4">
${rows.join('\n')}
</g>
</svg>
`;
}

function rowOf(line: string, y: number): string {
  return `<text x="${margin}" y="${y}">${coloured(line)}</text>`;
}

/** The mark of a done step is green, its duration grey, a heading bold. */
function coloured(line: string): string {
  const step = /^(\s*)(✓|✗)(.*?)(\s[\d.]+ m?s)?$/.exec(line);
  if (step !== null) {
    const [, indent = '', mark = '', name = '', time = ''] = step;
    const colour = mark === '✓' ? '#4cc38a' : '#ff6369';
    return `${indent}<tspan fill="${colour}">${mark}</tspan>${escapeXml(name)}<tspan fill="#7b8794">${escapeXml(time)}</tspan>`;
  }
  if (line.startsWith('$ '))
    return `<tspan fill="#7b8794">$ </tspan><tspan fill="#fff">${escapeXml(line.slice(2))}</tspan>`;
  if (/^\S/.test(line)) return `<tspan font-weight="bold" fill="#8ec7ff">${escapeXml(line)}</tspan>`;
  return escapeXml(line);
}

function escapeXml(raw: string): string {
  return raw.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
