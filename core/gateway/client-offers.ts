import { equal } from '../base/octets.ts';
import { utf8 } from '../base/utf8.ts';
import { readU16List } from '../base/words.ts';
import { fortiClientVendorIds } from '../ike/forticlient.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { notifyOf, payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { GatewayLogin } from './login-terms.ts';

/** What a client's IKE_SA_INIT says that the login depends on. */
export interface ClientOffers {
  /** Hashes of SIGNATURE_HASH_ALGORITHMS. @rfc 7427 4 */
  readonly hashes: readonly number[];
  /** It can mix in a PPK. @rfc 8784 3 */
  readonly ppk: boolean;
  /** It has all the vendor IDs of FortiClient. */
  readonly fortiClient: boolean;
}

/** Reads them; what is absent counts as not known. */
export function offersIn(message: IkeMessage): ClientOffers {
  const hashes = notifyOf(message, notifyType.SIGNATURE_HASH_ALGORITHMS)?.data ?? new Uint8Array(0);
  const sent = payloadsOf(message, 'V');
  return {
    hashes: readU16List(hashes),
    ppk: notifyOf(message, notifyType.USE_PPK) !== undefined,
    fortiClient: fortiClientVendorIds.every((known) =>
      sent.some(({ vendorId }) => known.kind === 'V' && equal(vendorId, known.vendorId)),
    ),
  };
}

/** What the answer to IKE_SA_INIT says of the login. @rfc 4739 3.1 @rfc 8784 3 */
export function loginNotifies({ rounds, ppk }: GatewayLogin, offers: ClientOffers): readonly Payload[] {
  return [
    ...(rounds.length > 1 ? [ikeNotify(notifyType.MULTIPLE_AUTH_SUPPORTED)] : []),
    ...(ppk !== undefined && offers.ppk ? [ikeNotify(notifyType.USE_PPK)] : []),
  ];
}

/** Whether a first IKE_AUTH request says where FortiClient is: a FortiGate refuses a right login without that. */
export function saysFortiClientAddress(message: IkeMessage): boolean {
  const told = notifyOf(message, notifyType.FORTICLIENT_CONNECT)?.data;
  return told !== undefined && /^IP=[0-9a-f.:]+$/m.test(utf8.decode(told));
}
