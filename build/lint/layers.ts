import { posix } from 'node:path';
import { lineOf, scanSource } from './scan-source.ts';

/** One thing wrong with the import graph, said so that the reader knows what to do about it. */
export interface LayerProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Layer {
  readonly name: string;
  /** The files of this layer, as paths from the root of the repository. The first layer that matches counts. */
  readonly files: RegExp;
  /** Names of the layers that it may import, besides itself. */
  readonly mayImport: readonly string[];
  /** Pure: no Node built-ins, no DOM, no clock, no randomness, no timers, no console. Packages by name only. */
  readonly pure: boolean;
  /** The npm packages that a pure layer may import. */
  readonly packages?: readonly string[];
}

const foundation = ['base', 'crypto interfaces', 'wire'];
const protocols = [...foundation, 'pki', 'eap', 'esp', 'ike'];
const product = [...protocols, 'tunnel', 'profile', 'rpc schema', 'gateway'];
const outer = [...product, 'crypto implementations', 'platform', 'dataplane', 'rpc transport'];

/**
 * The architecture (docs/architecture.md): a folder imports only to its left. Everything up to `gateway` is pure, so
 * that a simulation replays it and any runtime can hold it.
 */
export const layers: readonly Layer[] = [
  { name: 'base', files: /^core\/base\//, mayImport: [], pure: true },
  {
    name: 'crypto interfaces',
    files: /^core\/crypto\/[^/]+\.ts$/,
    mayImport: ['base'],
    pure: true,
    packages: ['@noble/ciphers'],
  },
  { name: 'wire', files: /^core\/wire\//, mayImport: ['base', 'crypto interfaces'], pure: true },
  { name: 'pki', files: /^core\/pki\//, mayImport: foundation, pure: true, packages: ['asn1js', 'pkijs'] },
  {
    name: 'eap',
    files: /^core\/eap\//,
    mayImport: foundation,
    pure: true,
    packages: ['@noble/hashes', 'des.js', 'js-md4'],
  },
  { name: 'esp', files: /^core\/esp\//, mayImport: foundation, pure: true },
  { name: 'ike', files: /^core\/ike\//, mayImport: [...foundation, 'pki', 'eap'], pure: true },
  { name: 'tunnel', files: /^core\/tunnel\//, mayImport: protocols, pure: true },
  {
    name: 'profile',
    files: /^core\/profile\//,
    mayImport: protocols,
    pure: true,
    packages: ['jsonc-parser', 'zod'],
  },
  {
    name: 'rpc transport',
    files: /^core\/rpc\/(?:transport|client|server)(?:\/|[^/]*\.ts$)/,
    mayImport: [...product, 'platform'],
    pure: false,
  },
  { name: 'rpc schema', files: /^core\/rpc\//, mayImport: protocols, pure: true, packages: ['zod'] },
  { name: 'gateway', files: /^core\/gateway\//, mayImport: protocols, pure: true },
  { name: 'crypto implementations', files: /^core\/crypto\/[^/]+\//, mayImport: product, pure: false },
  { name: 'platform', files: /^core\/platform\//, mayImport: product, pure: false },
  {
    name: 'dataplane',
    files: /^core\/dataplane\//,
    mayImport: [...product, 'crypto implementations', 'platform'],
    pure: false,
  },
  { name: 'daemon', files: /^core\/daemon\//, mayImport: outer, pure: false },
  { name: 'cli', files: /^core\/cli\//, mayImport: outer, pure: false },
  { name: 'main', files: /^main\//, mayImport: outer, pure: false },
  {
    name: 'renderer',
    files: /^renderer\//,
    mayImport: ['base', 'profile', 'rpc schema'],
    pure: false,
  },
  { name: 'build', files: /^build\//, mayImport: [...outer, 'daemon', 'cli', 'main'], pure: false },
  {
    name: 'test',
    files: /^test\//,
    mayImport: [...outer, 'daemon', 'cli', 'main', 'renderer', 'build'],
    pure: false,
  },
];

/** Globals that a pure layer does without: whoever drives it passes time, randomness and effects in. */
const impure: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [
    /(?<![.\w$])Date\s*\.\s*now\b|(?<![.\w$])new\s+Date\s*\(\s*\)|(?<![.\w$])performance\b/g,
    'take an Instant as an argument',
  ],
  [
    /(?<![.\w$])Math\s*\.\s*random\b|(?<![.\w$])crypto\s*\.\s*(?:getRandomValues|randomUUID|subtle)\b/g,
    'take a Random as an argument',
  ],
  [
    /(?<![.\w$])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b(?!\s*[?:])/g,
    'answer nextWakeup() and be driven with timeouts',
  ],
  [/(?<![.\w$])console\s*\.\s*\w/g, 'log through the sink of core/base/log.ts'],
  [/(?<![.\w$])(?:process|globalThis)\s*\.\s*\w/g, 'take what is needed as an argument'],
  [/(?<![.\w$])fetch\s*\(/g, 'ask the driver for it'],
  [/(?<![.\w$])Buffer\s*\.\s*\w/g, 'use Uint8Array and core/base'],
];

/** Checks a whole tree, given as path → source. Pure itself, so that its tests feed it trees that are wrong. */
export function checkLayers(files: ReadonlyMap<string, string>): LayerProblem[] {
  const problems: LayerProblem[] = [];
  const graph = new Map<string, string[]>();
  for (const [file, source] of files) {
    const layer = layerOf(file);
    if (layer === undefined) {
      problems.push({
        file,
        line: 1,
        message: `belongs to no layer: move it, or add its folder to build/lint/layers.ts`,
      });
      continue;
    }
    const { imports, code } = scanSource(source);
    const edges: string[] = [];
    for (const { specifier, line } of imports) {
      const local = specifier.startsWith('.');
      const target = local ? posix.join(posix.dirname(file), specifier) : specifier;
      if (local) edges.push(target);
      const message = local ? checkLocal(layer, target, files) : checkPackage(layer, specifier);
      if (message !== undefined) problems.push({ file, line, message });
    }
    graph.set(file, edges);
    if (layer.pure) problems.push(...checkPurity(file, layer, code));
  }
  return [...problems, ...cycles(graph)];
}

function layerOf(file: string): Layer | undefined {
  return layers.find((layer) => layer.files.test(file));
}

function checkLocal(layer: Layer, target: string, files: ReadonlyMap<string, string>): string | undefined {
  if (target === 'package.json') return undefined;
  if (/\.(?:json|mjs|css|svg)$/.test(target))
    return layer.pure ? `imports ${target}: a pure layer imports only .ts` : undefined;
  if (!files.has(target)) return `imports ${target}, which does not exist (relative imports end in .ts)`;
  const other = layerOf(target);
  if (other === undefined || other.name === layer.name || layer.mayImport.includes(other.name))
    return undefined;
  const may = layer.mayImport.length === 0 ? 'nothing' : layer.mayImport.join(', ');
  return `${layer.name} imports ${target} (${other.name}), but ${layer.name} may import ${may}`;
}

function checkPackage(layer: Layer, specifier: string): string | undefined {
  if (!layer.pure) return undefined;
  if (specifier.startsWith('node:'))
    return `${layer.name} is pure and imports ${specifier}: that belongs right of it`;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (layer.packages?.includes(name)) return undefined;
  return `${layer.name} is pure and imports the package ${name}, which is not on its list in build/lint/layers.ts`;
}

function checkPurity(file: string, layer: Layer, code: string): LayerProblem[] {
  return impure.flatMap(([pattern, instead]) =>
    [...code.matchAll(pattern)].map((match) => ({
      file,
      line: lineOf(code, match.index),
      message: `${layer.name} is pure and uses ${match[0].replace(/\s*[.(].?$/, '').trim()}: ${instead}`,
    })),
  );
}

/** Every cycle of files once, told at its first file in alphabetical order. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): LayerProblem[] {
  const problems = new Map<string, LayerProblem>();
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const cycle = path.slice(start);
      const first = cycle.indexOf([...cycle].sort()[0] ?? file);
      const told = [...cycle.slice(first), ...cycle.slice(0, first)];
      const message = `cycle: ${[...told, told[0]].join(' → ')}`;
      problems.set(message, { file: told[0] ?? file, line: 1, message });
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of [...graph.keys()].sort()) visit(file);
  return [...problems.values()];
}
