/** Where a .deb or .rpm puts the program; electron-builder's place for the product's name. */
export const installedFolder = '/opt/Godwit';

/** Files outside of that folder: from the repository, to the machine. The package manager owns and removes them. */
export const systemFiles: readonly { readonly from: string; readonly to: string }[] = [
  { from: 'build/linux/godwitd.service', to: '/usr/lib/systemd/system/godwitd.service' },
  { from: 'build/linux/godwit.sysusers', to: '/usr/lib/sysusers.d/godwit.conf' },
  { from: 'build/linux/godwit.tmpfiles', to: '/usr/lib/tmpfiles.d/godwit.conf' },
  { from: 'build/linux/godwit-tokens.rules', to: '/usr/share/polkit-1/rules.d/60-godwit-tokens.rules' },
  { from: 'build/linux/godwit-mime.xml', to: '/usr/share/mime/packages/godwit.xml' },
  {
    from: 'build/linux/app.godwit.Godwit.metainfo.xml',
    to: '/usr/share/metainfo/app.godwit.Godwit.metainfo.xml',
  },
  { from: 'build/linux/usr-bin-godwit', to: '/usr/bin/godwit' },
  { from: 'dist/manual/godwit.1.gz', to: '/usr/share/man/man1/godwit.1.gz' },
  { from: 'dist/manual/godwitd.8.gz', to: '/usr/share/man/man8/godwitd.8.gz' },
];

/** What a Debian package has beside them. */
export const debianFiles: typeof systemFiles = [
  { from: 'dist/notices/copyright', to: '/usr/share/doc/godwit/copyright' },
  { from: 'build/linux/lintian-overrides', to: '/usr/share/lintian/overrides/godwit' },
];

/** What an .rpm has: the place that Fedora and openSUSE keep licences in. */
export const rpmFiles: typeof systemFiles = [
  { from: 'LICENSE', to: '/usr/share/licenses/godwit/LICENSE' },
  { from: 'dist/notices/THIRD-PARTY-NOTICES', to: '/usr/share/licenses/godwit/THIRD-PARTY-NOTICES' },
];
