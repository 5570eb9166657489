import type { Failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { KeyExchangeSecret } from '../crypto/interfaces.ts';
import { withKeyExchanges } from '../crypto/proposals.ts';
import { deriveChildKeys, type IkeKeys } from '../ike/keymat.ts';
import { chosenEspSuite, espRekeyProposals, type IkeSuite } from '../ike/negotiate.ts';
import { required } from '../ike/payload-list.ts';
import { espSpiOctets, readEspSpi } from '../ike/tasks/child-create.ts';
import { wrongGroup } from '../ike/tasks/key-exchange.ts';
import { payloadOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload, Proposal, Spi } from '../wire/ike/payload.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import { securityProtocol } from '../wire/registry/protocols.ts';
import type { Child } from './child-table.ts';
import { type CreateChildContext, childKeyExchanges, type NewChild, rekeyNonce } from './create-child.ts';

/** A CHILD SA rekey of the gateway's own, on the wire. */
export interface ChildOffer {
  readonly payloads: readonly Payload[];
  /** Of the CHILD SA that is replaced. */
  readonly old: Child;
  readonly inboundSpi: Spi;
  readonly proposals: readonly Proposal[];
  readonly nonce: Uint8Array;
  readonly keyExchange?: { readonly group: number; readonly secret: KeyExchangeSecret };
}

/**
 * CREATE_CHILD_SA that replaces `old`, as the initiator; `group` is the one that the client asked for.
 *
 *     HDR, SK {N(REKEY_SA), SA, Ni, [KEi], TSi, TSr}  -->
 *                                 <--  HDR, SK {SA, Nr, [KEr], TSi, TSr}
 *
 * @rfc 7296 1.3.3
 */
export function offerChildRekey(context: CreateChildContext, old: Child, group?: number): ChildOffer {
  const { config, dependencies } = context;
  const groups = childKeyExchanges(config).filter((id) => id === 0 || dependencies.crypto.keyExchange(id));
  const suites = groups.every((id) => id === 0)
    ? config.espProposals
    : withKeyExchanges(config.espProposals, groups);
  const guess = group ?? groups[0] ?? 0;
  const secret =
    guess === 0 ? undefined : dependencies.crypto.keyExchange(guess)?.generate(dependencies.random);
  const inboundSpi = context.newSpi();
  const nonce = rekeyNonce(context, 'initiator');
  const proposals = espRekeyProposals(suites, espSpiOctets(inboundSpi));
  const rekeySa: Payload = {
    kind: 'N',
    protocol: securityProtocol.ESP,
    spi: espSpiOctets(old.inbound),
    type: notifyType.REKEY_SA,
    data: new Uint8Array(0),
  };
  const ke: readonly Payload[] =
    secret === undefined ? [] : [{ kind: 'KE', group: guess, publicValue: secret.publicValue }];
  return {
    payloads: [
      rekeySa,
      { kind: 'SA', proposals },
      { kind: 'Nonce', nonce },
      ...ke,
      { kind: 'TSi', selectors: old.selectors.local },
      { kind: 'TSr', selectors: old.selectors.remote },
    ],
    old,
    inboundSpi,
    proposals,
    nonce,
    ...(secret === undefined ? {} : { keyExchange: { group: guess, secret } }),
  };
}

/** The CHILD SA that the client's answer makes; not installed yet. */
export function acceptChildRekey(
  context: CreateChildContext,
  ike: { readonly suite: IkeSuite; readonly keys: IkeKeys },
  offer: ChildOffer,
  answer: IkeMessage,
): Result<NewChild, Failure> {
  const what = 'the answer to a CHILD SA rekey';
  const sa = required(answer, 'SA', what);
  if (!sa.ok) return sa;
  const nonce = required(answer, 'Nonce', what);
  if (!nonce.ok) return nonce;
  const suite = chosenEspSuite(context.dependencies.crypto, offer.proposals, sa.value);
  if (!suite.ok) return suite;
  const { cipher, esn, group, spi, notation } = suite.value;
  const outboundSpi = readEspSpi(spi);
  if (!outboundSpi.ok) return outboundSpi;
  const shared = agree(offer, group, answer);
  if (!shared.ok) return shared;
  const nonces = { initiator: offer.nonce, responder: nonce.value.nonce.slice() };
  const keys = deriveChildKeys({ prf: ike.suite.prf, cipher }, ike.keys.skD, nonces, shared.value);
  shared.value.fill(0);
  return ok({
    parameters: {
      inbound: { spi: offer.inboundSpi, cipher, esn, key: keys.responder },
      outbound: { spi: outboundSpi.value, cipher, esn, key: keys.initiator },
      selectors: offer.old.selectors,
    },
    espProposal: notation,
    nonces,
  });
}

/** The shared secret; empty where the client chose to do without. */
function agree(offer: ChildOffer, group: number, answer: IkeMessage): Result<Uint8Array, Failure> {
  if (group === 0) return ok(new Uint8Array(0));
  const ke = payloadOf(answer, 'KE');
  if (offer.keyExchange?.group !== group || ke?.group !== group) {
    return err(wrongGroup());
  }
  return offer.keyExchange.secret.agree(ke.publicValue);
}
