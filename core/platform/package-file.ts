/**
 * A file or folder of this package by its path from package.json's folder: of the sources, of a checkout's bundle
 * (`dist/lib`) and of an installed one, since both lie two folders below.
 */
export function packageFile(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}
