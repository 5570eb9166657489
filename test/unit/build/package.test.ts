import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import vm from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { extractFile, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { build } from 'vite';
import { bundle } from '../../../build/bundle.ts';
import { bundleApp } from '../../../build/package/bundle-app.ts';
import { electronBuilderConfig, stagedFolder, stagedIcons } from '../../../build/package/electron-builder.ts';
import { debianFiles, installedFolder, rpmFiles, systemFiles } from '../../../build/package/linux-files.ts';
import { makePackages } from '../../../build/package/package.ts';
import { sourceDate } from '../../../build/package/source-date.ts';
import { root } from '../../../build/testing/run-tests.ts';
import { uiConfig } from '../../../build/ui/vite.config.ts';
import { noticesFile } from '../../../core/platform/notices.ts';
import { socketGroup } from '../../../core/rpc/socket-path.ts';
import { profileEndings } from '../../../main/opened.ts';
import { electronStandIn } from '../../support/electron-stand-in.ts';

const linux = join(root, 'build/linux');
const read = (name: string): string => readFileSync(join(linux, name), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'godwit-package-'));
const unpacked = join(
  folder,
  'out',
  process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`,
);
const daemon = join(unpacked, 'resources/godwit');
const archive = join(unpacked, 'resources/app.asar');
const feedKey = join(folder, 'key.pem');

before(async () => {
  writeFileSync(feedKey, 'a key');
  // As on machines where each user has a group.
  process.umask(0o002);
  await makePackages(['dir'], {
    electronDist: electronStandIn(join(folder, 'electron')),
    output: join(folder, 'out'),
    feed: { url: 'https://updates.test/', keyFile: feedKey },
  });
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the configuration is what electron-builder's own schema allows", async () => {
  const require = createRequire(import.meta.url);
  const { validateConfiguration } = createRequire(require.resolve('electron-builder'))(
    'app-builder-lib/out/util/config/config.js',
  );
  const logger = { isEnabled: false };
  await validateConfiguration(electronBuilderConfig(), logger);
  await validateConfiguration(
    electronBuilderConfig({ feed: { url: 'https://x.test/', keyFile: 'k' } }),
    logger,
  );
  await assert.rejects(validateConfiguration({ ...electronBuilderConfig(), assar: true }, logger), /assar/);
});

test('the archive holds the bundled window, its pages and icons, and nothing else', () => {
  const files = listPackage(archive, { isPack: false });
  for (const file of [
    '/package.json',
    '/dist/app/main.js',
    '/dist/app/preload.cjs',
    '/dist/renderer/index.html',
  ])
    assert.ok(files.includes(file), file);
  assert.ok(files.includes('/build/icons/tray-connected@2x.png'));
  const allowed =
    /^\/(package\.json|build|dist|build\/icons|build\/icons\/[\w@-]+\.png|dist\/(app|renderer|renderer\/assets)|dist\/app\/(main\.js|chunk-[\w-]+\.js|preload\.cjs)|dist\/renderer\/(index\.html|assets\/[\w-]+\.\w+))$/;
  assert.deepEqual(
    files.filter((file) => !allowed.test(file)),
    [],
  );
  const manifest = JSON.parse(extractFile(archive, 'package.json').toString());
  assert.equal(manifest.main, 'dist/app/main.js');
  assert.equal(manifest.devDependencies, undefined);
  assert.equal(manifest.scripts, undefined);
});

test('beside it lie daemon and command line on a Node of their own, and run there', async () => {
  const files = readdirSync(daemon, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(daemon.length + 1));
  assert.deepEqual(
    files.filter((file) => /(\.ts|\.built-from|\.cc|CMakeLists\.txt)$|(^|\/)test\//.test(file)),
    [],
  );
  const modules = ['@koromix', '@napi-rs', 'koffi'];
  assert.deepEqual(readdirSync(join(daemon, 'node_modules')).sort(), modules);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const program of ['godwit', 'godwitd']) {
    const { stdout } = await promisify(execFile)(join(daemon, 'bin', program), ['--version'], { env: {} });
    assert.equal(stdout.trim(), version);
  }
  assert.ok(existsSync(join(daemon, 'dist/renderer/index.html')), 'godwit ui has its pages');
  for (const name of ['node', 'LICENSE']) assert.ok(existsSync(join(daemon, 'runtime', name)), name);
});

test('the notices name every library that is in what was packed, and no other', async () => {
  const text = readFileSync(join(daemon, noticesFile), 'utf8');
  const named = new Map<string, readonly string[]>();
  for (const [, head = '', fields = ''] of text.matchAll(/^={80}\n(.+)\n((?:\w[\w ]*: .+\n)+)/gm)) {
    const title = head.replace(/ \S+$/, '');
    const [, name = title] = /^Package: (.*)$/m.exec(fields) ?? [];
    const parts = /^Part of: (.*)$/m.exec(fields)?.[1]?.split(', ') ?? [];
    named.set(name + head.slice(title.length), parts);
  }
  const inPart = (part: string): readonly string[] =>
    [...named].filter(([, parts]) => parts.includes(part)).map(([name]) => name);
  // Source maps come out of the bundler by another way than what the notices are made from.
  const maps = join(folder, 'maps');
  await bundle(join(maps, 'lib'), true);
  await bundleApp(join(maps, 'app'), true);
  await build({ ...uiConfig, build: { ...uiConfig.build, outDir: join(maps, 'ui'), sourcemap: true } });
  // These leave no source in a map: what bundlers add, a typeface.
  const unmapped = ['rolldown', 'vite', '@fontsource-variable/inter'].map(withVersion);
  for (const [name, part] of [
    ['lib', 'daemon and command line'],
    ['app', 'desktop app'],
    ['ui', 'interface'],
  ] as const) {
    const mapped = packagesInMaps(join(maps, name));
    assert.ok(mapped.length > 3, name);
    assert.deepEqual(
      mapped.filter((each) => !inPart(part).includes(each)),
      [],
      `missing in the notices: ${part}`,
    );
    const others = inPart(part).filter((each) => !mapped.includes(each));
    assert.deepEqual(
      others.filter((each) => !unmapped.includes(each)),
      [],
      `not in ${part}`,
    );
  }
  assert.ok(inPart('interface').some((name) => name.startsWith('@fontsource-variable/inter')));
  const native = readdirSync(join(daemon, 'node_modules'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('package.json'))
    .map((file) => JSON.parse(readFileSync(join(daemon, 'node_modules', file), 'utf8')))
    .map(({ name, version }) => `${name} ${version}`);
  assert.deepEqual([...inPart('native modules')].sort(), native.sort());
  assert.deepEqual(inPart('runtime of the daemon'), [withVersion(`node-linux-${process.arch}`)]);
  assert.deepEqual(inPart('runtime of the desktop app'), [withVersion('electron')]);
});

test('the notices are whole, and the command line prints them', async () => {
  const text = readFileSync(join(daemon, noticesFile), 'utf8');
  for (const file of ['node_modules/koffi/LICENSE.txt', 'runtime/LICENSE']) {
    const license = readFileSync(join(daemon, file), 'utf8').replaceAll('\r\n', '\n').trim();
    assert.ok(text.includes(license), file);
  }
  const program = join(daemon, 'bin/godwit');
  const run = promisify(execFile);
  assert.equal((await run(program, ['licenses'], { env: {} })).stdout, text);
  const { stdout } = await run(program, ['licenses', '--json'], { env: {} });
  assert.deepEqual(JSON.parse(stdout), { ok: true, notices: text });
});

test('packing again gives the same: nothing of the moment, the machine or the checkout is in it', async () => {
  // Their names come from what is in them, so that the folders are compared whole.
  const octets = (place: string) =>
    readdirSync(place)
      .sort()
      .map((file) => [file, readFileSync(join(place, file), 'utf8')]);
  await bundle(join(folder, 'again/lib'));
  await bundleApp(join(folder, 'again/app'));
  assert.deepEqual(octets(join(folder, 'again/lib')), octets(join(daemon, 'dist/lib')));
  assert.deepEqual(octets(join(folder, 'again/app')), octets(join(root, 'dist/app')));
  const seconds = sourceDate();
  for (const place of [unpacked, stagedFolder, stagedIcons])
    for (const entry of readdirSync(place, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const { mtimeMs, mode } = statSync(path);
      // Later ones are those that the packer writes itself, and lowers itself.
      assert.ok(mtimeMs >= seconds * 1_000, path);
      assert.ok([0o755, 0o644].includes(mode & 0o7777), `${path} ${mode.toString(8)}`);
      if (entry.isFile() && /\.(js|cjs|json|asar|html|css)$|NOTICES$/.test(entry.name))
        assert.ok(!readFileSync(path).includes(root), path);
    }
});

test('the time of a package is given, or that of the commit', () => {
  assert.equal(sourceDate('1700000000'), 1_700_000_000);
  assert.ok(sourceDate(undefined) > 1_700_000_000);
  for (const wrong of ['', 'today', '-1', '1e9']) assert.throws(() => sourceDate(wrong), /SOURCE_DATE_EPOCH/);
});

test("Debian's copyright file is well formed, and says of every folder what is in it", () => {
  const text = readFileSync(join(root, 'dist/notices/copyright'), 'utf8');
  const paragraphs = text.trimEnd().split('\n\n');
  for (const line of paragraphs.flatMap((paragraph) => paragraph.split('\n')))
    assert.match(line, /^(Format|Upstream-\w+|Source|Comment|Files|Copyright|License): ?\S|^ .*\S/);
  const [, ...rest] = paragraphs;
  const defined = rest.map((paragraph) => /^License: (.*)\n/.exec(paragraph)?.[1]).filter(Boolean);
  assert.equal(new Set(defined).size, defined.length);
  const used = rest.flatMap((paragraph) => {
    if (!paragraph.startsWith('Files: ')) return [];
    assert.match(paragraph, /\nCopyright: \S/);
    return /\nLicense: (.*)/.exec(paragraph)?.[1]?.split(' and ') ?? assert.fail(paragraph);
  });
  assert.deepEqual([...new Set(used)].sort(), [...defined].sort());
  const places = rest.flatMap((paragraph) => /^Files: (.*)/.exec(paragraph)?.[1]?.split(' ') ?? []);
  for (const place of places.filter((each) => each !== '*')) {
    const path = place.replace(`${installedFolder.slice(1)}/`, '').replace(/\*$/, '');
    assert.ok(existsSync(join(unpacked, path)), place);
  }
});

test('the fuses of the packed program stand as they should', async () => {
  const wire = await getCurrentFuseWire(join(unpacked, 'godwit-desktop'));
  const [open, closed] = [...'01'].map((digit) => digit.charCodeAt(0));
  const on = [
    FuseV1Options.EnableCookieEncryption,
    FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
    FuseV1Options.OnlyLoadAppFromAsar,
  ];
  const off = [
    FuseV1Options.RunAsNode,
    FuseV1Options.EnableNodeOptionsEnvironmentVariable,
    FuseV1Options.EnableNodeCliInspectArguments,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
  ];
  for (const fuse of on) assert.equal(wire[fuse], closed, FuseV1Options[fuse]);
  for (const fuse of off) assert.equal(wire[fuse], open, FuseV1Options[fuse]);
});

test('a package has the key of a feed only where one is configured', () => {
  assert.equal(readFileSync(join(unpacked, 'resources/update-key.pem'), 'utf8'), 'a key');
  assert.doesNotMatch(JSON.stringify(electronBuilderConfig()), /update-key/);
  assert.equal(electronBuilderConfig().publish, null);
});

test('what goes to the machine beside the program is there, and names it where it lies', () => {
  for (const { from } of [...systemFiles, ...debianFiles, ...rpmFiles])
    assert.ok(existsSync(join(root, from)), from);
  const daemonProgram = `${installedFolder}/resources/godwit/bin/godwitd`;
  assert.match(read('godwitd.service'), new RegExp(`^ExecStart=${daemonProgram}$`, 'm'));
  assert.match(
    read('usr-bin-godwit'),
    new RegExp(`^exec ${installedFolder}/resources/godwit/bin/godwit `, 'm'),
  );
  assert.match(read('godwit.sysusers'), new RegExp(`^g ${socketGroup} -$`, 'm'));
  const mime = read('godwit-mime.xml');
  const patterns = [...mime.matchAll(/pattern="\*([^"]+)"/g)].map(([, ending = '']) => ending);
  for (const pattern of patterns)
    assert.ok(
      profileEndings.some((ending) => ending === pattern),
      pattern,
    );
  const types = electronBuilderConfig().linux?.mimeTypes ?? [];
  for (const [, type = ''] of mime.matchAll(/mime-type type="([^"]+)"/g))
    assert.ok(types.includes(type), type);
  assert.ok(types.includes('x-scheme-handler/godwit'));
});

test('the manual pages have every command, option and exit status that the programs tell of', async () => {
  for (const [program, page] of [
    ['godwit', 'godwit.1'],
    ['godwitd', 'godwitd.8'],
  ] as const) {
    const help = await promisify(execFile)(join(daemon, 'bin', program), ['--help'], { env: {} });
    const text = read(page).replaceAll('\\', '');
    const words = [...help.stdout.matchAll(/^ {2,4}(--[\w-]+|[a-z]+ |\d+ )/gm)].map(([, word = '']) =>
      word.trim(),
    );
    assert.ok(words.length > 5, help.stdout);
    const told = words.filter((word) => !['--help', '--version', 'godwit'].includes(word));
    assert.deepEqual(
      told.filter((word) => !new RegExp(`(^|[\\s"])${word}([\\s"]|$)`, 'm').test(text)),
      [],
    );
    assert.deepEqual(
      gunzipSync(readFileSync(join(root, 'dist/manual', `${page}.gz`))).toString(),
      read(page),
    );
  }
});

test('the scripts of the packages are right for a shell', () => {
  for (const script of ['after-install.sh', 'after-remove.sh', 'before-remove.sh', 'godwit', 'godwitd']) {
    const { status, stderr } = spawnSync('sh', ['-n', join(linux, script)], { encoding: 'utf8' });
    assert.equal(status, 0, `${script}: ${stderr}`);
    // electron-builder replaces what looks so, and fails for a name that it does not know.
    if (script.endsWith('.sh')) assert.doesNotMatch(read(script), /\$\{/);
  }
});

test('an upgrade neither stops the daemon nor removes anything', () => {
  for (const script of ['after-remove.sh', 'before-remove.sh'])
    for (const argument of ['upgrade', '1', 'failed-upgrade']) {
      const traced = spawnSync('sh', ['-x', join(linux, script), argument], { encoding: 'utf8', env: {} });
      assert.equal(traced.status, 0);
      assert.match(traced.stderr, /\+ exit 0\n$/);
    }
});

test("members of the daemon's group, and no others, may use a token through pcscd", () => {
  type Rule = (action: { id: string }, subject: { isInGroup(name: string): boolean }) => unknown;
  const rules: Rule[] = [];
  const polkit = { addRule: (rule: Rule) => void rules.push(rule), Result: { YES: 'yes' } };
  vm.runInNewContext(read('godwit-tokens.rules'), { polkit });
  const ask = (id: string, group: string) =>
    rules[0]?.({ id }, { isInGroup: (name: string) => name === group });
  assert.equal(ask('org.debian.pcsc-lite.access_pcsc', socketGroup), 'yes');
  assert.equal(ask('org.debian.pcsc-lite.access_card', socketGroup), 'yes');
  assert.equal(ask('org.debian.pcsc-lite.access_card', 'users'), undefined);
  assert.equal(ask('org.freedesktop.policykit.exec', socketGroup), undefined);
});

test('every library that the packed Node loads comes with a package that ours depends on', () => {
  const { stdout } = spawnSync('ldd', [join(daemon, 'runtime/node')], { encoding: 'utf8' });
  const wanted = [...stdout.matchAll(/^\s*(lib\w[\w+-]*)\.so/gm)].map(([, name = '']) => name);
  // Of the C library, which every system has; libgcc comes with libstdc++.
  const always = ['libc', 'libm', 'libdl', 'libpthread', 'librt', 'libgcc_s'];
  const { deb, rpm } = electronBuilderConfig();
  const has = (packages: unknown, start: string): boolean =>
    Array.isArray(packages) && packages.some((name) => String(name).startsWith(start));
  assert.ok(wanted.includes('libstdc++'), stdout);
  for (const name of wanted.filter((each) => !always.includes(each))) {
    assert.ok(has(deb?.depends, name), `${name} in the .deb`);
    assert.ok(has(rpm?.depends, name), `${name} in the .rpm`);
  }
});

test('systemd and AppStream find nothing wrong', { skip: missing('systemd-analyze', 'appstreamcli') }, () => {
  // The program lies elsewhere here; systemd wants one that exists.
  const unit = join(folder, 'godwitd.service');
  writeFileSync(unit, read('godwitd.service').replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true'));
  const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  assert.doesNotMatch(verified.stderr, /godwitd\.service/);
  const metainfo = join(linux, 'app.godwit.Godwit.metainfo.xml');
  const valid = spawnSync('appstreamcli', ['validate', '--no-net', metainfo], { encoding: 'utf8' });
  assert.equal(valid.status, 0, valid.stdout);
});

function withVersion(name: string): string {
  return `${name} ${JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version}`;
}

/** Every package that a source map in the folder names, with its version. */
function packagesInMaps(place: string): readonly string[] {
  const files = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.map'),
  );
  const folders = files.flatMap((file) => {
    const { sources }: { sources: string[] } = JSON.parse(readFileSync(join(place, file), 'utf8'));
    const paths = sources.map((source) => resolve(place, dirname(file), source));
    return paths.flatMap((path) => /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  });
  return [...new Set(folders)].map((each) => {
    const { name, version } = JSON.parse(readFileSync(join(each, 'package.json'), 'utf8'));
    return `${name} ${version}`;
  });
}

function missing(...programs: string[]): string | false {
  const absent = programs.filter((program) => spawnSync(program, ['--version']).error !== undefined);
  return absent.length === 0 ? false : `not installed: ${absent.join(', ')}`;
}
