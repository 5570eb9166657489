import { type ProposalUse, parseProposal, type SuiteProposal, withKeyExchanges } from './proposals.ts';
import type { SuiteTransform } from './suites.ts';

/**
 * In order of preference. ECP-256 is first, so its small public value is the one in the KE payload of IKE_SA_INIT:
 * gateways that drop unknown group numbers know this one, and the message stays far below any path's MTU.
 */
const groups = 'ecp256-ecp384-x25519-modp2048-modp3072-modp4096-ecp521';

/** What IKE_SA_INIT offers unless the profile says otherwise: AEADs first, CBC with HMAC-SHA2 second. */
export const defaultIkeProposals: readonly SuiteProposal[] = parseAll('ike', [
  `aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-prfsha512-${groups}`,
  `aes256-aes192-aes128-sha256-sha384-sha512-${groups}`,
]);

/**
 * What the first CHILD SA offers. IKE_AUTH has no key exchange of its own, so no group is named.
 * @rfc 7296 1.2
 */
export const defaultEspProposals: readonly SuiteProposal[] = parseAll('esp', [
  'aes256gcm16-aes128gcm16-chacha20poly1305',
  'aes256-aes192-aes128-sha256-sha384-sha512',
]);

/** The same with ChaCha20-Poly1305 before AES: for processors without AES instructions. */
export const chaChaFirstEspProposals: readonly SuiteProposal[] = defaultEspProposals.map((proposal) => [
  ...proposal.filter(isChaCha),
  ...proposal.filter((transform) => !isChaCha(transform)),
]);

function isChaCha({ type, id }: SuiteTransform): boolean {
  return type === 1 && id === 28;
}

/** The groups of a rekey unless the profile names others; 0 (NONE) lets the peer do without. */
export const defaultRekeyGroups: readonly number[] = [19, 20, 31, 14, 15, 16, 21, 0];

/** The same when a CHILD SA is rekeyed: with a fresh key exchange, or without where the gateway wants none. */
export const defaultEspRekeyProposals: readonly SuiteProposal[] = withKeyExchanges(
  defaultEspProposals,
  defaultRekeyGroups,
);

function parseAll(use: ProposalUse, texts: readonly string[]): readonly SuiteProposal[] {
  return texts.map((text) => {
    const proposal = parseProposal(text, use);
    if (!proposal.ok) throw new Error(`${text}: ${proposal.error.reason}`);
    return proposal.value;
  });
}
