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

/** What a message of the peer deletes. */
export type Deletion =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'ike-sa' }
  /** `answer` names our inbound SPI, the other half of the pair. */
  | { readonly kind: 'child-sa'; readonly answer: DeletePayload };

/** `child` is the only pair that there is; a Delete of any other SPI is for nothing that we have. */
export function processDelete(
  message: IkeMessage,
  child: { readonly inboundSpi: Spi; readonly outboundSpi: Spi } | undefined,
): Deletion {
  const deletes = payloadsOf(message, 'D');
  if (deletes.some((payload) => payload.protocol === securityProtocol.IKE)) return { kind: 'ike-sa' };
  const ours = deletes.some(
    (payload) =>
      payload.protocol === securityProtocol.ESP &&
      child !== undefined &&
      payload.spis.includes(child.outboundSpi),
  );
  if (!ours || child === undefined) return { kind: 'nothing' };
  const answer = { kind: 'D', protocol: securityProtocol.ESP, spis: [child.inboundSpi] } as const;
  return { kind: 'child-sa', answer };
}
