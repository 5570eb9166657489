/**
 * UDP port 4500 carries IKE with four zero octets in front, ESP as it is (its SPI is never zero), and keepalives of
 * one octet 0xff.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                  Non-ESP Marker: 0x00000000                   |   IKE only
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ~                     IKE header, or ESP header                 ~
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * @rfc 3948 2.1 @rfc 3948 2.2 @rfc 3948 2.3
 */
import { concat } from '../../base/octets.ts';

export const nonEspMarkerOctets = 4;

const nonEspMarker: Uint8Array = new Uint8Array(nonEspMarkerOctets);

/** The whole payload of a NAT keepalive. @rfc 3948 2.3 */
export const natKeepalive: Uint8Array = Uint8Array.of(0xff);

/** `octets` is a view: of the IKE message without the marker, or of the ESP packet. */
export type NatTraversalDatagram =
  | { readonly kind: 'ike'; readonly octets: Uint8Array }
  | { readonly kind: 'esp'; readonly octets: Uint8Array }
  | { readonly kind: 'keepalive' }
  /** Neither: too short to be any of them. To be dropped. */
  | { readonly kind: 'runt' };

/** Sorts one UDP payload of port 4500. */
export function classify(datagram: Uint8Array): NatTraversalDatagram {
  if (datagram.length === 1 && datagram[0] === 0xff) return { kind: 'keepalive' };
  if (datagram.length < 4) return { kind: 'runt' };
  const isMarked = datagram.subarray(0, 4).every((octet) => octet === 0);
  return isMarked ? { kind: 'ike', octets: datagram.subarray(4) } : { kind: 'esp', octets: datagram };
}

/** The IKE message as it travels on port 4500. */
export function addNonEspMarker(message: Uint8Array): Uint8Array {
  return concat(nonEspMarker, message);
}
