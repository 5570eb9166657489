import type { IpPrefix } from '../base/address.ts';
import { readU32 } from '../base/words.ts';
import { chooseEsp } from '../ike/choose.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import { deriveChildKeys, type IkeKeys, type NoncePair } from '../ike/keymat.ts';
import type { IkeSuite } from '../ike/negotiate.ts';
import { ikeNotify } from '../ike/payload-list.ts';
import { espSpiOctets } from '../ike/tasks/child-create.ts';
import { answerKeyExchange } from '../ike/tasks/key-exchange.ts';
import { notifyOf, payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload, Spi } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { GatewayConfig, GatewayDependencies } from './config.ts';
import { narrowBoth } from './narrow.ts';

/** What both halves of CREATE_CHILD_SA need. */
export interface CreateChildContext {
  readonly config: GatewayConfig;
  readonly dependencies: GatewayDependencies;
  /** A fresh inbound SPI, not in use. */
  readonly newSpi: () => Spi;
}

/** A CHILD SA that stands on our side once it is installed. */
export interface NewChild {
  readonly parameters: ChildSaParameters;
  readonly espProposal: string;
  /** Of the exchange that made it: they decide collisions. */
  readonly nonces: NoncePair;
}

export type CreateChildAnswer =
  | { readonly kind: 'made'; readonly payloads: readonly Payload[]; readonly child: NewChild }
  | { readonly kind: 'refused'; readonly payloads: readonly Payload[] };

/** Every group that is good enough, ours by preference, and none at all. */
const defaultKeyExchanges: readonly number[] = [19, 20, 31, 21, 14, 15, 16, 0];
const nonceOctets = 32;

export function childKeyExchanges(config: GatewayConfig): readonly number[] {
  return config.childKeyExchanges ?? defaultKeyExchanges;
}

/** A nonce for CREATE_CHILD_SA. @rfc 7296 2.10 */
export function rekeyNonce(
  { config, dependencies }: CreateChildContext,
  role: 'initiator' | 'responder',
): Uint8Array {
  const nonce = dependencies.random.octets(nonceOctets);
  const first = config.habits?.rekeyNonceFirstOctet;
  if (first !== undefined) nonce[0] = role === 'initiator' ? first : 255 - first;
  return nonce;
}

/**
 * CREATE_CHILD_SA for a CHILD SA, the responder's side: a new one, or the new one of a rekey.
 *
 *     HDR, SK {[N(REKEY_SA)], SA, Ni, [KEi], TSi, TSr}  -->
 *                                  <--  HDR, SK {SA, Nr, [KEr], TSi, TSr}
 *
 * `addresses` are the client's inner ones. What the caller gets is not installed yet. @rfc 7296 1.3.1 @rfc 7296 1.3.3
 */
export function respondCreateChild(
  context: CreateChildContext,
  ike: { readonly suite: IkeSuite; readonly keys: IkeKeys },
  addresses: readonly IpPrefix[],
  request: IkeMessage,
): CreateChildAnswer {
  const { config, dependencies } = context;
  const proposals = payloadOf(request, 'SA')?.proposals ?? [];
  const initiatorNonce = payloadOf(request, 'Nonce')?.nonce;
  if (initiatorNonce === undefined) return refused(notifyType.INVALID_SYNTAX);
  const choice = chooseEsp(dependencies.crypto, config.espProposals, proposals, childKeyExchanges(config));
  if (choice === undefined || config.habits?.noCommonEspProposal) {
    return refused(notifyType.NO_PROPOSAL_CHOSEN);
  }
  const selectors = narrowBoth(config.networks, addresses, request);
  if (selectors === undefined || config.habits?.refuseSelectors) return refused(notifyType.TS_UNACCEPTABLE);
  const { crypto, random } = dependencies;
  const exchanged = answerKeyExchange(crypto, random, choice.suite.group, request);
  if (!exchanged.ok) return { kind: 'refused', payloads: [exchanged.error] };
  const { shared } = exchanged.value;

  const { cipher, esn, notation, spi } = choice.suite;
  const nonces = { initiator: initiatorNonce.slice(), responder: rekeyNonce(context, 'responder') };
  const suite = { prf: ike.suite.prf, cipher };
  const keys = deriveChildKeys(suite, ike.keys.skD, nonces, shared);
  shared.fill(0);
  const inboundSpi = context.newSpi();
  return {
    kind: 'made',
    payloads: [
      { kind: 'SA', proposals: [{ ...choice.answer, spi: espSpiOctets(inboundSpi) }] },
      { kind: 'Nonce', nonce: nonces.responder },
      ...exchanged.value.payloads,
      { kind: 'TSi', selectors: selectors.remote },
      { kind: 'TSr', selectors: selectors.local },
    ],
    child: {
      parameters: {
        inbound: { spi: inboundSpi, cipher, esn, key: keys.initiator },
        outbound: { spi: readU32(spi, 0), cipher, esn, key: keys.responder },
        selectors,
      },
      espProposal: notation,
      nonces,
    },
  };
}

/** The client has use for several CHILD SAs with the same selectors, and so have we. @rfc 9611 3 */
export function answerResources({ resources = 1 }: GatewayConfig, request: IkeMessage): readonly Payload[] {
  const asked = notifyOf(request, notifyType.SA_RESOURCE_INFO) !== undefined;
  return asked && resources > 1 ? [ikeNotify(notifyType.SA_RESOURCE_INFO)] : [];
}

/** A refusal by one error notify. */
export function refused(notify: number): { readonly kind: 'refused'; readonly payloads: readonly Payload[] } {
  return { kind: 'refused', payloads: [ikeNotify(notify)] };
}
