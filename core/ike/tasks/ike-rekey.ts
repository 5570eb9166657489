import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { readU64 } from '../../base/words.ts';
import { payloadOf } from '../../wire/ike/lookup.ts';
import type { IkeMessage, IkeSpi, Payload, Proposal } from '../../wire/ike/payload.ts';
import { notifyType } from '../../wire/registry/notify-types.ts';
import { transformType } from '../../wire/registry/transforms.ts';
import type { SecuredIke } from '../association.ts';
import { chooseIke } from '../choose.ts';
import type { IkeConfig, IkeDependencies } from '../config.ts';
import { deriveIkeKeys, deriveRekeyedSkeyseed, type NoncePair, spiOctets } from '../keymat.ts';
import { chosenIkeSuite, type IkeSuite, ikeProposals, offeredGroups } from '../negotiate.ts';
import { ikeNotify, required } from '../payload-list.ts';
import {
  answerKeyExchange,
  beginKeyExchange,
  buildKe,
  finishKeyExchange,
  type OwnKeyExchange,
} from './key-exchange.ts';

/*
 * HDR, SK {SA, Ni, KEi}  -->
 *                  <--  HDR, SK {SA, Nr, KEr}
 *
 * The SA payloads name the new SPIs of 8 octets. Whoever sends the request is the initiator of the new IKE SA.
 *
 *  1. N(INVALID_KE_PAYLOAD): once more with the group that it names
 *  2. N(TEMPORARY_FAILURE): later
 *  3. any other error: the old one lives on while it may
 *
 * @rfc 7296 1.3.2 @rfc 7296 2.18
 */

const nonceOctets = 32;

/** An IKE SA that we ask for in place of the present one. */
export interface IkeRekeyOffer {
  readonly spi: IkeSpi;
  readonly proposals: readonly Proposal[];
  readonly nonce: Uint8Array;
  readonly keyExchange: OwnKeyExchange | undefined;
}

/** An IKE SA out of CREATE_CHILD_SA, and the nonces that decide a collision. */
export interface RekeyedIke {
  readonly ike: SecuredIke;
  readonly nonces: NoncePair;
}

/** `group`: what INVALID_KE_PAYLOAD asked for, or the group of the present IKE SA, which the peer is known to take. */
export function offerIkeRekey(
  config: IkeConfig,
  { crypto, random }: IkeDependencies,
  spi: IkeSpi,
  group: number,
): IkeRekeyOffer {
  return {
    spi,
    proposals: ikeProposals(config.ikeProposals, spiOctets(spi)),
    nonce: random.octets(nonceOctets),
    keyExchange: beginKeyExchange(crypto, random, group),
  };
}

export function buildIkeRekey(offer: IkeRekeyOffer): readonly Payload[] {
  return [
    { kind: 'SA', proposals: offer.proposals },
    { kind: 'Nonce', nonce: offer.nonce },
    ...buildKe(offer.keyExchange),
  ];
}

/** The IKE SA that the peer's answer makes. The keys are owned by the caller. */
export function processIkeRekey(
  { crypto }: IkeDependencies,
  old: SecuredIke,
  offer: IkeRekeyOffer,
  message: IkeMessage,
): Result<RekeyedIke, Failure> {
  const what = 'the answer with a new IKE SA';
  const sa = required(message, 'SA', what);
  if (!sa.ok) return sa;
  const nonce = required(message, 'Nonce', what);
  if (!nonce.ok) return nonce;
  const suite = chosenIkeSuite(crypto, offer.proposals, sa.value);
  if (!suite.ok) return suite;
  const responder = readIkeSpi(sa.value.proposals[0]);
  if (responder === undefined) {
    return err(failure('peer.misbehaved', { rule: 'a new IKE SA has an SPI of 8 octets that is not 0' }));
  }
  const shared = finishKeyExchange(offer.keyExchange, suite.value.group, message);
  if (!shared.ok) return shared;
  const nonces = { initiator: offer.nonce, responder: nonce.value.nonce.slice() };
  const spis = { initiator: offer.spi, responder };
  return ok({ ike: derive(old, suite.value, nonces, spis, shared.value), nonces });
}

/** The peer's request to replace the IKE SA: our answer under `spi` and the new one, or the notify that refuses. */
export function answerIkeRekey(
  config: IkeConfig,
  { crypto, random }: IkeDependencies,
  old: SecuredIke,
  spi: IkeSpi,
  request: IkeMessage,
): Result<{ readonly payloads: readonly Payload[]; readonly rekeyed: RekeyedIke }, Payload> {
  const nonce = payloadOf(request, 'Nonce');
  if (nonce === undefined) return err(ikeNotify(notifyType.INVALID_SYNTAX));
  // The group of the KE payload saves a round, if it is one of ours.
  const first = payloadOf(request, 'KE')?.group;
  const ours = config.ikeProposals.map((suite) => [
    ...suite.filter(({ type, id }) => type === transformType.KE && id === first),
    ...suite.filter(({ type, id }) => type !== transformType.KE || id !== first),
  ]);
  const usable = (payloadOf(request, 'SA')?.proposals ?? []).filter(
    (proposal) => readIkeSpi(proposal) !== undefined,
  );
  const choice = chooseIke(crypto, ours, usable);
  const initiator = readIkeSpi(choice?.answer);
  if (choice === undefined || initiator === undefined) {
    return err(ikeNotify(notifyType.NO_PROPOSAL_CHOSEN));
  }
  const exchanged = answerKeyExchange(crypto, random, choice.suite.group, request);
  if (!exchanged.ok) return exchanged;
  const nonces = { initiator: nonce.nonce.slice(), responder: random.octets(nonceOctets) };
  const payloads: readonly Payload[] = [
    { kind: 'SA', proposals: [{ ...choice.answer, spi: spiOctets(spi) }] },
    { kind: 'Nonce', nonce: nonces.responder },
    ...exchanged.value.payloads,
  ];
  const spis = { initiator, responder: spi };
  return ok({
    payloads,
    rekeyed: { ike: derive(old, choice.suite, nonces, spis, exchanged.value.shared), nonces },
  });
}

/** The groups that we offer for an IKE SA. */
export function ikeRekeyGroups(config: IkeConfig): readonly number[] {
  return offeredGroups(config.ikeProposals);
}

/** SKEYSEED comes from SK_d and the PRF of the old one; `shared` is wiped. @rfc 7296 2.18 */
function derive(
  old: SecuredIke,
  suite: IkeSuite,
  nonces: NoncePair,
  spis: SecuredIke['spis'],
  shared: Uint8Array,
): SecuredIke {
  const seed = deriveRekeyedSkeyseed({ prf: old.suite.prf, skD: old.keys.skD }, nonces, shared);
  const keys = deriveIkeKeys(suite, seed, nonces, spis);
  seed.fill(0);
  shared.fill(0);
  return { spis, suite, keys };
}

/** The SPI in a proposal for an IKE SA: 8 octets that are not all zero. */
export function readIkeSpi(proposal: Proposal | undefined): IkeSpi | undefined {
  if (proposal?.spi.length !== 8) return undefined;
  const spi = readU64(proposal.spi, 0);
  return spi === 0n ? undefined : spi;
}
