import type { Endpoint, IpAddress } from '../../base/address.ts';
import { ipAddress } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { concat, equal } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { CryptoProvider, Random } from '../../crypto/interfaces.ts';
import { notifiesOf, notifyOf, payloadsOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../wire/ike/payload.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import type { NatSituation, SecuredIke } from '../association.ts';
import { ikeNotify } from '../payload-list.ts';
import { refusalIn } from '../peer-refusal.ts';
import { buildNatDetection, processNatDetection } from './nat-detection.ts';

/*
 * HDR, SK {N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP), N(COOKIE2)}  -->
 *                        <--  HDR, SK {N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP), N(COOKIE2)}
 *
 * The peer takes the addresses of the IP header. The cookie proves that whoever answers has read the question: an answer made
 * beforehand has none that fits. @rfc 4555 3.5 @rfc 4555 3.7
 */

/** 8 to 64 are allowed. @rfc 4555 4.2.5 */
const cookieOctets = 16;
const hashOctets = 20;

export function freshCookie(random: Random): Uint8Array {
  return random.octets(cookieOctets);
}

/** Both hashes for a peer on port 4500, with the SPIs of this IKE SA. The source hash is false, as in IKE_SA_INIT. */
export function buildPathCheck(
  crypto: CryptoProvider,
  random: Random,
  ike: SecuredIke,
  remote: Endpoint,
): readonly Payload[] {
  return buildNatDetection(crypto, random, ike.spis, remote);
}

/** `more`: what else is told about addresses on this occasion. */
export function buildUpdate(
  check: readonly Payload[],
  cookie: Uint8Array,
  more: readonly Payload[] = [],
): readonly Payload[] {
  return [
    ikeNotify(notifyType.UPDATE_SA_ADDRESSES),
    ...more,
    ...check,
    ikeNotify(notifyType.COOKIE2, cookie),
  ];
}

/** All our addresses beside the one that the message leaves from. @rfc 4555 3.6 */
export function buildAdditionalAddresses(others: readonly IpAddress[]): readonly Payload[] {
  if (others.length === 0) return [ikeNotify(notifyType.NO_ADDITIONAL_ADDRESSES)];
  const { ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS } = notifyType;
  return others
    .slice(0, limits.addressesOfGateway)
    .map(({ family, octets }) =>
      ikeNotify(family === 4 ? ADDITIONAL_IP4_ADDRESS : ADDITIONAL_IP6_ADDRESS, octets),
    );
}

/** Source and destination address, then the ports, as they leave here: 12 octets, or 36 for IPv6. @rfc 4555 4.2.6 */
export function buildNoNats(local: Endpoint, remote: Endpoint): Payload {
  const ports = Uint8Array.of(local.port >> 8, local.port & 255, remote.port >> 8, remote.port & 255);
  return ikeNotify(notifyType.NO_NATS_ALLOWED, concat(local.address.octets, remote.address.octets, ports));
}

/** True when the sender forbids NATs, and `from` and `to` of its packet are not what it wrote. @rfc 4555 3.9 */
export function seesForbiddenNat(request: IkeMessage, from: Endpoint, to: Endpoint): boolean {
  const notify = notifyOf(request, notifyType.NO_NATS_ALLOWED);
  if (notify === undefined) return false;
  const written = buildNoNats(from, to);
  return written.kind !== 'N' || !equal(notify.data, written.data);
}

/** What the peer's answer to an update says. `refusal`: it does not take these addresses; what was before stays. */
export interface UpdateAnswer {
  readonly refusal?: Failure;
  /** Absent: it said nothing about NATs. */
  readonly nat?: NatSituation;
}

/** Fails with `peer.misbehaved` when the cookie is not ours: the IKE SA must not go on. @rfc 4555 3.7 */
export function processUpdate(
  crypto: CryptoProvider,
  ike: SecuredIke,
  path: { readonly local: Endpoint; readonly remote: Endpoint },
  cookie: Uint8Array,
  message: IkeMessage,
): Result<UpdateAnswer, Failure> {
  const [echo, ...more] = notifiesOf(message, notifyType.COOKIE2);
  const refusal = refusalIn(message, 'IKE');
  // A refusal of the whole message may come alone.
  if (echo === undefined && refusal !== undefined) return ok({ refusal });
  if (echo === undefined || more.length > 0 || !equal(echo.data, cookie)) {
    return err(failure('peer.misbehaved', { rule: 'the answer has the COOKIE2 of the request' }));
  }
  if (refusal !== undefined) return ok({ refusal });
  if (seenAs(message) === undefined) return ok({});
  return ok({ nat: processNatDetection(crypto, message, ike.spis, path.local, path.remote) });
}

/** The hash of our address and port as the peer sees them, or `undefined` when it does not say. A copy. */
export function seenAs(message: IkeMessage): Uint8Array | undefined {
  const data = notifyOf(message, notifyType.NAT_DETECTION_DESTINATION_IP)?.data;
  return data?.length === hashOctets ? data.slice() : undefined;
}

/**
 * The peer's other addresses, if the message speaks of them: the list replaces the one before. A notify of a wrong length and
 * what exceeds the bound is left out. @rfc 4555 3.6
 */
export function peerAddressesIn(message: IkeMessage): readonly IpAddress[] | undefined {
  const { ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS, NO_ADDITIONAL_ADDRESSES } = notifyType;
  const octetsOf: Readonly<Record<number, number>> = {
    [ADDITIONAL_IP4_ADDRESS]: 4,
    [ADDITIONAL_IP6_ADDRESS]: 16,
  };
  const notifies = payloadsOf(message, 'N');
  const named = notifies.filter(({ type }) => octetsOf[type] !== undefined);
  if (named.length === 0) {
    return notifies.some(({ type }) => type === NO_ADDITIONAL_ADDRESSES) ? [] : undefined;
  }
  return named
    .filter(({ type, data }) => data.length === octetsOf[type])
    .slice(0, limits.addressesOfGateway)
    .map(({ data }) => ipAddress(data.slice()));
}

/** The cookie of the peer's own check goes back as it came; of a wrong length or twice, it is left alone. @rfc 4555 3.7 */
export function echoCookie(request: IkeMessage): readonly Payload[] {
  const [cookie, ...more] = notifiesOf(request, notifyType.COOKIE2);
  if (cookie === undefined || more.length > 0) return [];
  const { data } = cookie;
  return data.length >= 8 && data.length <= 64 ? [ikeNotify(notifyType.COOKIE2, data.slice())] : [];
}

/** True when the peer wants to know how we see the path; the answer says it then. @rfc 4555 3.8 */
export function checksPath(request: IkeMessage): boolean {
  return seenAs(request) !== undefined;
}
