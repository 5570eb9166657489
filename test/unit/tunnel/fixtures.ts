import assert from 'node:assert/strict';
import { type IpAddress, parseIpAddress } from '../../../core/base/address.ts';
import type { PacketCipher } from '../../../core/crypto/interfaces.ts';
import type { ChildSaParameters, IkeSummary } from '../../../core/ike/io.ts';

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** Of an IKE SA with nothing special about it. */
export const summary: IkeSummary = {
  initiatorSpi: '01',
  responderSpi: '02',
  ikeProposal: 'aes256gcm16-prfsha384-ecp256',
  espProposal: 'aes256gcm16',
  natDetected: { local: true, remote: false },
  mobike: false,
  peerAddresses: [],
  remoteNames: [],
  ppk: false,
  weaknesses: [],
  remoteIdentity: 'vpn.example',
  remoteAuthentication: 'ECDSA',
  localAuthentication: 'EAP-MSCHAPv2',
};

const cipher: PacketCipher = {
  name: 'none',
  encryptionId: 20,
  keyBits: 256,
  integrityId: 0,
  encryptionKeyOctets: 0,
  saltOctets: 0,
  integrityKeyOctets: 0,
  ivOctets: 8,
  icvOctets: 16,
  blockOctets: 1,
  randomIv: false,
  open: () => assert.fail('not used here'),
};
const key = { encryption: new Uint8Array(0), salt: new Uint8Array(0), integrity: new Uint8Array(0) };
const everything = {
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
  start: address('0.0.0.0'),
  end: address('255.255.255.255'),
};
/** A CHILD SA between any addresses, whose keys nobody uses. */
export const child: ChildSaParameters = {
  inbound: { spi: 0x1001, cipher, key },
  outbound: { spi: 0x2002, cipher, key },
  selectors: { local: [everything], remote: [everything] },
};
