import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { electronBuilderConfig } from '../../build/package/electron-builder.ts';
import { root } from '../../build/testing/run-tests.ts';
import { missingPrograms } from '../support/net/sandbox.ts';
import { agentPort, macs } from './protocol.ts';

/** Everything of the guest lies here; it may be deleted at any time. */
export const guestFolder = join(root, '.cache/guest');

/** A Debian 12 with systemd, made once and then only read. */
export interface RootImage {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

const suite = 'bookworm';
const diskSize = '3G';

const base = [
  ...['systemd', 'systemd-sysv', 'udev', 'dbus', 'polkitd', 'pcscd', 'kmod', 'procps', 'apt'],
  ...['linux-image-cloud-amd64', 'initramfs-tools'],
  ...['systemd-resolved', 'network-manager', 'iproute2', 'nftables', 'iputils-ping', 'openssl'],
  ...['charon-systemd', 'strongswan-swanctl', 'libcharon-extra-plugins', 'libcharon-extauth-plugins'],
  ...['libstrongswan-standard-plugins', 'libstrongswan-extra-plugins'],
];

/** What the package depends on is there before: the guest has no way to a mirror. */
function packages(): readonly string[] {
  const depends = electronBuilderConfig().deb?.depends ?? [];
  return [...base, ...depends.map((each) => each.replace(/ .*/, ''))];
}

/** Runs with the new root's path as its argument when all packages are unpacked and configured. */
const customize = `#!/bin/sh
set -e
cd "$1"
echo godwit-guest >etc/hostname
echo '127.0.0.1 localhost godwit-guest' >etc/hosts
: >etc/machine-id
echo '/dev/vdb /mnt ext4 ro,nofail 0 0' >etc/fstab
ln -sf ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
mkdir -p etc/systemd/resolved.conf.d etc/NetworkManager/conf.d var/log/journal
cat >etc/systemd/resolved.conf.d/guest.conf <<END
[Resolve]
# No name of the world is asked for when the guest has no name server.
FallbackDNS=
LLMNR=no
MulticastDNS=no
END
cat >etc/NetworkManager/conf.d/guest.conf <<END
[main]
no-auto-default=*
[keyfile]
unmanaged-devices=mac:${macs.homeRouter};mac:${macs.cafeRouter}
[connectivity]
enabled=false
END
connection() {
  file="etc/NetworkManager/system-connections/$1.nmconnection"
  cat >"$file" <<END
[connection]
id=$1
type=ethernet
autoconnect=$5
[ethernet]
mac-address=$2
[ipv4]
method=manual
address1=$3.2/24
gateway=$3.1
dns=$3.1;
route-metric=$6
[ipv6]
method=manual
addr-gen-mode=eui64
address1=$4::2/64
gateway=$4::1
route-metric=$6
END
  chmod 600 "$file"
}
connection home ${macs.homeClient} 10.10.0 fd10 true 100
connection cafe ${macs.cafeClient} 10.20.0 fd20 false 200
cat >etc/systemd/system/guest-agent.service <<END
[Unit]
FailureAction=poweroff-force
After=multi-user.target dev-vdb.device mnt.mount
RequiresMountsFor=/mnt
[Service]
Type=simple
ExecStart=/mnt/node /mnt/agent.js ${agentPort}
StandardOutput=journal+console
StandardError=journal+console
# Closed by the machine's end alone.
KillMode=process
[Install]
WantedBy=default.target
END
for unit in strongswan.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \\
  e2scrub_reap.service systemd-pstore.service NetworkManager-wait-online.service getty@tty1.service; do
  ln -sf /dev/null "etc/systemd/system/$unit"
done
chroot . systemctl enable guest-agent.service
chroot . useradd --create-home --shell /bin/bash alice
chroot . useradd --create-home --shell /bin/bash mallory
cp vmlinuz initrd.img "$GUEST_FOLDER/"
`;

/** The image, which is made when it is not there or its recipe has changed; or why there can be none. */
export async function rootImage(say: (line: string) => void): Promise<RootImage | string> {
  const recipe = JSON.stringify([suite, diskSize, packages(), customize]);
  const name = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const folder = join(guestFolder, name);
  const image: RootImage = {
    disk: join(folder, 'root.ext4'),
    kernel: join(folder, 'vmlinuz'),
    initrd: join(folder, 'initrd.img'),
  };
  if (existsSync(join(folder, 'made'))) return image;
  const obstacle = missingPrograms(['mmdebstrap', 'mke2fs']) ?? cannotMake();
  if (obstacle !== undefined) return obstacle;
  say('making the root file system of the guest (a minute or two, once)');
  forgetOthers();
  mkdirSync(folder, { recursive: true });
  await make(folder, image);
  writeFileSync(join(folder, 'made'), new Date().toISOString());
  return image;
}

function cannotMake(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root makes the root file system of the guest';
  if (sources().length === 0) return "apt has no sources of Debian's packages here";
  return undefined;
}

/** Images of other recipes, and half-made ones. */
function forgetOthers(): void {
  mkdirSync(guestFolder, { recursive: true });
  for (const name of readdirSync(guestFolder)) {
    if (/^[0-9a-f]{12}$/.test(name)) rmSync(join(guestFolder, name), { recursive: true, force: true });
  }
}

async function make(folder: string, image: RootImage): Promise<void> {
  const hook = join(folder, 'customize.sh');
  const tree = join(folder, 'root');
  writeFileSync(hook, customize);
  chmodSync(hook, 0o755);
  const without = ['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
  await run(
    'mmdebstrap',
    [
      ...['--mode=root', '--variant=minbase', `--include=${packages().join(',')}`],
      ...['--aptopt=APT::Install-Recommends "false"', ...aptOptions(), ...without],
      ...[`--customize-hook=${hook}`, suite, tree, ...sources()],
    ],
    { GUEST_FOLDER: folder },
  );
  await run('mke2fs', ['-q', '-t', 'ext4', '-L', 'root', '-d', tree, image.disk, diskSize], {});
  rmSync(tree, { recursive: true, force: true });
}

/** The machine's own sources, whatever mirror they name. */
function sources(): readonly string[] {
  const list = '/etc/apt/sources.list';
  const folder = `${list}.d`;
  const more = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [list, ...more].filter(
    (path) => /\.(list|sources)$/.test(path) && existsSync(path) && /debian/.test(readFileSync(path, 'utf8')),
  );
}

/** Proxies and the like of the machine's apt. */
function aptOptions(): readonly string[] {
  const folder = '/etc/apt/apt.conf.d';
  if (!existsSync(folder)) return [];
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
  return lines
    .filter((line) => /^\s*Acquire::(http|https|Check)[\w:-]*\s+"[^"]*";\s*$/i.test(line))
    .map((line) => `--aptopt=${line.trim()}`);
}

/** @throws with the end of what the program said */
export async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, ...env },
  });
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0) throw new Error(`${program} failed (${status}): ${said}`);
}
