import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CryptoProvider, PacketCipher, Prf } from '../crypto/interfaces.ts';
import { formatProposal, type SuiteProposal } from '../crypto/proposals.ts';
import type { Proposal, SaPayload, Transform } from '../wire/ike/payload.ts';
import { notateSa } from '../wire/ike/payloads/sa.ts';
import { securityProtocol } from '../wire/registry/protocols.ts';
import { extendedSequenceNumbers, transformType } from '../wire/registry/transforms.ts';

/** What both sides agreed on for the IKE SA. */
export interface IkeSuite {
  readonly prf: Prf;
  readonly cipher: PacketCipher;
  /** The Diffie-Hellman group. */
  readonly group: number;
  /** In strongSwan's notation. */
  readonly notation: string;
}

/** What both sides agreed on for a CHILD SA. */
export interface EspSuite {
  readonly cipher: PacketCipher;
  /** The peer's SPI, which our outbound packets carry: 4 octets. */
  readonly spi: Uint8Array;
  /** The group of its own key exchange; 0 (NONE) without one. */
  readonly group: number;
  /** Extended sequence numbers. @rfc 4304 */
  readonly esn: boolean;
  readonly notation: string;
}

/** ChaCha20-Poly1305 has no Key Length attribute; its keys have 256 bits. @rfc 7634 4 */
const fixedKeyBits = 256;
/** Of what a peer chose, this much goes into an error. */
const notationCharacters = 256;

/** The proposals of IKE_SA_INIT: no SPI, because the header has them. A rekey names our new SPI: 8 octets. @rfc 7296 3.3.1 */
export function ikeProposals(
  suites: readonly SuiteProposal[],
  spi: Uint8Array = new Uint8Array(0),
): readonly Proposal[] {
  return suites.map((transforms, index) => ({
    number: index + 1,
    protocol: securityProtocol.IKE,
    spi,
    transforms,
  }));
}

/**
 * The ESP proposals of IKE_AUTH, which has no key exchange of its own: KE transforms are left out. `spi` is our inbound SPI,
 * 4 octets.
 *
 * @rfc 7296 1.2
 */
export function espProposals(suites: readonly SuiteProposal[], spi: Uint8Array): readonly Proposal[] {
  return espRekeyProposals(
    suites.map((transforms) => transforms.filter((transform) => transform.type !== transformType.KE)),
    spi,
  );
}

/** The ESP proposals of CREATE_CHILD_SA, which may have a key exchange. `spi` is our inbound SPI, 4 octets. @rfc 7296 1.3.1 */
export function espRekeyProposals(suites: readonly SuiteProposal[], spi: Uint8Array): readonly Proposal[] {
  return suites.map((transforms, index) => ({
    number: index + 1,
    protocol: securityProtocol.ESP,
    spi,
    transforms,
  }));
}

/** Every group of every proposal, in order, once each. IKE_SA_INIT tries the first one first. */
export function offeredGroups(suites: readonly SuiteProposal[]): readonly number[] {
  const groups = suites.flat().filter((transform) => transform.type === transformType.KE);
  return [...new Set(groups.map((transform) => transform.id))];
}

/** The responder's answer to `ikeProposals`. Fails with `peer.unacceptable-choice` when it is not one of ours. */
export function chosenIkeSuite(
  crypto: CryptoProvider,
  offered: readonly Proposal[],
  answer: SaPayload,
): Result<IkeSuite, Failure> {
  const choice = readChoice(offered, answer);
  if (!choice.ok) return choice;
  const { transforms } = choice.value;
  const cipher = findCipher(crypto, transforms);
  const prf = crypto.prf(idOf(transforms, transformType.PRF) ?? 0);
  const group = idOf(transforms, transformType.KE);
  if (cipher === undefined || prf === undefined || group === undefined) return unacceptable(answer);
  return ok({ prf, cipher, group, notation: formatProposal(transforms) });
}

/** The responder's answer to `espProposals`. Fails as `chosenIkeSuite` does. */
export function chosenEspSuite(
  crypto: CryptoProvider,
  offered: readonly Proposal[],
  answer: SaPayload,
): Result<EspSuite, Failure> {
  const choice = readChoice(offered, answer);
  if (!choice.ok) return choice;
  const { transforms, spi } = choice.value;
  const cipher = findCipher(crypto, transforms);
  const group = idOf(transforms, transformType.KE) ?? 0;
  const esn = idOf(transforms, transformType.ESN) === extendedSequenceNumbers.ESN;
  return cipher === undefined
    ? unacceptable(answer)
    : ok({ cipher, spi, group, esn, notation: formatProposal(transforms) });
}

/**
 * The responder answers with exactly one proposal that has one of our numbers and protocols, and exactly one transform of
 * each type that we offered in it, unchanged.
 *
 * @rfc 7296 2.7
 * @rfc 7296 3.3.6
 */
function readChoice(offered: readonly Proposal[], answer: SaPayload): Result<Proposal, Failure> {
  const [choice, ...more] = answer.proposals;
  const ours = offered.find((proposal) => proposal.number === choice?.number);
  if (choice === undefined || ours === undefined || more.length > 0) return unacceptable(answer);
  if (choice.protocol !== ours.protocol || choice.spi.length !== ours.spi.length) return unacceptable(answer);
  const types = [...new Set(ours.transforms.map((transform) => transform.type))];
  const count = (type: number) => choice.transforms.filter((transform) => transform.type === type).length;
  const oneOfEach = types.every((type) => count(type) === 1 || (count(type) === 0 && mayLackKe(ours, type)));
  const allOurs = choice.transforms.every((transform) =>
    ours.transforms.some((own) => sameTransform(own, transform)),
  );
  return oneOfEach && allOurs ? ok(choice) : unacceptable(answer);
}

/** NONE may be chosen by leaving the key exchange out. @rfc 7296 3.3.6 */
function mayLackKe(ours: Proposal, type: number): boolean {
  return (
    type === transformType.KE &&
    ours.transforms.some((transform) => transform.type === type && transform.id === 0)
  );
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
  const encryption = transforms.find((transform) => transform.type === transformType.ENCR);
  if (encryption === undefined) return undefined;
  const integrity = idOf(transforms, transformType.INTEG) ?? 0;
  return crypto.packetCipher(encryption.id, encryption.keyBits ?? fixedKeyBits, integrity);
}

function idOf(transforms: readonly Transform[], type: number): number | undefined {
  return transforms.find((transform) => transform.type === type)?.id;
}

function unacceptable(answer: SaPayload): Result<never, Failure> {
  return err(failure('peer.unacceptable-choice', { chosen: notateSa(answer).slice(0, notationCharacters) }));
}
