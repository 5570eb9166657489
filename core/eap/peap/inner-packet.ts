import { concat } from '../../base/octets.ts';
import { eapCode, eapType } from '../../wire/registry/eap-types.ts';

/**
 * An EAP packet inside of PEAP version 0. Its header of four octets is left out, but for packets of the type Extensions; a few
 * servers leave it in always. [MS-PEAP] 3.1.5.6
 */
export interface InnerPacket {
  readonly form: 'whole' | 'without-header';
  /** From the code on. */
  readonly packet: Uint8Array;
}

const headerOctets = 4;

/** `identifier` is for a packet without header, where the peer must tell each from the one before. */
export function unwrapInner(plaintext: Uint8Array, identifier: number): InnerPacket {
  const [code = 0, , high = 0, low = 0] = plaintext;
  const length = high * 0x100 + low;
  if (
    code >= eapCode.Request &&
    code <= eapCode.Failure &&
    length === plaintext.length &&
    length >= headerOctets
  )
    return { form: 'whole', packet: plaintext };
  const whole = plaintext.length + headerOctets;
  const header = Uint8Array.of(eapCode.Request, identifier, whole >> 8, whole & 0xff);
  return { form: 'without-header', packet: concat(header, plaintext) };
}

/** A response in the form of its request. */
export function wrapInner(packet: Uint8Array, form: InnerPacket['form']): Uint8Array {
  const extension = packet[headerOctets] === eapType.Extensions;
  return form === 'whole' || extension ? packet : packet.subarray(headerOctets);
}
