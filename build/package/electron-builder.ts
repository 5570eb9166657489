import { join } from 'node:path';
import type { Configuration } from 'electron-builder';
import { noticesFile } from '../../core/platform/notices.ts';
import { root } from '../testing/run-tests.ts';
import { debianFiles, rpmFiles, systemFiles } from './linux-files.ts';
import { nativePackages } from './native-packages.ts';
import { settle } from './source-date.ts';

export interface PackageOptions {
  /** A folder or archive with Electron; absent: electron-builder fetches it. */
  readonly electronDist?: string;
  /** Where an AppImage looks for updates (https), and the PEM file with the Ed25519 key that they are signed with. */
  readonly feed?: { readonly url: string; readonly keyFile: string };
  readonly output?: string;
  /** The time that all packed files bear, since 1970. */
  readonly seconds?: number;
}

/** The files outside of the program's folder, under the places that they go to, as they are packed. */
export const stagedFolder = join(root, 'dist/system');
/** The icons of the desktop, likewise. */
export const stagedIcons = join(root, 'dist/icons');

/**
 * What electron-builder is told. The window lies in an archive (app.asar); the daemon, the command line and their own Node
 * lie beside it as ordinary files in `resources/godwit`, laid out as the checkout is.
 */
export function electronBuilderConfig(options: PackageOptions = {}): Configuration {
  const { feed, seconds } = options;
  return {
    appId: 'app.godwit.Godwit',
    productName: 'Godwit',
    copyright: 'The Godwit authors',
    directories: { buildResources: 'build/icons', output: options.output ?? 'dist/packages' },
    ...(options.electronDist === undefined ? {} : { electronDist: options.electronDist }),
    files: [
      'package.json',
      'dist/app/**',
      'dist/renderer/**',
      '!**/.built-from',
      'build/icons/*.png',
      '!**/node_modules/**',
    ],
    extraResources: [
      ...daemonFiles(),
      ...(feed === undefined ? [] : [{ from: feed.keyFile, to: 'update-key.pem' }]),
    ],
    asar: true,
    disableAsarIntegrity: false,
    npmRebuild: false,
    ...(seconds === undefined ? {} : { afterPack: async ({ appOutDir }) => settle(appOutDir, seconds) }),
    electronLanguages: ['en-US', 'de'],
    electronFuses: {
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      enableCookieEncryption: true,
      grantFileProtocolExtraPrivileges: false,
    },
    publish: feed === undefined ? null : [{ provider: 'generic', url: feed.url }],
    ...linuxTargets(),
  };
}

function daemonFiles() {
  return [
    { from: 'dist/lib', to: 'godwit/dist/lib' },
    // Copies: what stands here under its own name is kept out of the archive.
    { from: 'dist/beside', to: 'godwit' },
    { from: 'LICENSE', to: 'godwit/LICENSE' },
    { from: `dist/notices/${noticesFile}`, to: `godwit/${noticesFile}` },
    { from: 'build/linux/godwit', to: 'godwit/bin/godwit' },
    { from: 'build/linux/godwitd', to: 'godwit/bin/godwitd' },
    { from: 'node_modules/node-linux-${arch}/bin/node', to: 'godwit/runtime/node' },
    { from: 'node_modules/node-linux-${arch}/LICENSE', to: 'godwit/runtime/LICENSE' },
    ...nativePackages('${arch}').map(({ from, files }) => ({
      from: `node_modules/${from}`,
      to: `godwit/node_modules/${from}`,
      filter: [...files],
    })),
  ];
}

function linuxTargets(): Pick<Configuration, 'linux' | 'deb' | 'rpm' | 'appImage'> {
  const fpm = [`--before-remove=${join(root, 'build/linux/before-remove.sh')}`, ...placed(systemFiles)];
  const scripts = {
    afterInstall: 'build/linux/after-install.sh',
    afterRemove: 'build/linux/after-remove.sh',
    fpm,
  };
  return {
    linux: {
      target: ['deb', 'rpm', 'AppImage'],
      // Not `godwit`: that is the command line.
      executableName: 'godwit-desktop',
      syncDesktopName: true,
      icon: stagedIcons,
      category: 'Network',
      synopsis: 'IKEv2 VPN client',
      description: 'The IKEv2 VPN client that keeps a roaming laptop connected.',
      maintainer: 'The Godwit authors <maintainers@godwit.invalid>',
      vendor: 'Godwit',
      mimeTypes: [
        'application/x-godwit-profile',
        'application/vnd.strongswan.sswan',
        // Certificates with their key, .p12 and .pfx.
        'application/x-pkcs12',
        'x-scheme-handler/godwit',
      ],
      desktop: {
        entry: {
          Name: 'Godwit',
          GenericName: 'VPN client',
          'GenericName[de]': 'VPN-Programm',
          Comment: 'Connect to your company’s network',
          'Comment[de]': 'Mit dem Netz der Firma verbinden',
          Keywords: 'VPN;IKEv2;IPsec;network;tunnel;',
          StartupNotify: 'true',
        },
      },
    },
    deb: {
      ...scripts,
      fpm: [
        // A revision, as for all that is packed from elsewhere: Debian then looks for both change logs.
        '--iteration=1',
        `--deb-upstream-changelog=${join(root, 'CHANGELOG.md')}`,
        ...fpm,
        ...placed(debianFiles),
      ],
      packageCategory: 'net',
      depends: [
        'libgtk-3-0',
        'libnotify4',
        'libnss3',
        'libxss1',
        'libxtst6',
        'xdg-utils',
        'libatspi2.0-0',
        'libuuid1',
        'libsecret-1-0',
        // Of the Node that daemon and command line run on.
        'libc6 (>= 2.28)',
        'libatomic1',
        'libstdc++6',
      ],
      recommends: ['systemd-resolved | resolvconf'],
    },
    rpm: {
      ...scripts,
      fpm: [...fpm, ...placed(rpmFiles)],
      depends: [
        'gtk3',
        'libnotify',
        'nss',
        'libXScrnSaver',
        'libXtst',
        'xdg-utils',
        'at-spi2-core',
        'libuuid',
        'glibc >= 2.28',
        'libatomic',
        'libstdc++',
      ],
    },
    appImage: { artifactName: 'Godwit-${version}-${arch}.AppImage' },
  };
}

/** In fpm's words. */
function placed(files: typeof systemFiles): readonly string[] {
  return files.map(({ to }) => `${join(stagedFolder, to)}=${to}`);
}
