import { type IpAddress, ipAddress } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { concat, equal } from '../../base/octets.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import { notifyOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../wire/ike/payload.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import type { IkeConfig } from '../config.ts';
import { ikeNotify } from '../payload-list.ts';
import type { RedirectTarget } from '../redirect-target.ts';

/*
 * HDR(A,0), N(REDIRECT_SUPPORTED), SAi1, …  -->
 *                       <--  HDR(A,0), N(REDIRECT, new gateway, Ni)          or later
 *                       <--  HDR, SK {…, N(REDIRECT, new gateway)}
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * | GW Ident Type |  GW Ident Len |   New Responder GW Identity   ~
 * +---------------+---------------+-------------------------------+
 * ~                          Nonce Data                           ~
 * +---------------------------------------------------------------+
 *
 * @rfc 5685 3 @rfc 5685 7
 */

const identityType = { address4: 1, address6: 2, name: 3 } as const;

/** What IKE_SA_INIT says of it: that we follow, or who sent us. @rfc 5685 3 */
export function buildRedirectSupport({ redirects }: IkeConfig): readonly Payload[] {
  if (redirects === undefined) return [];
  const { from } = redirects;
  if (from === undefined) return [ikeNotify(notifyType.REDIRECT_SUPPORTED)];
  return [ikeNotify(notifyType.REDIRECTED_FROM, encodeTarget(from))];
}

/**
 * Where the message sends us; `undefined` when nowhere. `nonce`: ours, which a redirect in IKE_SA_INIT must repeat, so that only
 * who saw our request can have made it. Fails with `peer.misbehaved`.
 */
export function redirectIn(
  config: IkeConfig,
  message: Pick<IkeMessage, 'payloads'>,
  nonce?: Uint8Array,
): Result<RedirectTarget, Failure> | undefined {
  const notify = notifyOf(message, notifyType.REDIRECT);
  if (notify === undefined) return undefined;
  if (config.redirects === undefined) return misbehaved('only clients that ask for it are redirected');
  const [type, length = 0] = notify.data;
  const identity = notify.data.subarray(2, 2 + length);
  if (length === 0 || identity.length < length) return misbehaved('REDIRECT names a gateway');
  if (nonce !== undefined && !equal(notify.data.subarray(2 + length), nonce))
    return misbehaved('REDIRECT in IKE_SA_INIT repeats our nonce');
  const target = decodeTarget(type ?? 0, identity);
  return target === undefined ? misbehaved('REDIRECT names a gateway by address or name') : ok(target);
}

function decodeTarget(type: number, identity: Uint8Array): RedirectTarget | undefined {
  const octets = identity.length;
  if (type === identityType.address4) return octets === 4 ? ipAddress(identity.slice()) : undefined;
  if (type === identityType.address6) return octets === 16 ? ipAddress(identity.slice()) : undefined;
  if (type !== identityType.name) return undefined;
  const name = utf8.decodeStrict(identity)?.replace(/\.$/, '').toLowerCase();
  return name?.split('.').every((label) => labelPattern.test(label)) ? name : undefined;
}

/** A label of a host name: a resolver is asked for it. @rfc 1123 2.1 */
const labelPattern = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

function encodeTarget(target: RedirectTarget): Uint8Array {
  const identity = typeof target === 'string' ? utf8.encode(target) : target.octets;
  const type = typeof target === 'string' ? identityType.name : addressType(target);
  return concat(Uint8Array.of(type, identity.length), identity);
}

function addressType({ family }: IpAddress): number {
  return family === 4 ? identityType.address4 : identityType.address6;
}

function misbehaved(rule: string): Result<RedirectTarget, Failure> {
  return err(failure('peer.misbehaved', { rule }));
}
