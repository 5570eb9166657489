/** A package that is packed as it is, and what of it is loaded (patterns of electron-builder). */
export interface NativePackage {
  readonly from: string;
  readonly files: readonly string[];
}

/** The packages with binaries that daemon and command line take from node_modules; `arch` as Node calls it. */
export function nativePackages(arch: string): readonly NativePackage[] {
  return [
    {
      from: 'koffi',
      files: [
        'package.json',
        'LICENSE.txt',
        'index.js',
        'index.cjs',
        'src/koffi/*.{js,cjs}',
        'src/koffi/src/static.{js,cjs}',
      ],
    },
    { from: `@koromix/koffi-linux-${arch}`, files: ['package.json', 'index.js', 'linux_*/koffi.node'] },
    { from: '@napi-rs/keyring', files: ['package.json', 'LICENSE', 'index.js'] },
    { from: `@napi-rs/keyring-linux-${arch}-gnu`, files: ['package.json', '*.node', 'LICENSE*'] },
  ];
}
