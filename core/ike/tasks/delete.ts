import { payloadsOf } from '../../wire/ike/lookup.ts';
import type { DeletePayload, IkeMessage, Spi } from '../../wire/ike/payload.ts';
import { securityProtocol } from '../../wire/registry/protocols.ts';

/*
 * HDR, SK {D}  -->
 *          <--  HDR, SK {}            the IKE SA; all its CHILD SAs go with it
 *          <--  HDR, SK {D}           a CHILD SA: the other direction's SPI
 *
 * @rfc 7296 1.4.1
 */

/** Ends the IKE SA, with all that hangs on it. */
export const deleteIkeSa: DeletePayload = { kind: 'D', protocol: securityProtocol.IKE, spis: [] };

/** Ends CHILD SAs, each named by the SPI that its sender receives on. */
export function buildChildDelete(spis: readonly Spi[]): DeletePayload {
  return { kind: 'D', protocol: securityProtocol.ESP, spis };
}

export function deletesIkeSa(message: IkeMessage): boolean {
  return payloadsOf(message, 'D').some((payload) => payload.protocol === securityProtocol.IKE);
}

/** The ESP SPIs that the message deletes, as its sender receives on them. */
export function deletedSpis(message: IkeMessage): readonly Spi[] {
  return payloadsOf(message, 'D')
    .filter((payload) => payload.protocol === securityProtocol.ESP)
    .flatMap((payload) => payload.spis);
}
