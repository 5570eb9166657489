import type { CryptoProvider, PacketCipher } from '../crypto/interfaces.ts';
import { formatProposal, type SuiteProposal } from '../crypto/proposals.ts';
import type { Proposal, Transform } from '../wire/ike/payload.ts';
import { securityProtocol } from '../wire/registry/protocols.ts';
import { extendedSequenceNumbers, transformType } from '../wire/registry/transforms.ts';
import type { EspSuite, IkeSuite } from './negotiate.ts';

/** ChaCha20-Poly1305 has no Key Length attribute; its keys have 256 bits. @rfc 7634 4 */
const fixedKeyBits = 256;

/** `answer` is the initiator's proposal with one transform of each type left. */
export interface Choice<Suite> {
  readonly suite: Suite;
  readonly answer: Proposal;
}

/** The first of our proposals that any of the initiator's meets, or `undefined`. @rfc 7296 2.7 */
export function chooseIke(
  crypto: CryptoProvider,
  ours: readonly SuiteProposal[],
  theirs: readonly Proposal[],
): Choice<IkeSuite> | undefined {
  return firstMatch(ours, theirs, (our, their) => {
    if (their.protocol !== securityProtocol.IKE || hasTypesBeyond(their, ikeTypes)) return undefined;
    const transforms = pickCipher(crypto, our, their);
    const prf = pick(our, their, transformType.PRF, ({ id }) => crypto.prf(id));
    const group = pick(our, their, transformType.KE, ({ id }) => crypto.keyExchange(id));
    if (transforms === undefined || prf === undefined || group === undefined) return undefined;
    const answer = { ...their, transforms: [...transforms.chosen, prf.transform, group.transform] };
    const notation = formatProposal(answer.transforms);
    return {
      suite: { prf: prf.found, cipher: transforms.cipher, group: group.transform.id, notation },
      answer,
    };
  });
}

/**
 * As `chooseIke`, for a CHILD SA. The suite's SPI is the initiator's, which our outbound packets carry. `keyExchanges` are
 * the groups that we take, best first; 0 is NONE, and a proposal without groups offers just that. IKE_AUTH has no key exchange
 * of its own: without `keyExchanges`, groups are not looked at. @rfc 7296 1.2 @rfc 7296 1.3.1
 */
export function chooseEsp(
  crypto: CryptoProvider,
  ours: readonly SuiteProposal[],
  theirs: readonly Proposal[],
  keyExchanges?: readonly number[],
): Choice<EspSuite> | undefined {
  return firstMatch(ours, theirs, (our, their) => {
    if (their.protocol !== securityProtocol.ESP || hasTypesBeyond(their, espTypes)) return undefined;
    const transforms = pickCipher(crypto, our, their);
    const esn = pick(our, their, transformType.ESN, () => true);
    const group = keyExchanges === undefined ? [] : pickGroup(crypto, keyExchanges, their);
    if (!isEspSpi(their.spi) || transforms === undefined || esn === undefined) return undefined;
    if (group === undefined) return undefined;
    const answer = { ...their, transforms: [...transforms.chosen, ...group, esn.transform] };
    const notation = formatProposal(answer.transforms);
    const suite = {
      cipher: transforms.cipher,
      spi: their.spi,
      group: group[0]?.id ?? 0,
      esn: esn.transform.id === extendedSequenceNumbers.ESN,
      notation,
    };
    return { suite, answer };
  });
}

/** At most one KE transform: none where the proposal names no group and we can do without. */
function pickGroup(
  crypto: CryptoProvider,
  keyExchanges: readonly number[],
  their: Proposal,
): readonly Transform[] | undefined {
  const offered = their.transforms.filter(({ type }) => type === transformType.KE);
  if (offered.length === 0) return keyExchanges.includes(0) ? [] : undefined;
  const usable = keyExchanges.filter((id) => id === 0 || crypto.keyExchange(id) !== undefined);
  const group = usable.find((id) => offered.some((transform) => transform.id === id));
  return group === undefined ? undefined : [{ type: transformType.KE, id: group }];
}

const ikeTypes: readonly number[] = [
  transformType.ENCR,
  transformType.PRF,
  transformType.INTEG,
  transformType.KE,
];
const espTypes: readonly number[] = [
  transformType.ENCR,
  transformType.INTEG,
  transformType.KE,
  transformType.ESN,
];

function firstMatch<Found>(
  ours: readonly SuiteProposal[],
  theirs: readonly Proposal[],
  match: (our: SuiteProposal, their: Proposal) => Found | undefined,
): Found | undefined {
  for (const our of ours) {
    for (const their of theirs) {
      const choice = match(our, their);
      if (choice !== undefined) return choice;
    }
  }
  return undefined;
}

/** Encryption with its integrity algorithm; an AEAD goes with none, or with NONE where that is offered. @rfc 5282 8 */
function pickCipher(
  crypto: CryptoProvider,
  our: SuiteProposal,
  their: Proposal,
): { readonly cipher: PacketCipher; readonly chosen: readonly Transform[] } | undefined {
  const isInteg = ({ type }: { readonly type: number }) => type === transformType.INTEG;
  const ourInteg = our.some(isInteg) ? our : [{ type: transformType.INTEG, id: 0 }];
  const integrity = pick(ourInteg, their, transformType.INTEG, () => true)?.transform;
  if (integrity === undefined && (our.some(isInteg) || their.transforms.some(isInteg))) return undefined;
  const encryption = pick(our, their, transformType.ENCR, ({ id, keyBits }) =>
    crypto.packetCipher(id, keyBits ?? fixedKeyBits, integrity?.id ?? 0),
  );
  if (encryption === undefined) return undefined;
  const { transform, found } = encryption;
  return { cipher: found, chosen: integrity === undefined ? [transform] : [transform, integrity] };
}

/** The first of our transforms of `type` that is theirs too and that `find` can do something with. */
function pick<T>(
  our: SuiteProposal,
  their: Proposal,
  type: number,
  find: (transform: Transform) => T | undefined,
): { readonly transform: Transform; readonly found: T } | undefined {
  for (const own of our) {
    if (own.type !== type) continue;
    const transform = their.transforms.find(
      (other) =>
        other.type === type &&
        other.id === own.id &&
        other.keyBits === own.keyBits &&
        other.unknownAttribute !== true,
    );
    const found = transform === undefined ? undefined : find(transform);
    if (transform !== undefined && found !== undefined) return { transform, found };
  }
  return undefined;
}

/** One transform of every type must be chosen, so a type that we do not know rules the proposal out. @rfc 7296 3.3.6 */
function hasTypesBeyond(proposal: Proposal, types: readonly number[]): boolean {
  return proposal.transforms.some((transform) => !types.includes(transform.type));
}

/** Four octets, and not one of the 256 SPIs that are reserved. @rfc 4303 2.1 */
function isEspSpi(spi: Uint8Array): boolean {
  return spi.length === 4 && spi.subarray(0, 3).some((octet) => octet !== 0);
}
