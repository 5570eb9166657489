import { formatIpAddress, type IpAddress } from '../base/address.ts';

/** Where a gateway sends its clients: an address, or a domain name. @rfc 5685 */
export type RedirectTarget = IpAddress | string;

/** As text, for people and for a resolver. */
export function formatTarget(target: RedirectTarget): string {
  return typeof target === 'string' ? target : formatIpAddress(target);
}
