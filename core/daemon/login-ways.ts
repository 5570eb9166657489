import type { EapRun } from '../ike/config.ts';
import type { GatewayProofs, KeyCredential, LoginRound, LoginWay } from '../ike/login-way.ts';
import type { IkeIdentity } from '../pki/identity.ts';
import {
  type EapAuthentication,
  isEap,
  type ProfileAuthentication,
} from '../profile/authentication/authentication.ts';
import type { Profile } from '../profile/profile.ts';
import { proofsOf } from '../profile/proofs.ts';

/** One way of a profile: its proofs in order. */
type ProfileWay = readonly ProfileAuthentication[];

/** The ways of a profile, best first. A second proof belongs to the first way. */
function waysOf({ authentication, secondAuthentication, otherwise }: Profile): readonly ProfileWay[] {
  const first =
    secondAuthentication === undefined ? [authentication] : [authentication, secondAuthentication];
  return [first, ...otherwise.map((way) => [way])];
}

/** Every proof that a profile may ask of its user. */
export function authenticationsOf(profile: Profile): readonly ProfileAuthentication[] {
  return proofsOf(profile).map(({ authentication }) => authentication);
}

/** The settings of the round that EAP is wanted for; `undefined` when that is only a question what the gateway wants. */
export function eapOf(
  profile: Profile,
  { way, round }: Omit<EapRun, 'gatewayProven'>,
): EapAuthentication | undefined {
  const found = waysOf(profile)[way]?.[round];
  return found !== undefined && isEap(found) ? found : undefined;
}

/** Whether the key that user and gateway share is needed. */
export function needsPsk(profile: Profile): boolean {
  return (
    profile.gatewayAuthentication === 'psk' ||
    authenticationsOf(profile).some(({ method }) => method === 'psk')
  );
}

/**
 * What a profile says, in the terms of the engine. `credentialsOf` a method: the user's own certificates. `identityOf` a method: who
 * the user is in this round, where that is not IDi of the whole profile. `publicKeys`: those that the gateway may have.
 */
export function loginWays(
  profile: Profile,
  credentialsOf: (authentication: ProfileAuthentication) => readonly KeyCredential[],
  identityOf: (authentication: ProfileAuthentication) => IkeIdentity | undefined,
  publicKeys: readonly Uint8Array[] = [],
): readonly LoginWay[] {
  const gateway = gatewayProofs(profile, publicKeys);
  return waysOf(profile).map((way) => ({
    gateway,
    rounds: way.map((authentication) => roundOf(profile, authentication, credentialsOf, identityOf)),
  }));
}

function gatewayProofs(
  { gatewayAuthentication: by, trust }: Profile,
  keys: readonly Uint8Array[],
): GatewayProofs {
  const certificate = by !== 'psk' && (trust.kind !== 'none' || keys.length === 0);
  return { certificate, psk: by === 'psk', eapOnly: by === 'eap', keys: by === 'psk' ? [] : keys };
}

function roundOf(
  profile: Profile,
  authentication: ProfileAuthentication,
  credentialsOf: (authentication: ProfileAuthentication) => readonly KeyCredential[],
  identityOf: (authentication: ProfileAuthentication) => IkeIdentity | undefined,
): LoginRound {
  const own = identityOf(authentication);
  const identity = own === undefined ? {} : { identity: own };
  switch (authentication.method) {
    case 'psk':
      return { kind: 'psk', ...identity };
    case 'certificate':
    case 'public-key':
      return {
        kind: 'key',
        ...identity,
        credentials: credentialsOf(authentication),
        rsaPss: authentication.rsaPss,
      };
    default:
      return {
        kind: 'eap',
        ...identity,
        unbound: profile.unboundEap,
        fortiClient: isFortiClient(authentication),
      };
  }
}

/** Whether this proof is to look like one of FortiClient's. */
export function isFortiClient(authentication: ProfileAuthentication): boolean {
  return authentication.method === 'eap-mschapv2' && authentication.fortiClient;
}
