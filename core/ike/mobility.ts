import type { Endpoint, IpAddress } from '../base/address.ts';
import type { IkeSpi } from '../wire/ike/payload.ts';

/** What an established IKE SA knows of where both ends are; only with a peer that knows MOBIKE. @rfc 4555 */
export interface Mobility {
  /** Our address and port as packets leave now. */
  local: Endpoint;
  /** Where they go. */
  remote: Endpoint;
  /** Our other addresses, for the next update to tell; `undefined` when there is nothing new to tell. */
  additional: readonly IpAddress[] | undefined;
  /**
   * What the peer saw us as when it last said so: the hash in its NAT_DETECTION_DESTINATION_IP. It covers the SPIs of an IKE SA,
   * so it says nothing about another one.
   */
  seen: { readonly ike: IkeSpi; readonly hash: Uint8Array } | undefined;
  /** The peer refused an update that changed nothing: it gets none without need. */
  refused: boolean;
  /** Other addresses of the peer, by its own word. The driver tries them when the first one dies. @rfc 4555 3.6 */
  peerAddresses: readonly IpAddress[];
}
