import { compareAddresses, type IpAddress } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { readU32 } from '../../base/words.ts';
import type { CryptoProvider, Random } from '../../crypto/interfaces.ts';
import type { IkeMessage, Payload, Proposal, Spi, TrafficSelector } from '../../wire/ike/payload.ts';
import { notateSelector } from '../../wire/ike/payloads/ts.ts';
import type { Association } from '../association.ts';
import { childWishes, firstSelectors } from '../child-wishes.ts';
import type { IkeConfig } from '../config.ts';
import type { ChildSaParameters } from '../io.ts';
import { deriveChildKeys } from '../keymat.ts';
import { chosenEspSuite, espProposals } from '../negotiate.ts';
import { required } from '../payload-list.ts';

/*
 * HDR, SK {…, SAi2, TSi, TSr}  -->
 *                <--  HDR, SK {…, SAr2, TSi, TSr}
 *
 * The CHILD SA of IKE_AUTH: no key exchange of its own, its keys come from SK_d and the nonces of IKE_SA_INIT.
 * @rfc 7296 1.2 @rfc 7296 2.9 @rfc 7296 2.17
 */

/** What we asked for, to hold the answer against. */
export interface ChildOffer {
  readonly inboundSpi: Spi;
  readonly proposals: readonly Proposal[];
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
}

/** An offer for the first of our wishes, under a fresh random inbound SPI. */
export function offerChild(config: IkeConfig, random: Random): ChildOffer {
  const spi = freshSpi(random);
  const [wish] = childWishes(config);
  const { local, remote } = firstSelectors(wish ?? { remote: [] });
  return {
    inboundSpi: spi,
    proposals: espProposals(config.espProposals, espSpiOctets(spi)),
    local,
    remote,
  };
}

export function buildChildCreate(offer: ChildOffer): readonly Payload[] {
  return [
    { kind: 'SA', proposals: offer.proposals },
    { kind: 'TSi', selectors: offer.local },
    { kind: 'TSr', selectors: offer.remote },
  ];
}

/** A CHILD SA that both sides agreed on. */
export interface ChildSa {
  readonly parameters: ChildSaParameters;
  /** Its ESP algorithms in strongSwan's notation. */
  readonly notation: string;
}

/** The CHILD SA that the answer makes. The keys are fresh copies, owned by the caller. */
export function processChildCreate(
  crypto: CryptoProvider,
  association: Association,
  offer: ChildOffer,
  message: IkeMessage,
): Result<ChildSa, Failure> {
  const what = 'the answer with a CHILD SA';
  const sa = required(message, 'SA', what);
  if (!sa.ok) return sa;
  const tsi = required(message, 'TSi', what);
  if (!tsi.ok) return tsi;
  const tsr = required(message, 'TSr', what);
  if (!tsr.ok) return tsr;
  const choice = chosenEspSuite(crypto, offer.proposals, sa.value);
  if (!choice.ok) return choice;
  const local = narrowed(offer.local, tsi.value.selectors);
  if (!local.ok) return local;
  const remote = narrowed(offer.remote, tsr.value.selectors);
  if (!remote.ok) return remote;
  const { cipher, esn, spi, notation } = choice.value;
  const outboundSpi = readEspSpi(spi);
  if (!outboundSpi.ok) return outboundSpi;
  const keys = deriveChildKeys(
    { prf: association.suite.prf, cipher },
    association.keys.skD,
    association.nonces,
  );
  const parameters = {
    inbound: { spi: offer.inboundSpi, cipher, esn, key: keys.responder },
    outbound: { spi: outboundSpi.value, cipher, esn, key: keys.initiator },
    selectors: { local: local.value, remote: remote.value },
  };
  return ok({ parameters, notation });
}

/** The responder may take less than was asked for, never more, and something must be left. @rfc 7296 2.9 */
export function narrowed(
  asked: readonly TrafficSelector[],
  answer: readonly TrafficSelector[],
): Result<readonly TrafficSelector[], Failure> {
  const beyond = answer.find((selector) => !asked.some((own) => covers(own, selector)));
  if (beyond === undefined && answer.length > 0) return ok(answer.map(ownCopy));
  const selector = beyond === undefined ? 'none' : notateSelector(beyond);
  return err(failure('peer.misbehaved', { rule: 'selectors are narrowed, never widened', selector }));
}

function covers(own: TrafficSelector, theirs: TrafficSelector): boolean {
  return (
    own.start.family === theirs.start.family &&
    (own.protocol === 0 || own.protocol === theirs.protocol) &&
    own.startPort <= theirs.startPort &&
    own.endPort >= theirs.endPort &&
    compareAddresses(own.start, theirs.start) <= 0 &&
    compareAddresses(own.end, theirs.end) >= 0
  );
}

/** A selector that does not point into the datagram. */
function ownCopy(selector: TrafficSelector): TrafficSelector {
  const copy = (address: IpAddress) => ({ ...address, octets: address.octets.slice() });
  return { ...selector, start: copy(selector.start), end: copy(selector.end) };
}

/** 0 to 255 are reserved. @rfc 4303 2.1 */
const firstSpi = 256;

/** A random inbound SPI. */
export function freshSpi(random: Random): Spi {
  const spi = readU32(random.octets(4), 0);
  return spi < firstSpi ? freshSpi(random) : spi;
}

/** The SPI in a proposal's 4 octets. */
export function readEspSpi(octets: Uint8Array): Result<Spi, Failure> {
  const spi = readU32(octets, 0);
  if (spi >= firstSpi) return ok(spi);
  return err(failure('peer.misbehaved', { rule: 'an ESP SPI is not one of the reserved 0 to 255' }));
}

/** An ESP SPI as its 4 octets. */
export function espSpiOctets(spi: Spi): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, spi);
  return octets;
}
