import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { defaultRekeyGroups } from '../../crypto/default-proposals.ts';
import { type SuiteProposal, withKeyExchanges } from '../../crypto/proposals.ts';
import { payloadOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage, NotifyPayload, Payload, Proposal, Spi } from '../../wire/ike/payload.ts';
import type { SelectorPair } from '../../wire/ike/selector-pair.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import { securityProtocol } from '../../wire/registry/protocols.ts';
import type { SecuredIke } from '../association.ts';
import { chooseEsp } from '../choose.ts';
import type { IkeConfig, IkeDependencies } from '../config.ts';
import { deriveChildKeys, type NoncePair } from '../keymat.ts';
import { narrow } from '../narrow.ts';
import { chosenEspSuite, espRekeyProposals, offeredGroups } from '../negotiate.ts';
import { ikeNotify, required } from '../payload-list.ts';
import { type ChildSa, espSpiOctets, narrowed, readEspSpi } from './child-create.ts';
import {
  answerKeyExchange,
  beginKeyExchange,
  buildKe,
  finishKeyExchange,
  type OwnKeyExchange,
} from './key-exchange.ts';

/*
 * HDR, SK {N(REKEY_SA), SA, Ni, [KEi], TSi, TSr}  -->
 *                  <--  HDR, SK {SA, Nr, [KEr], TSi, TSr}
 *
 * Without N(REKEY_SA) it makes a CHILD SA from scratch. The notify names the SPI that the sender receives on.
 *
 *  1. N(INVALID_KE_PAYLOAD): once more with the group that it names
 *  2. N(CHILD_SA_NOT_FOUND): the peer does not have the old one; make one from scratch
 *  3. N(TEMPORARY_FAILURE): later
 *  4. any other error: the old one lives on while it may
 *
 * @rfc 7296 1.3.1 @rfc 7296 1.3.3 @rfc 7296 2.17
 */

/** 32 octets: half of the longest PRF key that we offer. @rfc 7296 2.10 */
const nonceOctets = 32;

/** A new CHILD SA that we ask for. */
export interface RekeyOffer {
  readonly inboundSpi: Spi;
  readonly proposals: readonly Proposal[];
  readonly nonce: Uint8Array;
  readonly keyExchange: OwnKeyExchange | undefined;
  readonly selectors: SelectorPair;
  /** N(SA_RESOURCE_INFO), where we have use for copies. @rfc 9611 3 */
  readonly notifies?: readonly Payload[];
  /** Our inbound SPI of the one that it replaces; absent for one from scratch. */
  readonly replaces?: Spi;
}

/** A CHILD SA out of CREATE_CHILD_SA, and the nonces that decide a collision. */
export interface RekeyedChild extends ChildSa {
  readonly nonces: NoncePair;
}

/** With a key exchange and without: the profile's groups, or all of ours where it names none. */
export function rekeySuites(config: IkeConfig): readonly SuiteProposal[] {
  const named = offeredGroups(config.espProposals).filter((group) => group !== 0);
  return withKeyExchanges(config.espProposals, named.length > 0 ? [...named, 0] : defaultRekeyGroups);
}

/** `group`: what INVALID_KE_PAYLOAD asked for; our first one when absent. */
export function offerRekey(
  config: IkeConfig,
  { crypto, random }: IkeDependencies,
  terms: Pick<RekeyOffer, 'inboundSpi' | 'selectors' | 'replaces' | 'notifies'>,
  group?: number,
): RekeyOffer {
  const suites = rekeySuites(config);
  return {
    ...terms,
    proposals: espRekeyProposals(suites, espSpiOctets(terms.inboundSpi)),
    nonce: random.octets(nonceOctets),
    keyExchange: beginKeyExchange(crypto, random, group ?? offeredGroups(suites)[0] ?? 0),
  };
}

export function buildRekey(offer: RekeyOffer): readonly Payload[] {
  const { replaces } = offer;
  return [
    ...(replaces === undefined ? [] : [childNotify(notifyType.REKEY_SA, replaces)]),
    ...(offer.notifies ?? []),
    { kind: 'SA', proposals: offer.proposals },
    { kind: 'Nonce', nonce: offer.nonce },
    ...buildKe(offer.keyExchange),
    { kind: 'TSi', selectors: offer.selectors.local },
    { kind: 'TSr', selectors: offer.selectors.remote },
  ];
}

/** The CHILD SA that the peer's answer makes. The keys are fresh copies, owned by the caller. */
export function processRekey(
  { crypto }: IkeDependencies,
  ike: SecuredIke,
  offer: RekeyOffer,
  message: IkeMessage,
): Result<RekeyedChild, Failure> {
  const what = 'the answer with a new CHILD SA';
  const sa = required(message, 'SA', what);
  if (!sa.ok) return sa;
  const nonce = required(message, 'Nonce', what);
  if (!nonce.ok) return nonce;
  const tsi = required(message, 'TSi', what);
  if (!tsi.ok) return tsi;
  const tsr = required(message, 'TSr', what);
  if (!tsr.ok) return tsr;
  const suite = chosenEspSuite(crypto, offer.proposals, sa.value);
  if (!suite.ok) return suite;
  const outboundSpi = readEspSpi(suite.value.spi);
  if (!outboundSpi.ok) return outboundSpi;
  const local = narrowed(offer.selectors.local, tsi.value.selectors);
  if (!local.ok) return local;
  const remote = narrowed(offer.selectors.remote, tsr.value.selectors);
  if (!remote.ok) return remote;
  const shared = finishKeyExchange(offer.keyExchange, suite.value.group, message);
  if (!shared.ok) return shared;
  const { cipher, esn, notation } = suite.value;
  const nonces = { initiator: offer.nonce, responder: nonce.value.nonce.slice() };
  const keys = deriveChildKeys({ prf: ike.suite.prf, cipher }, ike.keys.skD, nonces, shared.value);
  shared.value.fill(0);
  const parameters = {
    inbound: { spi: offer.inboundSpi, cipher, esn, key: keys.responder },
    outbound: { spi: outboundSpi.value, cipher, esn, key: keys.initiator },
    selectors: { local: local.value, remote: remote.value },
  };
  return ok({ parameters, notation, nonces });
}

/** The peer's request to replace a CHILD SA with these `selectors`: our answer and the new one, or the notify that refuses. */
export function answerRekey(
  config: IkeConfig,
  { crypto, random }: IkeDependencies,
  ike: SecuredIke,
  terms: Pick<RekeyOffer, 'inboundSpi' | 'selectors'>,
  request: IkeMessage,
): Result<{ readonly payloads: readonly Payload[]; readonly child: RekeyedChild }, Payload> {
  const sa = payloadOf(request, 'SA');
  const nonce = payloadOf(request, 'Nonce');
  if (sa === undefined || nonce === undefined) return err(ikeNotify(notifyType.INVALID_SYNTAX));
  // The group of the KE payload saves a round, if it is one of ours.
  const groups = offeredGroups(rekeySuites(config));
  const first = payloadOf(request, 'KE')?.group ?? 0;
  const preferred = [
    ...groups.filter((group) => group === first),
    ...groups.filter((group) => group !== first),
  ];
  const choice = chooseEsp(crypto, config.espProposals, sa.proposals, preferred);
  if (choice === undefined) return err(ikeNotify(notifyType.NO_PROPOSAL_CHOSEN));
  const local = narrow(terms.selectors.local, payloadOf(request, 'TSr')?.selectors ?? []);
  const remote = narrow(terms.selectors.remote, payloadOf(request, 'TSi')?.selectors ?? []);
  if (local.length === 0 || remote.length === 0) return err(ikeNotify(notifyType.TS_UNACCEPTABLE));
  const outboundSpi = readEspSpi(choice.suite.spi);
  if (!outboundSpi.ok) return err(ikeNotify(notifyType.INVALID_SYNTAX));
  const exchanged = answerKeyExchange(crypto, random, choice.suite.group, request);
  if (!exchanged.ok) return exchanged;
  const { cipher, esn, notation } = choice.suite;
  const nonces = { initiator: nonce.nonce.slice(), responder: random.octets(nonceOctets) };
  const { shared } = exchanged.value;
  const keys = deriveChildKeys({ prf: ike.suite.prf, cipher }, ike.keys.skD, nonces, shared);
  shared.fill(0);
  const parameters = {
    inbound: { spi: terms.inboundSpi, cipher, esn, key: keys.initiator },
    outbound: { spi: outboundSpi.value, cipher, esn, key: keys.responder },
    selectors: { local, remote },
  };
  const payloads: readonly Payload[] = [
    { kind: 'SA', proposals: [{ ...choice.answer, spi: espSpiOctets(terms.inboundSpi) }] },
    { kind: 'Nonce', nonce: nonces.responder },
    ...exchanged.value.payloads,
    { kind: 'TSi', selectors: remote },
    { kind: 'TSr', selectors: local },
  ];
  return ok({ payloads, child: { parameters, notation, nonces } });
}

/** The SPI in N(REKEY_SA); `undefined` when the request replaces nothing. An error: it is not an ESP SPI. */
export function rekeyedSpi(notify: NotifyPayload): Result<Spi, Failure> {
  if (notify.protocol === securityProtocol.ESP && notify.spi.length === 4) return readEspSpi(notify.spi);
  return err(failure('peer.misbehaved', { rule: 'N(REKEY_SA) names an ESP SPI of four octets' }));
}

/** A notify about the CHILD SA with this SPI. @rfc 7296 3.10 */
export function childNotify(type: number, spi: Spi): NotifyPayload {
  return { kind: 'N', protocol: securityProtocol.ESP, spi: espSpiOctets(spi), type, data: new Uint8Array(0) };
}
