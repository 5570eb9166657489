/**
 * Another program of ours that lies beside `caller` (an `import.meta.url`) by this name: TypeScript as it is, or JavaScript
 * once `build/bundle.ts` has put all of them into one folder.
 */
export function programFile(name: string, caller: string): URL {
  return new URL(`./${name}.${caller.endsWith('.ts') ? 'ts' : 'js'}`, caller);
}
