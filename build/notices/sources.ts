import { relative, resolve } from 'node:path';
import type { Plugin } from 'vite';
import { root } from '../testing/run-tests.ts';

/** What is needed here of a bundler's output: rolldown's, and with it Vite's. */
type BundledFile =
  | {
      readonly type: 'chunk';
      readonly modules: Readonly<Record<string, { readonly renderedLength: number }>>;
    }
  | { readonly type: 'asset'; readonly originalFileNames: readonly string[] };

/**
 * What a bundler's output is made of, as paths from the repository's folder, sorted: modules that something is left of,
 * stylesheets, and assets (whose names are told from `assetRoot`). A module that the bundler wrote itself keeps its name,
 * which begins with a NUL.
 */
export function sourcesOf(output: readonly BundledFile[], assetRoot: string = root): readonly string[] {
  const sources = output.flatMap((file) =>
    file.type === 'asset'
      ? file.originalFileNames.map((name) => resolve(assetRoot, name))
      : Object.entries(file.modules)
          // A stylesheet leaves nothing in the script, and is in the page all the same.
          .filter(([id, { renderedLength }]) => renderedLength > 0 || /\.css(\?|$)/.test(id))
          .map(([id]) => id),
  );
  const named = sources.map((id) => (id.startsWith('\0') ? id : relative(root, id.replace(/\?.*$/, ''))));
  return [...new Set(named)].sort();
}

/** A plugin that sees what Vite bundles before it throws away the scripts that only held stylesheets. */
export function sourceRecorder(assetRoot: string): { readonly plugin: Plugin; sources(): readonly string[] } {
  let sources: readonly string[] = [];
  const plugin: Plugin = {
    name: 'godwit:sources',
    generateBundle(_, bundle) {
      sources = sourcesOf(Object.values(bundle), assetRoot);
    },
  };
  return { plugin, sources: () => sources };
}
