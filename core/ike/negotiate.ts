import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CryptoProvider, PacketCipher, Prf } from '../crypto/interfaces.ts';
import type { Proposal, SaPayload, Transform } from '../wire/ike/payload.ts';

/** An encryption algorithm: IANA transform type 1, and its Key Length where the algorithm has one. */
export interface EncryptionChoice {
  readonly id: number;
  readonly keyBits?: number;
}

/**
 * One proposal of ours for the IKE SA: any combination of its members is acceptable. Numbers are IANA's. AEADs and
 * CBC never share an offer, because `integrity` is empty for an AEAD. @rfc 7296 3.3
 */
export interface IkeOffer {
  readonly encryption: readonly EncryptionChoice[];
  readonly integrity: readonly number[];
  readonly prf: readonly number[];
  readonly groups: readonly number[];
}

/** One proposal of ours for a CHILD SA. The first one has no key exchange of its own. @rfc 7296 1.2 */
export interface EspOffer {
  readonly encryption: readonly EncryptionChoice[];
  readonly integrity: readonly number[];
}

/** What both sides agreed on for the IKE SA. */
export interface IkeSuite {
  readonly prf: Prf;
  readonly cipher: PacketCipher;
  readonly group: number;
}

const transformType = { encryption: 1, prf: 2, integrity: 3, keyExchange: 4, esn: 5 } as const;
const protocol = { ike: 1, esp: 3 } as const;
/** "No Extended Sequence Numbers": 32-bit sequence numbers, as every gateway takes. @rfc 7296 3.3.2 */
const noEsn = 0;
/** ChaCha20-Poly1305 has no Key Length attribute; its keys have 256 bits. @rfc 7634 4 */
const fixedKeyBits = 256;

/** The proposals of IKE_SA_INIT: no SPI, because the header has them. */
export function ikeProposals(offers: readonly IkeOffer[]): readonly Proposal[] {
  return offers.map((offer, index) => ({
    number: index + 1,
    protocol: protocol.ike,
    spi: new Uint8Array(0),
    transforms: [
      ...encryptionTransforms(offer.encryption),
      ...plainTransforms(transformType.integrity, offer.integrity),
      ...plainTransforms(transformType.prf, offer.prf),
      ...plainTransforms(transformType.keyExchange, offer.groups),
    ],
  }));
}

/** The ESP proposals of IKE_AUTH. `spi` is our inbound SPI, 4 octets. */
export function espProposals(offers: readonly EspOffer[], spi: Uint8Array): readonly Proposal[] {
  return offers.map((offer, index) => ({
    number: index + 1,
    protocol: protocol.esp,
    spi,
    transforms: [
      ...encryptionTransforms(offer.encryption),
      ...plainTransforms(transformType.integrity, offer.integrity),
      ...plainTransforms(transformType.esn, [noEsn]),
    ],
  }));
}

/** Every group of every offer, in order, once each. The first is the one that IKE_SA_INIT tries first. */
export function offeredGroups(offers: readonly IkeOffer[]): readonly number[] {
  return [...new Set(offers.flatMap((offer) => offer.groups))];
}

/** The responder's answer to `ikeProposals`. Fails with `peer.unacceptable-choice` when it is not one of ours. */
export function chosenIkeSuite(
  crypto: CryptoProvider,
  offered: readonly Proposal[],
  answer: SaPayload,
): Result<IkeSuite, Failure> {
  const choice = readChoice(offered, answer, 0);
  if (!choice.ok) return choice;
  const cipher = findCipher(crypto, choice.value.transforms);
  const prf = crypto.prf(idOf(choice.value.transforms, transformType.prf) ?? 0);
  const group = idOf(choice.value.transforms, transformType.keyExchange);
  if (cipher === undefined || prf === undefined || group === undefined) return unacceptable(answer);
  return ok({ prf, cipher, group });
}

/** The responder's answer to `espProposals`: the cipher, and the SPI that our outbound packets carry (4 octets). */
export function chosenEspSuite(
  crypto: CryptoProvider,
  offered: readonly Proposal[],
  answer: SaPayload,
): Result<{ readonly cipher: PacketCipher; readonly spi: Uint8Array }, Failure> {
  const choice = readChoice(offered, answer, 4);
  if (!choice.ok) return choice;
  const cipher = findCipher(crypto, choice.value.transforms);
  return cipher === undefined ? unacceptable(answer) : ok({ cipher, spi: choice.value.spi });
}

/**
 * The responder answers with exactly one proposal that has one of our numbers and protocols, and exactly one transform of
 * each type that we offered in it, unchanged.
 *
 * @rfc 7296 2.7
 * @rfc 7296 3.3.6
 */
function readChoice(
  offered: readonly Proposal[],
  answer: SaPayload,
  spiOctets: number,
): Result<Proposal, Failure> {
  const [choice, ...more] = answer.proposals;
  const ours = offered.find((proposal) => proposal.number === choice?.number);
  if (choice === undefined || ours === undefined || more.length > 0) return unacceptable(answer);
  if (choice.protocol !== ours.protocol || choice.spi.length !== spiOctets) return unacceptable(answer);
  const types = new Set(ours.transforms.map((transform) => transform.type));
  const oneOfEach =
    choice.transforms.length === types.size &&
    new Set(choice.transforms.map((transform) => transform.type)).size === types.size;
  const allOurs = choice.transforms.every((transform) =>
    ours.transforms.some((own) => sameTransform(own, transform)),
  );
  return oneOfEach && allOurs ? ok(choice) : unacceptable(answer);
}

function sameTransform(own: Transform, theirs: Transform): boolean {
  return (
    own.type === theirs.type &&
    own.id === theirs.id &&
    own.keyBits === theirs.keyBits &&
    theirs.unknownAttribute !== true
  );
}

function findCipher(crypto: CryptoProvider, transforms: readonly Transform[]): PacketCipher | undefined {
  const encryption = transforms.find((transform) => transform.type === transformType.encryption);
  if (encryption === undefined) return undefined;
  const integrity = idOf(transforms, transformType.integrity) ?? 0;
  return crypto.packetCipher(encryption.id, encryption.keyBits ?? fixedKeyBits, integrity);
}

function idOf(transforms: readonly Transform[], type: number): number | undefined {
  return transforms.find((transform) => transform.type === type)?.id;
}

function encryptionTransforms(choices: readonly EncryptionChoice[]): Transform[] {
  return choices.map((choice) => ({ type: transformType.encryption, ...choice }));
}

function plainTransforms(type: number, ids: readonly number[]): Transform[] {
  return ids.map((id) => ({ type, id }));
}

function unacceptable(answer: SaPayload): Result<never, Failure> {
  const notate = (transform: Transform) =>
    `${transform.type}:${transform.id}${transform.keyBits === undefined ? '' : `/${transform.keyBits}`}`;
  const chosen = answer.proposals.map((proposal) => proposal.transforms.slice(0, 8).map(notate).join(' '));
  return err(failure('peer.unacceptable-choice', { chosen: chosen.slice(0, 4).join(', ') || 'nothing' }));
}
