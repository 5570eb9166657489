import { libc } from '../../../core/platform/linux/libc.ts';
import type { TunCalls } from '../../../core/platform/linux/tun-device.ts';

const setInterface = 0x400454ca; // TUNSETIFF
const setOffload = 0x400454d0; // TUNSETOFFLOAD
const flagsAt = 16;
const vnetHeader = 0x40; // IFF_VNET_HDR, in the second octet of the flags
const offloads = { checksum: 0x01, tcp: 0x02 | 0x04, udp: 0x20 | 0x40 } as const;

/** What the kernel does not know: the virtio header, any offload at all, or the segmentation of UDP (before 6.2). */
export type LesserTun = 'no-header' | 'no-offload' | 'no-udp';

/**
 * The system calls of a kernel that knows less. A refusal is a real one: what is asked for is made into something that this
 * kernel refuses in the same words, EINVAL.
 */
export function lesserTun(kind: LesserTun): TunCalls {
  const unknown = kind === 'no-udp' ? offloads.udp : 0xff;
  return {
    ioctl: (fd, request, argument) => {
      const asksHeader = request === setInterface && ((argument?.[flagsAt + 1] ?? 0) & vnetHeader) !== 0;
      // Without IFF_TUN and IFF_TAP it is no kind of device.
      if (kind === 'no-header' && asksHeader) argument?.fill(0, flagsAt, flagsAt + 2);
      return libc.ioctl(fd, request, argument);
    },
    ioctlValue: (fd, request, value) => {
      const refused = request === setOffload && (value & unknown) !== 0 && kind !== 'no-header';
      return libc.ioctlValue(fd, request, refused ? 0x8000 : value);
    },
  };
}
