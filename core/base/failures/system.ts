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
  'system.tun-missing': {
    family: 'system-failure',
    what: 'This system has no TUN device (/dev/net/tun).',
    next: 'Load it with `modprobe tun`; in a container, pass the device in.',
  },
  'system.network': {
    family: 'system-failure',
    what: 'The network cannot be used: {call} failed with {errno}.',
    next: 'Check that this computer is online.',
  },
} as const satisfies Record<string, Leaf>;
