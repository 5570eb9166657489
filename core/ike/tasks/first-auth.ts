import type { CryptoProvider } from '../../crypto/interfaces.ts';
import { certReqHashes } from '../../pki/certificate-request.ts';
import type { AuthPayload, Payload } from '../../wire/ike/payload.ts';
import { certEncoding } from '../../wire/registry/authentication.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import type { IkeConfig, IkeIdentity } from '../config.ts';
import { ikeNotify } from '../payload-list.ts';
import { ppkIdentityData } from '../ppk.ts';
import { announceResource } from '../resource-numbers.ts';
import { offerMobility } from '../roaming.ts';
import { buildChildCreate, type ChildOffer } from './child-create.ts';
import { buildConfigRequest } from './config-request.ts';

/** What one round shows of us. Without `auth` we want EAP. */
export interface Proof {
  readonly identity: IkeIdentity;
  readonly auth?: AuthPayload;
  /** DER: our certificate first, then intermediates. */
  readonly chain?: readonly Uint8Array[];
  /** SubjectPublicKeyInfo. @rfc 7670 */
  readonly rawKey?: Uint8Array;
  /** `noPpkAuth`: data of the AUTH that holds when the gateway lacks the PPK; absent when we insist on it. @rfc 8784 3 */
  readonly ppk?: { readonly id: Uint8Array; readonly noPpkAuth?: Uint8Array };
  /** @rfc 4739 3.2 */
  readonly anotherFollows: boolean;
}

export interface FirstOffers {
  readonly eapOnly: boolean;
  readonly severalRounds: boolean;
  /** What FortiClient says about itself; then no name is asked for. */
  readonly fortiClient?: Payload;
}

/*
 * HDR, SK {IDi, [CERT+], [CERTREQ], [IDr], [AUTH], [N(INITIAL_CONTACT)], CP(CFG_REQUEST), SAi2, TSi, TSr, [N(MOBIKE_SUPPORTED)],
 *     [N(MULTIPLE_AUTH_SUPPORTED)], [N(ANOTHER_AUTH_FOLLOWS)], [N(EAP_ONLY_AUTHENTICATION)],
 *     [N(PPK_IDENTITY)], [N(NO_PPK_AUTH)], [N(FORTICLIENT_CONNECT)], [N(SA_RESOURCE_INFO)]}  -->
 *
 * @rfc 7296 1.2 @rfc 4739 3 @rfc 5998 3 @rfc 8784 3 @rfc 9611 3
 */

/** The first IKE_AUTH request: who we are, whom we expect, which CAs we trust, and what we want. */
export function buildFirstAuth(
  config: IkeConfig,
  crypto: CryptoProvider,
  child: ChildOffer | undefined,
  proof: Proof,
  offers: FirstOffers,
): readonly Payload[] {
  const { auth } = proof;
  const { fortiClient } = offers;
  // A FortiGate that is asked for by a name may find no login for it.
  const { remoteIdentity: _, ...nameless } = config;
  return [
    ...buildOwnIdentity(proof),
    ...buildRequests(fortiClient === undefined ? config : nameless, crypto),
    ...(auth === undefined ? [] : [auth]),
    ...(config.initialContact === true ? [ikeNotify(notifyType.INITIAL_CONTACT)] : []),
    buildConfigRequest(config.wantedAddresses),
    ...(child === undefined ? [] : [...buildChildCreate(child), ...announceResource(config, 0)]),
    ...offerMobility(config),
    ...(offers.severalRounds ? [ikeNotify(notifyType.MULTIPLE_AUTH_SUPPORTED)] : []),
    ...(offers.eapOnly ? [ikeNotify(notifyType.EAP_ONLY_AUTHENTICATION)] : []),
    ...buildProofNotifies(proof),
    ...(fortiClient === undefined ? [] : [fortiClient]),
  ];
}

/** The first request of a further round: another identity, and its AUTH unless EAP follows. @rfc 4739 2.2 */
export function buildFurtherAuth(proof: Proof): readonly Payload[] {
  const { auth } = proof;
  return [...buildOwnIdentity(proof), ...(auth === undefined ? [] : [auth]), ...buildProofNotifies(proof)];
}

/** What goes beside an AUTH of ours, be it at the beginning of a round or after EAP. */
export function buildProofNotifies({ ppk, anotherFollows }: Omit<Proof, 'identity'>): readonly Payload[] {
  return [
    ...(anotherFollows ? [ikeNotify(notifyType.ANOTHER_AUTH_FOLLOWS)] : []),
    ...(ppk === undefined ? [] : [ikeNotify(notifyType.PPK_IDENTITY, ppkIdentityData(ppk.id))]),
    ...(ppk?.noPpkAuth === undefined ? [] : [ikeNotify(notifyType.NO_PPK_AUTH, ppk.noPpkAuth)]),
  ];
}

function buildOwnIdentity({ identity, chain = [], rawKey }: Proof): readonly Payload[] {
  const certificates = chain.map(
    (data) => ({ kind: 'CERT', encoding: certEncoding.X509_SIGNATURE, data }) as const,
  );
  return [
    { kind: 'IDi', ...identity },
    ...certificates,
    ...(rawKey === undefined
      ? []
      : [{ kind: 'CERT', encoding: certEncoding.RAW_PUBLIC_KEY, data: rawKey } as const]),
  ];
}

/** Whom we expect, and which CAs we trust. */
function buildRequests(config: IkeConfig, crypto: CryptoProvider): readonly Payload[] {
  const payloads: Payload[] = [];
  const wishes = config.certificateWishes ?? {};
  const { anyAuthority = false, ocsp = false, lookups = false, rawKeys = false } = wishes;
  const certReq = (encoding: number, authorities: Uint8Array) =>
    payloads.push({ kind: 'CERTREQ', encoding, authorities });
  if (anyAuthority || config.trustAnchors.length > 0)
    certReq(
      certEncoding.X509_SIGNATURE,
      anyAuthority ? new Uint8Array() : certReqHashes(config.trustAnchors, crypto.hash),
    );
  if (rawKeys) certReq(certEncoding.RAW_PUBLIC_KEY, new Uint8Array());
  // No hashes: whatever responder the gateway asks, its word is judged here. @rfc 4806 3.1
  if (ocsp) certReq(certEncoding.OCSP_CONTENT, new Uint8Array());
  if (lookups) payloads.push(ikeNotify(notifyType.HTTP_CERT_LOOKUP_SUPPORTED));
  if (config.remoteIdentity !== undefined) payloads.push({ kind: 'IDr', ...config.remoteIdentity });
  return payloads;
}
