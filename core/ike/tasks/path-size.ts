import type { CipherShape } from '../../crypto/interfaces.ts';
import { ikeHeaderOctets } from '../../wire/ike/header.ts';
import { nonEspMarkerOctets } from '../../wire/ike/non-esp-marker.ts';
import type { NotifyPayload } from '../../wire/ike/payload.ts';
import { genericHeaderOctets } from '../../wire/ike/payload-chain.ts';
import { ikeNotify } from '../payload-list.ts';

/*
 * HDR, SK {N(padding)}  -->
 *               <--  HDR, SK {}
 *
 * An INFORMATIONAL request that fills an IP packet of a wanted size, and that nobody may cut. The gateway does not know the notify, and
 * its answer is small, so what is proven is the way there. The way back is taken to be as wide; where it is not, the gateway's own path MTU
 * discovery and the MSS clamp, which holds for both directions, are what protects it.
 */

/** A status type for private use: whoever does not know it ignores it. @rfc 7296 3.10.1 */
const paddingNotify = 48_717;

const ipHeaderOctets = { 4: 20, 6: 40 } as const;
const udpHeaderOctets = 8;
/** Protocol ID, SPI Size and type behind the generic header. */
const notifyHeaderOctets = genericHeaderOctets + 4;

/**
 * Octets of notify data that make an IP packet of `octets`, or of a few less where the cipher has blocks; `undefined` when it is
 * full without any.
 */
export function paddingFor(octets: number, family: 4 | 6, cipher: CipherShape): number | undefined {
  const outside = ipHeaderOctets[family] + udpHeaderOctets + nonEspMarkerOctets;
  const sealed = ikeHeaderOctets + genericHeaderOctets + cipher.ivOctets + cipher.icvOctets;
  const room = Math.floor((octets - outside - sealed) / cipher.blockOctets) * cipher.blockOctets - 1;
  const data = room - notifyHeaderOctets;
  return data < 0 ? undefined : data;
}

/** The IP packet that a request with so much notify data makes, in octets. */
export function packetOf(data: number, family: 4 | 6, cipher: CipherShape): number {
  const outside = ipHeaderOctets[family] + udpHeaderOctets + nonEspMarkerOctets;
  const sealed = ikeHeaderOctets + genericHeaderOctets + cipher.ivOctets + cipher.icvOctets;
  const plain = notifyHeaderOctets + data + 1;
  return outside + sealed + Math.ceil(plain / cipher.blockOctets) * cipher.blockOctets;
}

export function padding(octets: number): NotifyPayload {
  return ikeNotify(paddingNotify, new Uint8Array(octets));
}
