import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { closeOnExec, nonBlocking } from './descriptor-flags.ts';
import { call, errnoFailure, type Libc, libc } from './libc.ts';

const openReadWrite = 0o2;

const setInterface = 0x400454ca; // TUNSETIFF
const setOffload = 0x400454d0; // TUNSETOFFLOAD

const flagTun = 0x0001;
const flagNoPacketInfo = 0x1000;
const flagVnetHeader = 0x4000;

const offloadChecksum = 0x01;
const offloadTcp = 0x02 | 0x04; // TSO4, TSO6
const offloadUdp = 0x20 | 0x40; // USO4, USO6: kernel 6.2 and later

const duplicateCloseOnExec = 1030; // F_DUPFD_CLOEXEC

const nameOctets = 16;

/** An open TUN device, owned by whoever holds it. */
export interface TunDevice {
  readonly fd: number;
  /** The name that the kernel gave. */
  readonly name: string;
  /** Each packet has a virtio_net_hdr of 10 octets in front, and the kernel hands over super-packets. */
  readonly vnetHeader: boolean;
}

/** How the device is set up: the system, or a test whose kernel knows less. */
export type TunCalls = Pick<Libc, 'ioctl' | 'ioctlValue'>;

/**
 * Opens a TUN device that does not block and vanishes when it is closed. `name` may hold `%d`. Segmentation offload
 * is asked for from the most to the least; where the kernel knows none, the device has no virtio header at all.
 *
 * Fails with `system.tun-missing`, `system.tun-busy` (the name is taken), `system.permission`, or `system.call`.
 */
export function openTunDevice(
  name: string,
  { offload = true, calls = libc }: { readonly offload?: boolean; readonly calls?: TunCalls } = {},
): Result<TunDevice, Failure> {
  if (offload) {
    const offloaded = open(name, flagVnetHeader, calls);
    if (!offloaded.ok) {
      // A kernel without IFF_VNET_HDR says EINVAL; everything else would fail again.
      if (offloaded.error.detail['errno'] !== 'EINVAL') return offloaded;
    } else if (enableOffload(offloaded.value.fd, calls)) {
      return offloaded;
    } else {
      libc.close(offloaded.value.fd);
    }
  }
  return open(name, 0, calls);
}

/** A second descriptor for the same device, which stays as long as one of them is open. Fails with `system.call`. */
export function duplicateTunDevice(device: TunDevice): Result<TunDevice, Failure> {
  const fd = call('fcntl', device.fd, duplicateCloseOnExec, 0);
  return fd.ok ? ok({ ...device, fd: fd.value }) : fd;
}

export function closeTunDevice(device: TunDevice): void {
  libc.close(device.fd);
}

function open(name: string, extraFlags: number, calls: TunCalls): Result<TunDevice, Failure> {
  const opened = call('open', '/dev/net/tun', openReadWrite | nonBlocking | closeOnExec, 0);
  if (!opened.ok) {
    const missing = ['ENOENT', 'ENODEV', 'ENXIO'].includes(String(opened.error.detail['errno']));
    return missing ? err(failure('system.tun-missing')) : opened;
  }
  const fd = opened.value;
  const request = new Uint8Array(new ArrayBuffer(128)); // struct ifreq: 40 octets
  for (let i = 0; i < Math.min(name.length, nameOctets - 1); i++) request[i] = name.charCodeAt(i);
  const flags = flagTun | flagNoPacketInfo | extraFlags;
  request[nameOctets] = flags & 0xff;
  request[nameOctets + 1] = flags >> 8;
  if (calls.ioctl(fd, setInterface, request) < 0) {
    const refused = errnoFailure('ioctl');
    libc.close(fd);
    const busy = refused.detail['errno'] === 'EBUSY';
    return err(busy ? failure('system.tun-busy', { device: name }) : refused);
  }
  const end = request.indexOf(0);
  const given = String.fromCharCode(...request.subarray(0, Math.min(end, nameOctets)));
  return ok({ fd, name: given, vnetHeader: extraFlags !== 0 });
}

function enableOffload(fd: number, calls: TunCalls): boolean {
  for (const offload of [
    offloadChecksum | offloadTcp | offloadUdp,
    offloadChecksum | offloadTcp,
    offloadChecksum,
  ])
    if (calls.ioctlValue(fd, setOffload, offload) === 0) return true;
  return false;
}
