import type { Endpoint } from '../base/address.ts';
import { concat, equal } from '../base/octets.ts';
import { utf8 } from '../base/utf8.ts';
import { u16List } from '../base/words.ts';
import type { Association } from '../ike/association.ts';
import { chooseIke } from '../ike/choose.ts';
import type { IkePort } from '../ike/io.ts';
import { deriveIkeKeys, deriveSkeyseed } from '../ike/keymat.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { endpointHash } from '../ike/tasks/nat-detection.ts';
import { notifyOf, payloadOf, payloadsOf } from '../wire/ike/lookup.ts';
import { encodeMessage } from '../wire/ike/message.ts';
import type { IkeMessage, IkeSpi, Payload, Proposal } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType, signatureHash } from '../wire/registry/notify-types.ts';
import { encryption, transformType } from '../wire/registry/transforms.ts';
import { type ClientOffers, loginNotifies, offersIn } from './client-offers.ts';
import type { GatewayConfig, GatewayDependencies } from './config.ts';
import { usualLogin } from './login-terms.ts';

export type InitAnswer =
  /** Nothing is kept: an error notify, or the group that the KE payload should have had. */
  | { readonly kind: 'refused'; readonly response: Uint8Array }
  | {
      readonly kind: 'accepted';
      readonly response: Uint8Array;
      readonly association: Association;
      readonly offers: ClientOffers;
      /** Both sides take fragments. @rfc 7383 2.3 */
      readonly fragmentation: boolean;
    };

export interface InitRequest {
  readonly message: IkeMessage;
  /** As it was on the wire: AUTH covers it. */
  readonly octets: Uint8Array;
  readonly from: Endpoint;
  readonly via: IkePort;
}

const nonceOctets = 32;
const natHashOctets = 20;
const ikePorts: Readonly<Record<IkePort, number>> = { ike: 500, 'nat-traversal': 4500 };

/** The hashes that a client may sign with, and the sign that RFC 7427 is spoken. @rfc 7427 4 */
const announcedHashes = [
  signatureHash.SHA2_256,
  signatureHash.SHA2_384,
  signatureHash.SHA2_512,
  signatureHash.IDENTITY,
];

/** IKE_SA_INIT, the responder's side, once cookies are settled. Octets of the request that are kept are copied. @rfc 7296 1.2 */
export function respondToInit(
  config: GatewayConfig,
  dependencies: GatewayDependencies,
  request: InitRequest,
  responderSpi: IkeSpi,
): InitAnswer {
  const { crypto, random } = dependencies;
  const { message } = request;
  const refuse = (type: number, data?: Uint8Array): InitAnswer => ({
    kind: 'refused',
    response: initResponse(message, 0n, [ikeNotify(type, data)]),
  });
  const sa = payloadOf(message, 'SA');
  const ke = payloadOf(message, 'KE');
  const nonce = payloadOf(message, 'Nonce')?.nonce;
  if (sa === undefined || ke === undefined || nonce === undefined) return refuse(notifyType.INVALID_SYNTAX);
  const redirect = redirectNotify(config, message, nonce);
  if (redirect !== undefined) {
    return { kind: 'refused', response: initResponse(message, 0n, [redirect]) };
  }
  const choice = chooseIke(crypto, config.ikeProposals, sa.proposals);
  if (choice === undefined || config.habits?.noCommonProposal) return refuse(notifyType.NO_PROPOSAL_CHOSEN);
  const { suite, answer } = choice;
  if (ke.group !== suite.group) {
    return refuse(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(suite.group >> 8, suite.group & 0xff));
  }
  const secret = crypto.keyExchange(suite.group)?.generate(random);
  const shared = secret?.agree(ke.publicValue);
  if (secret === undefined || shared?.ok !== true) return refuse(notifyType.INVALID_SYNTAX);

  const nonces = { initiator: nonce.slice(), responder: random.octets(nonceOctets) };
  const spis = { initiator: message.header.initiatorSpi, responder: responderSpi };
  const skeyseed = deriveSkeyseed(suite.prf, nonces, shared.value);
  const keys = deriveIkeKeys(suite, skeyseed, nonces, spis);
  const fragmentation =
    config.fragmentation !== false &&
    notifyOf(message, notifyType.IKEV2_FRAGMENTATION_SUPPORTED) !== undefined;
  const offers = offersIn(message);
  const response = initResponse(message, responderSpi, [
    { kind: 'SA', proposals: [config.habits?.unofferedChoice ? unoffered(answer) : answer] },
    { kind: 'KE', group: suite.group, publicValue: secret.publicValue },
    { kind: 'Nonce', nonce: nonces.responder },
    ...natNotifies(config, dependencies, request, spis),
    ikeNotify(notifyType.SIGNATURE_HASH_ALGORITHMS, u16List(announcedHashes)),
    ...(fragmentation ? [ikeNotify(notifyType.IKEV2_FRAGMENTATION_SUPPORTED)] : []),
    ...loginNotifies(config.login ?? usualLogin, offers),
  ]);
  for (const octets of [shared.value, skeyseed]) octets.fill(0);
  secret.wipe();
  const initMessages = { request: request.octets.slice(), response };
  const nat = { local: false, remote: clientBehindNat(dependencies, request) };
  return {
    kind: 'accepted',
    response,
    association: { spis, suite, keys, nonces, initMessages, nat },
    offers,
    fragmentation,
  };
}

/** An unprotected answer to IKE_SA_INIT. */
export function initResponse(
  request: IkeMessage,
  responderSpi: IkeSpi,
  payloads: readonly Payload[],
): Uint8Array {
  return encodeMessage({
    header: {
      initiatorSpi: request.header.initiatorSpi,
      responderSpi,
      majorVersion: 2,
      minorVersion: 0,
      exchange: exchangeType.IKE_SA_INIT,
      fromInitiator: false,
      isResponse: true,
      messageId: 0,
    },
    payloads,
  });
}

const redirectKinds = { 4: 1, 6: 2, name: 3 } as const;
const redirectNameOctets = 255;

/** Where else the client should go, with its nonce to show that we have seen its request. @rfc 5685 3 */
function redirectNotify(
  { redirectTo }: GatewayConfig,
  message: IkeMessage,
  nonce: Uint8Array,
): Payload | undefined {
  if (redirectTo === undefined) return undefined;
  const knows = [notifyType.REDIRECT_SUPPORTED, notifyType.REDIRECTED_FROM];
  if (!knows.some((type) => notifyOf(message, type) !== undefined)) return undefined;
  const isName = typeof redirectTo === 'string';
  const identity = isName ? utf8.encode(redirectTo).subarray(0, redirectNameOctets) : redirectTo.octets;
  const kind = redirectKinds[isName ? 'name' : redirectTo.family];
  return ikeNotify(notifyType.REDIRECT, concat(Uint8Array.of(kind, identity.length), identity, nonce));
}

/** Without an address of our own to hash, a random one: the client then takes us to be behind a NAT. @rfc 7296 2.23 */
export function natNotifies(
  config: GatewayConfig,
  { crypto, random }: GatewayDependencies,
  request: Pick<InitRequest, 'from' | 'via'>,
  spis: Association['spis'],
): readonly Payload[] {
  const { address } = config;
  const source =
    address === undefined
      ? random.octets(natHashOctets)
      : endpointHash(crypto, spis, { address, port: ikePorts[request.via] });
  const destination = endpointHash(crypto, spis, request.from);
  return [
    ikeNotify(notifyType.NAT_DETECTION_SOURCE_IP, source),
    ikeNotify(notifyType.NAT_DETECTION_DESTINATION_IP, destination),
  ];
}

function clientBehindNat({ crypto }: GatewayDependencies, { message, from }: InitRequest): boolean {
  const spis = { initiator: message.header.initiatorSpi, responder: 0n };
  const hash = endpointHash(crypto, spis, from);
  const sources = payloadsOf(message, 'N').filter(({ type }) => type === notifyType.NAT_DETECTION_SOURCE_IP);
  return sources.length > 0 && !sources.some(({ data }) => equal(data, hash));
}

/** The answer with a cipher that no client of ours offers. */
function unoffered(answer: Proposal): Proposal {
  const transforms = answer.transforms.map((transform) =>
    transform.type === transformType.ENCR ? { type: transform.type, id: encryption['3DES'] } : transform,
  );
  return { ...answer, transforms };
}
