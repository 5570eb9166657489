import type { Failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { KeyExchangeSecret } from '../crypto/interfaces.ts';
import { chooseIke } from '../ike/choose.ts';
import { deriveIkeKeys, deriveRekeyedSkeyseed, type NoncePair, spiOctets } from '../ike/keymat.ts';
import { chosenIkeSuite, type IkeSuite, ikeProposals, offeredGroups } from '../ike/negotiate.ts';
import { required } from '../ike/payload-list.ts';
import { readIkeSpi } from '../ike/tasks/ike-rekey.ts';
import { answerKeyExchange, wrongGroup } from '../ike/tasks/key-exchange.ts';
import { payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, IkeSpi, Payload, Proposal } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { type CreateChildContext, refused, rekeyNonce } from './create-child.ts';
import type { ChannelKeys } from './sa-channel.ts';

/** The IKE SA that replaces another, with the nonces of its exchange: they decide collisions. */
export interface NewIkeSa {
  readonly keys: ChannelKeys;
  readonly nonces: NoncePair;
}

export type RekeyIkeAnswer =
  | { readonly kind: 'made'; readonly payloads: readonly Payload[]; readonly next: NewIkeSa }
  | { readonly kind: 'refused'; readonly payloads: readonly Payload[] };

/**
 * CREATE_CHILD_SA that replaces the IKE SA, the responder's side.
 *
 *     HDR, SK {SA, Ni, KEi}  -->
 *                       <--  HDR, SK {SA, Nr, KEr}
 *
 * `ownSpi` is fresh. @rfc 7296 1.3.2 @rfc 7296 2.18
 */
export function respondRekeyIke(
  context: CreateChildContext,
  old: ChannelKeys,
  request: IkeMessage,
  ownSpi: IkeSpi,
): RekeyIkeAnswer {
  const { config, dependencies } = context;
  const proposals = payloadOf(request, 'SA')?.proposals ?? [];
  const initiatorNonce = payloadOf(request, 'Nonce')?.nonce;
  if (initiatorNonce === undefined) return refused(notifyType.INVALID_SYNTAX);
  const usable = proposals.filter((proposal) => readIkeSpi(proposal) !== undefined);
  const choice = chooseIke(dependencies.crypto, config.ikeProposals, usable);
  const initiator = choice === undefined ? undefined : readIkeSpi(choice.answer);
  if (choice === undefined || initiator === undefined || config.habits?.noCommonProposal) {
    return refused(notifyType.NO_PROPOSAL_CHOSEN);
  }
  const { suite, answer } = choice;
  const { crypto, random } = dependencies;
  const exchanged = answerKeyExchange(crypto, random, suite.group, request);
  if (!exchanged.ok) return { kind: 'refused', payloads: [exchanged.error] };
  const nonces = { initiator: initiatorNonce.slice(), responder: rekeyNonce(context, 'responder') };
  const spis = { initiator, responder: ownSpi };
  return {
    kind: 'made',
    payloads: [
      { kind: 'SA', proposals: [{ ...answer, spi: spiOctets(ownSpi) }] },
      { kind: 'Nonce', nonce: nonces.responder },
      ...exchanged.value.payloads,
    ],
    next: newIkeSa('responder', old, suite, nonces, spis, exchanged.value.shared),
  };
}

/** An IKE SA rekey of the gateway's own, on the wire. */
export interface IkeOffer {
  readonly payloads: readonly Payload[];
  readonly ownSpi: IkeSpi;
  readonly proposals: readonly Proposal[];
  readonly nonce: Uint8Array;
  readonly group: number;
  readonly secret: KeyExchangeSecret;
}

/** `group`: the one that the client asked for; otherwise our first. `undefined`: it is not ours. */
export function offerRekeyIke(
  context: CreateChildContext,
  ownSpi: IkeSpi,
  group?: number,
): IkeOffer | undefined {
  const { config, dependencies } = context;
  const groups = offeredGroups(config.ikeProposals);
  const guess = group ?? groups[0] ?? 0;
  const secret = groups.includes(guess)
    ? dependencies.crypto.keyExchange(guess)?.generate(dependencies.random)
    : undefined;
  if (secret === undefined) return undefined;
  const proposals = ikeProposals(config.ikeProposals, spiOctets(ownSpi));
  const nonce = rekeyNonce(context, 'initiator');
  const payloads: readonly Payload[] = [
    { kind: 'SA', proposals },
    { kind: 'Nonce', nonce },
    { kind: 'KE', group: guess, publicValue: secret.publicValue },
  ];
  return { payloads, ownSpi, proposals, nonce, group: guess, secret };
}

/** The IKE SA that the client's answer makes; not in use yet. Wipes the shared secret. Fails with `peer.misbehaved`, and as the suite's choice does. */
export function acceptRekeyIke(
  context: CreateChildContext,
  old: ChannelKeys,
  offer: IkeOffer,
  answer: IkeMessage,
): Result<NewIkeSa, Failure> {
  const what = 'the answer to an IKE SA rekey';
  const sa = required(answer, 'SA', what);
  if (!sa.ok) return sa;
  const nonce = required(answer, 'Nonce', what);
  if (!nonce.ok) return nonce;
  const ke = required(answer, 'KE', what);
  if (!ke.ok) return ke;
  const suite = chosenIkeSuite(context.dependencies.crypto, offer.proposals, sa.value);
  if (!suite.ok) return suite;
  const responder = readIkeSpi(sa.value.proposals[0]);
  if (suite.value.group !== offer.group || ke.value.group !== offer.group || responder === undefined) {
    return err(wrongGroup());
  }
  const shared = offer.secret.agree(ke.value.publicValue);
  if (!shared.ok) return shared;
  const nonces = { initiator: offer.nonce, responder: nonce.value.nonce.slice() };
  const spis = { initiator: offer.ownSpi, responder };
  return ok(newIkeSa('initiator', old, suite.value, nonces, spis, shared.value));
}

/** Wipes the shared secret. */
function newIkeSa(
  role: ChannelKeys['role'],
  old: ChannelKeys,
  suite: IkeSuite,
  nonces: NoncePair,
  spis: ChannelKeys['spis'],
  shared: Uint8Array,
): NewIkeSa {
  const skeyseed = deriveRekeyedSkeyseed({ prf: old.suite.prf, skD: old.keys.skD }, nonces, shared);
  const keys = deriveIkeKeys(suite, skeyseed, nonces, spis);
  shared.fill(0);
  skeyseed.fill(0);
  return { keys: { role, spis, suite, keys }, nonces };
}
