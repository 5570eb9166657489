import type { IpPrefix } from '../base/address.ts';
import { readU32 } from '../base/words.ts';
import type { Association } from '../ike/association.ts';
import { everything } from '../ike/child-wishes.ts';
import { chooseEsp } from '../ike/choose.ts';
import type { ChildSaParameters } from '../ike/io.ts';
import { deriveChildKeys } from '../ike/keymat.ts';
import { espSpiOctets } from '../ike/tasks/child-create.ts';
import { payloadOf, payloadsOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload, Spi, TrafficSelector } from '../wire/ike/payload.ts';
import { configType } from '../wire/registry/config-attributes.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { AddressPool } from './address-pool.ts';
import type { GatewayConfig, GatewayDependencies } from './config.ts';
import { configReply, requestedFamilies } from './config-reply.ts';
import { answerResources, refused } from './create-child.ts';
import { narrowBoth } from './narrow.ts';

/** The CHILD SA that IKE_AUTH makes, with the payloads of the response that tell the client. */
export type FirstChild =
  | {
      readonly kind: 'made';
      readonly payloads: readonly Payload[];
      readonly child: ChildSaParameters;
      readonly addresses: readonly IpPrefix[];
      readonly espProposal: string;
    }
  /** The IKE SA stands without it: `payloads` is one error notify. @rfc 7296 1.2 */
  | { readonly kind: 'refused'; readonly payloads: readonly Payload[] };

export interface FirstChildContext {
  readonly config: GatewayConfig;
  readonly dependencies: GatewayDependencies;
  readonly pools: readonly AddressPool[];
  /** A fresh inbound SPI, not in use. */
  readonly newSpi: () => Spi;
}

/** `request`: the first IKE_AUTH request, which has SA, TSi, TSr and perhaps CP. @rfc 7296 2.19 */
export function makeFirstChild(
  context: FirstChildContext,
  association: Association,
  request: IkeMessage,
): FirstChild {
  const { config, dependencies } = context;
  const habits = config.habits ?? {};
  const proposals = payloadOf(request, 'SA')?.proposals ?? [];
  const choice = chooseEsp(dependencies.crypto, config.espProposals, proposals);
  if (choice === undefined || habits.noCommonEspProposal) return refused(notifyType.NO_PROPOSAL_CHOSEN);

  const cp = payloadsOf(request, 'CP').find(({ type }) => type === configType.CFG_REQUEST);
  if (cp === undefined) return refused(notifyType.FAILED_CP_REQUIRED);
  const addresses = leaseAddresses(context.pools, requestedFamilies(cp));
  if (addresses.length === 0 || habits.noAddress) {
    releaseAddresses(context.pools, addresses);
    return refused(notifyType.INTERNAL_ADDRESS_FAILURE);
  }
  const selectors = narrowBoth(config.networks, addresses, request);
  if (selectors === undefined || habits.refuseSelectors) {
    releaseAddresses(context.pools, addresses);
    return refused(notifyType.TS_UNACCEPTABLE);
  }
  const { cipher, esn, notation, spi } = choice.suite;
  const keys = deriveChildKeys(
    { prf: association.suite.prf, cipher },
    association.keys.skD,
    association.nonces,
  );
  const inboundSpi = context.newSpi();
  const outboundSpi = readU32(spi, 0);
  const tsi: readonly TrafficSelector[] = habits.widenSelectors ? everything : selectors.remote;
  return {
    kind: 'made',
    addresses,
    espProposal: notation,
    payloads: [
      configReply(config, cp, addresses),
      { kind: 'SA', proposals: [{ ...choice.answer, spi: espSpiOctets(inboundSpi) }] },
      { kind: 'TSi', selectors: tsi },
      { kind: 'TSr', selectors: habits.widenSelectors ? everything : selectors.local },
      ...answerResources(config, request),
    ],
    child: {
      inbound: { spi: inboundSpi, cipher, esn, key: keys.initiator },
      outbound: { spi: outboundSpi, cipher, esn, key: keys.responder },
      selectors,
    },
  };
}

/** Gives them back to the pools that they came from. */
export function releaseAddresses(pools: readonly AddressPool[], addresses: readonly IpPrefix[]): void {
  for (const { address } of addresses) {
    pools.find(({ family }) => family === address.family)?.release(address);
  }
}

/** One address of each family that is asked for and that the gateway has. */
function leaseAddresses(pools: readonly AddressPool[], families: readonly (4 | 6)[]): readonly IpPrefix[] {
  const leased: IpPrefix[] = [];
  for (const family of families) {
    const address = pools.find((pool) => pool.family === family)?.take();
    if (address !== undefined) leased.push({ address, length: address.octets.length * 8 });
  }
  return leased;
}
