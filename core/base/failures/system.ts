import type { Leaf } from './leaf.ts';

/** Failures of the operating system: `detail.call` and `detail.errno`. */
export const systemLeaves = {
  'system.call': {
    family: 'system-failure',
    what: 'The system refused {call}: {errno}.',
    next: 'Read the log of the daemon; the system may be short of something.',
  },
  'system.permission': {
    family: 'system-failure',
    what: 'Godwit may not change the network here ({call}: {errno}).',
    next: 'Run the daemon as root or with the capability CAP_NET_ADMIN.',
  },
  'system.no-trust-store': {
    family: 'system-failure',
    what: 'This system has no list of trusted CAs (looked for {looked}).',
    next: 'Install the package ca-certificates, or name the CA of the gateway with trust.caFile in the profile.',
  },
  'system.tun-missing': {
    family: 'system-failure',
    what: 'This system has no TUN device (/dev/net/tun).',
    next: 'Load it with `modprobe tun`; in a container, pass the device in.',
  },
  'system.tun-busy': {
    family: 'system-failure',
    what: 'The network device {device} is in use already.',
    next: 'Another Godwit daemon may be connected: disconnect it, or start this one with another --device.',
  },
  'system.network': {
    family: 'system-failure',
    what: 'The network cannot be used: {call} failed with {errno}.',
    next: 'Check that this computer is online.',
  },
  'system.address-changed': {
    family: 'system-failure',
    what: 'The address of this computer changed from {from} to {to}.',
    next: 'Godwit logs in again from the new address.',
  },
  'system.journal': {
    family: 'system-failure',
    what: 'The journal of changes to this machine, {file}, cannot be used: {reason}.',
    next: 'Godwit set it aside. If the network or name resolution misbehaves, restart this computer.',
  },
  'system.undo': {
    family: 'system-failure',
    what: 'Not all changes to this machine could be undone: {count} are left, the first is {first}.',
    next: 'Godwit tries again at its next start; restarting this computer removes them too.',
  },
  'system.dns': {
    family: 'system-failure',
    what: 'Name resolution could not be set up with {strategy}: {reason}.',
    next: 'Check that systemd-resolved runs, or that the daemon may write /etc/resolv.conf.',
  },
  'system.dns-changed': {
    family: 'system-failure',
    what: 'Another program changed {file} while the connection was up, so it was left as it is.',
    next: 'If names do not resolve now, reconnect the network.',
  },
  'system.dns-not-split': {
    family: 'system-failure',
    what: 'This system can not ask different servers for different names, so all names are asked through the tunnel.',
    next: 'Install and enable systemd-resolved to keep other names out of the tunnel.',
  },
  'system.dns-name': {
    family: 'system-failure',
    what: 'The gateway gave a search domain that is not a domain name; it was left out.',
    next: 'Tell the administrator of the gateway.',
  },
  'system.reverse-path': {
    family: 'system-failure',
    what: 'The kernel checks reverse paths strictly (rp_filter 1) and the setting could not be changed: {errno}.',
    next: 'If nothing comes through the tunnel, run `sysctl -w net.ipv4.conf.all.rp_filter=2` as root.',
  },
  'system.no-ipv6': {
    family: 'system-failure',
    what: 'This system has IPv6 switched off; the tunnel carries IPv4 alone.',
    next: 'Switch IPv6 on if you need it.',
  },
  'dataplane.stopped': {
    family: 'system-failure',
    what: 'The part of Godwit that moves packets stopped ({worker}: {reason}).',
    next: 'Connect again; if it stops again, report this with the log of the daemon.',
  },
} as const satisfies Record<string, Leaf>;
