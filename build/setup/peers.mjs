// The programs that Godwit is tested against come from the distribution. As root on Debian or Ubuntu the missing ones
// are installed; otherwise they are listed, and the tests that need them say why they are skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Debian package → a file that is there when it is installed, and what it is for. */
const packages = {
  iproute2: { has: 'ip', for: 'namespaces, links, addresses' },
  'util-linux': { has: 'unshare', for: 'namespaces for ordinary users' },
  'iputils-ping': { has: 'ping', for: 'round trips' },
  nftables: { has: 'nft', for: 'NAT and packet counters' },
  'dbus-daemon': { has: 'dbus-daemon', for: 'a bus of its own for systemd-resolved' },
  'dbus-bin': { has: 'dbus-run-session', for: 'a session bus of its own for the keyring' },
  'gnome-keyring': { has: 'gnome-keyring-daemon', for: 'the keyring of a desktop' },
  softhsm2: { has: 'softhsm2-util', for: 'a token with PKCS#11' },
  busybox: { has: 'busybox', for: 'a DHCP server behind the strongSwan gateway' },
  opensc: { has: 'pkcs11-tool', for: 'putting keys and certificates on the token' },
  procps: { has: 'ps', for: 'looking for leftovers' },
  openssl: { has: 'openssl', for: 'a second opinion on certificates' },
  chromium: { has: 'chromium', for: 'the browser that tests the interface' },
  iperf3: { has: 'iperf3', for: 'throughput' },
  tshark: { has: 'tshark', for: 'a second opinion on captured ESP' },
  openvpn: { has: 'openvpn', for: 'a peer in benches' },
  'wireguard-go': { has: 'wireguard-go', for: 'a peer in benches' },
  'wireguard-tools': { has: 'wg', for: 'a peer in benches' },
  'charon-systemd': { has: 'charon-systemd', for: 'the strongSwan gateway' },
  'strongswan-swanctl': { has: 'swanctl', for: 'the strongSwan gateway' },
  'strongswan-pki': { has: 'pki', for: 'a second opinion on certificates' },
  'libcharon-extra-plugins': { has: plugin('eap-identity'), for: 'EAP on the strongSwan gateway' },
  'libcharon-extauth-plugins': { has: plugin('eap-mschapv2'), for: 'EAP-MSCHAPv2 on the strongSwan gateway' },
  freeradius: { has: 'freeradius', for: 'PEAP, TTLS and EAP-TLS behind the strongSwan gateway' },
  hostapd: { has: 'hostapd', for: 'the cryptobinding of PEAP' },
  'libstrongswan-standard-plugins': { has: plugin('openssl'), for: 'algorithms of the strongSwan gateway' },
  'libstrongswan-extra-plugins': { has: plugin('chapoly'), for: 'algorithms of the strongSwan gateway' },
};

/** For a whole machine in software, which only `npm run guest` wants. */
const guestPackages = {
  'qemu-system-x86': { has: 'qemu-system-x86_64', for: 'a machine in software' },
  mmdebstrap: { has: 'mmdebstrap', for: 'its root file system' },
  e2fsprogs: { has: 'mke2fs', for: 'its disks' },
  dpkg: { has: 'dpkg-deb', for: 'the package that is installed there' },
  lintian: { has: 'lintian', for: 'a second opinion on that package' },
};

/**
 * Packages that are only unpacked, into a folder of the project: installing systemd-resolved would take over the name
 * resolution of the machine.
 */
const unpacked = ['systemd-resolved', 'libsystemd-shared'];
const unpackedFolder = fileURLToPath(new URL('../../.cache/peers', import.meta.url));

const known = { ...packages, ...guestPackages };

const sets = {
  all: Object.keys(packages),
  guest: Object.keys(guestPackages),
  demo: ['iproute2', 'util-linux', 'iputils-ping', 'nftables'],
};

/** Units that the packages would start on a machine with systemd: they are kept still. */
const units = [
  'freeradius.service',
  'hostapd.service',
  'strongswan.service',
  'strongswan-starter.service',
  'iperf3.service',
  'nftables.service',
  'openvpn.service',
];

function plugin(name) {
  return `/usr/lib/ipsec/plugins/libstrongswan-${name}.so`;
}

function isThere(file) {
  if (file.startsWith('/')) return existsSync(file);
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':');
  return path.some((folder) => existsSync(`${folder}/${file}`));
}

/** Installs or lists what is missing of the set. A failed installation is told and not an error: tests skip. */
export function ensurePeers(set, say) {
  const wanted = sets[set];
  if (wanted === undefined) throw new Error(`There is no set of peers called ${set}.`);
  const missing = wanted.filter((name) => !isThere(known[name].has));
  if (missing.length > 0) installOrList(missing, say);
  if (set === 'all') unpackResolved(say);
}

function installOrList(missing, say) {
  const why = missing.map((name) => `  ${name.padEnd(32)}${known[name].for}`).join('\n');
  if (process.getuid?.() !== 0 || !isThere('apt-get')) {
    say(
      `Missing programs (what needs them is skipped):\n${why}\nTo install: sudo apt-get install ${missing.join(' ')}`,
    );
    return;
  }
  say(`Installing ${missing.length} packages:\n${why}`);
  const held = holdUnits();
  try {
    if (!apt(['update', '-qq'])) say('apt-get update failed; trying with the lists that are there.');
    if (!apt(['install', '-qq', '--yes', '--no-install-recommends', ...missing])) {
      say('apt-get install failed; what needs these packages is skipped.');
    }
  } finally {
    releaseUnits(held);
  }
}

/** A failure is no error: the tests with systemd-resolved say that it is not there. */
function unpackResolved(say) {
  const here = [
    '/usr/lib/systemd',
    join(unpackedFolder, 'lib/systemd'),
    join(unpackedFolder, 'usr/lib/systemd'),
  ];
  if (here.some((folder) => existsSync(join(folder, 'systemd-resolved')))) return;
  if (process.getuid?.() !== 0 || !isThere('apt-get') || !isThere('dpkg-deb')) return;
  say('Unpacking systemd-resolved for the tests; it is not installed.');
  rmSync(unpackedFolder, { recursive: true, force: true });
  mkdirSync(unpackedFolder, { recursive: true });
  const options = { cwd: unpackedFolder, stdio: ['ignore', 2, 2] };
  const download = () => spawnSync('apt-get', ['download', '-qq', ...unpacked], options).status === 0;
  if (!download() && !(apt(['update', '-qq']) && download())) return;
  for (const file of readdirSync(unpackedFolder).filter((name) => name.endsWith('.deb'))) {
    spawnSync('dpkg-deb', ['--extract', file, '.'], options);
  }
}

function apt(args) {
  const options = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0'];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', [...options, ...args], { env, stdio: ['ignore', 2, 2] }).status === 0;
}

/** Masks the units that do not exist yet, until the next boot at most: installing a package must not start a VPN. */
function holdUnits() {
  if (!existsSync('/run/systemd/system')) return [];
  const fresh = units.filter(
    (unit) => spawnSync('systemctl', ['cat', unit], { stdio: 'ignore' }).status !== 0,
  );
  for (const unit of fresh) spawnSync('systemctl', ['mask', '--runtime', unit], { stdio: 'ignore' });
  return fresh;
}

function releaseUnits(held) {
  for (const unit of held) {
    spawnSync('systemctl', ['unmask', '--runtime', unit], { stdio: 'ignore' });
    spawnSync('systemctl', ['disable', unit], { stdio: 'ignore' });
  }
}
