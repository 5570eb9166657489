import type { ParseError } from '../base/address.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  findAlgorithm,
  formatTransform,
  isAead,
  prfOfIntegrity,
  refusedKeywords,
  type SuiteTransform,
} from './suites.ts';

/** What a proposal protects: the IKE SA, or a CHILD SA. */
export type ProposalUse = 'ike' | 'esp';

/** The transforms of one proposal, in order of preference within each type. */
export type SuiteProposal = readonly SuiteTransform[];

const mostKeywords = 64;

/**
 * Reads a proposal such as `aes256gcm16-prfsha384-ecp256` or `aes256-sha256-modp2048`, several algorithms of a kind
 * allowed. As in strongSwan, an IKE proposal without a PRF takes those of its integrity algorithms. An ESP proposal that
 * names neither gets "no ESN"; `esn-noesn` leaves the choice to the peer. The error is a sentence about the first thing that is wrong.
 */
export function parseProposal(text: string, use: ProposalUse): Result<SuiteProposal, ParseError> {
  const refuse = (reason: string) => err({ text, reason });
  const words = text.trim().split('-');
  if (words.length > mostKeywords) return refuse(`more than ${mostKeywords} algorithms`);
  const transforms: SuiteTransform[] = [];
  for (const word of words) {
    const found = findTransform(word);
    if (!found.ok) return refuse(found.error);
    if (transforms.some((other) => sameTransform(other, found.value)))
      return refuse(`${word} is named twice`);
    transforms.push(found.value);
  }
  const complete = use === 'ike' ? completeIke(transforms) : completeEsp(transforms);
  return complete.ok ? complete : refuse(complete.error);
}

/**
 * The notation of a proposal, or of the single transforms that a peer chose: encryption, integrity, PRF, key exchange.
 * A PRF that follows from the integrity algorithm and "no ESN" are left out.
 */
export function formatProposal(transforms: SuiteProposal): string {
  const integrity = ofType(transforms, 3).filter(({ id }) => id !== 0);
  const implied = integrity.map(({ id }) => prfOfIntegrity(id));
  const prfs = ofType(transforms, 2);
  const prfImplied = prfs.length === implied.length && prfs.every(({ id }, at) => id === implied[at]);
  return [
    ...ofType(transforms, 1),
    ...integrity,
    ...(prfImplied ? [] : prfs),
    ...ofType(transforms, 4),
    ...ofType(transforms, 5).filter(({ id }) => id !== 0),
  ]
    .map(formatTransform)
    .join('-');
}

/** `proposals` with these key exchanges instead of their own; id 0 (NONE) lets the peer do without. */
export function withKeyExchanges(
  proposals: readonly SuiteProposal[],
  groups: readonly number[],
): readonly SuiteProposal[] {
  return proposals.map((proposal) => [
    ...proposal.filter(({ type }) => type !== 4 && type !== 5),
    ...groups.map((id) => ({ type: 4, id })),
    ...ofType(proposal, 5),
  ]);
}

function findTransform(word: string): Result<SuiteTransform, string> {
  if (word === '') return err('an algorithm is missing beside a hyphen');
  const known = findAlgorithm(word);
  if (known === undefined) {
    const reason = refusedKeywords.get(word.toLowerCase());
    return err(reason === undefined ? `${word} is not an algorithm that Godwit knows` : `${word}: ${reason}`);
  }
  const { type, id, keyBits } = known;
  return ok(keyBits === undefined ? { type, id } : { type, id, keyBits });
}

function completeIke(transforms: readonly SuiteTransform[]): Result<SuiteProposal, string> {
  const problem = problemWithCiphers(transforms);
  if (problem !== undefined) return err(problem);
  if (ofType(transforms, 5).length > 0) return err('esn and noesn belong to ESP, not to IKE');
  const groups = ofType(transforms, 4);
  if (groups.length === 0) return err('an IKE proposal needs a key exchange such as ecp256');
  if (groups.some(({ id }) => id === 0)) return err('an IKE proposal cannot do without a key exchange');
  if (ofType(transforms, 2).length > 0) return ok(inOrder(transforms));
  const prfs = ofType(transforms, 3).flatMap(({ id }) => prfOfIntegrity(id) ?? []);
  if (prfs.length === 0) return err('an IKE proposal with an AEAD needs a PRF such as prfsha384');
  return ok(inOrder([...transforms, ...prfs.map((id) => ({ type: 2, id }))]));
}

function completeEsp(transforms: readonly SuiteTransform[]): Result<SuiteProposal, string> {
  const problem = problemWithCiphers(transforms);
  if (problem !== undefined) return err(problem);
  if (ofType(transforms, 2).length > 0) return err('a PRF belongs to IKE, not to ESP');
  const esn = ofType(transforms, 5).length > 0 ? [] : [{ type: 5, id: 0 }];
  return ok(inOrder([...transforms, ...esn]));
}

/** AEADs go without integrity algorithms and never share a proposal with other ciphers. @rfc 7296 3.3 @rfc 5282 8 */
function problemWithCiphers(transforms: readonly SuiteTransform[]): string | undefined {
  const ciphers = ofType(transforms, 1);
  const aeads = ciphers.filter(isAead).length;
  const integrity = ofType(transforms, 3)[0];
  if (ciphers.length === 0) return 'an encryption algorithm such as aes256gcm16 is missing';
  if (aeads > 0 && aeads < ciphers.length)
    return 'AEADs (GCM, ChaCha20) and CBC ciphers need a proposal each';
  if (aeads > 0 && integrity !== undefined)
    return `${formatTransform(integrity)} does not go with an AEAD; to choose the PRF write prf${formatTransform(integrity)}`;
  if (aeads === 0 && integrity === undefined)
    return 'AES-CBC needs an integrity algorithm such as sha256 beside it';
  return undefined;
}

function ofType(transforms: readonly SuiteTransform[], type: number): SuiteTransform[] {
  return transforms.filter((transform) => transform.type === type);
}

function inOrder(transforms: readonly SuiteTransform[]): SuiteProposal {
  return [1, 2, 3, 4, 5].flatMap((type) => ofType(transforms, type));
}

function sameTransform(a: SuiteTransform, b: SuiteTransform): boolean {
  return a.type === b.type && a.id === b.id && a.keyBits === b.keyBits;
}
