import { concat } from '../../base/octets.ts';
import { eapCode, eapType } from '../../wire/registry/eap-types.ts';

/*
 * EAP packets inside of PEAP version 0 have no header of four octets, but for those of the type Extensions. Some servers
 * write the header all the same, FreeRADIUS in its question for the identity; answers go without. [MS-PEAP] 3.1.5.6
 */

const headerOctets = 4;

/** A whole packet. `identifier` is for one that comes without header, where the peer must tell each from the one before. */
export function unwrapInner(plaintext: Uint8Array, identifier: number): Uint8Array {
  const [code = 0, , high = 0, low = 0] = plaintext;
  const length = high * 0x100 + low;
  const whole = length === plaintext.length && length >= headerOctets;
  if (whole && code >= eapCode.Request && code <= eapCode.Failure) return plaintext;
  const octets = plaintext.length + headerOctets;
  return concat(Uint8Array.of(eapCode.Request, identifier, octets >> 8, octets & 0xff), plaintext);
}

/** A response as it goes to the server. */
export function wrapInner(packet: Uint8Array): Uint8Array {
  return packet[headerOctets] === eapType.Extensions ? packet : packet.subarray(headerOctets);
}
