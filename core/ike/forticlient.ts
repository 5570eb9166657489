import { formatIpAddress, type IpAddress } from '../base/address.ts';
import { toHex } from '../base/octets.ts';
import { utf8 } from '../base/utf8.ts';
import type { Random } from '../crypto/interfaces.ts';
import type { Payload } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { ikeNotify } from './payload-list.ts';

/*
 * FortiGate asks for a second factor those clients alone that speak as FortiClient does. There is no public specification; this is
 * what people found who logged in to a real one with a changed strongSwan. Nothing of it is said unless a profile wants it.
 */

/** In order: "forticlient connect license", "Fortinet Endpoint Control", "Forticlient EAP Extension", as FortiOS logs them; 16 octets each. */
const vendorIds: readonly Uint8Array[] = [
  Uint8Array.of(
    0x4c,
    0x53,
    0x42,
    0x7b,
    0x6d,
    0x46,
    0x5d,
    0x1b,
    0x33,
    0x7b,
    0xb7,
    0x55,
    0xa3,
    0x7a,
    0x7f,
    0xef,
  ),
  Uint8Array.of(
    0xb4,
    0xf0,
    0x1c,
    0xa9,
    0x51,
    0xe9,
    0xda,
    0x8d,
    0x0b,
    0xaf,
    0xbb,
    0xd3,
    0x4a,
    0xd3,
    0x04,
    0x4e,
  ),
  Uint8Array.of(
    0xc1,
    0xdc,
    0x43,
    0x50,
    0x47,
    0x6b,
    0x98,
    0xa4,
    0x29,
    0xb9,
    0x17,
    0x81,
    0x91,
    0x4c,
    0xa4,
    0x3e,
  ),
];

/** For the end of IKE_SA_INIT: the last of them says that we can do a second factor. */
export const fortiClientVendorIds: readonly Payload[] = vendorIds.map((vendorId) => ({
  kind: 'V',
  vendorId,
}));

/** The oldest that FortiOS lets in by every way to log in is 7.2.4. */
const spokenVersion = '7.4.0.1658';
const deviceOctets = 16;

/**
 * For the first IKE_AUTH request: one `NAME=value` a line. Without an address the gateway refuses a right login. The device is a
 * random one, and nothing is said of this computer and its user that the gateway could not see anyway.
 */
export function fortiClientConnect(random: Random, address: IpAddress): Payload {
  const lines = [
    'VER=1',
    `FCTVER=${spokenVersion}`,
    `UID=${toHex(random.octets(deviceOctets)).toUpperCase()}`,
    `IP=${formatIpAddress(address)}`,
    'HOST=godwit',
    'USER=',
    'OSVER=Linux',
    'REG_STATUS=0',
    'EMSSN=',
    'EMSID=',
  ];
  return ikeNotify(notifyType.FORTICLIENT_CONNECT, utf8.encode(`${lines.join('\n')}\n`));
}
