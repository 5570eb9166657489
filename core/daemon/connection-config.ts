import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import type { ClientCredential } from '../crypto/client-credential.ts';
import { chaChaFirstEspProposals, defaultEspProposals } from '../crypto/default-proposals.ts';
import type { CryptoProvider, Random } from '../crypto/interfaces.ts';
import type { SuiteProposal } from '../crypto/proposals.ts';
import { createEapPeer } from '../eap/create-eap-peer.ts';
import { gtcCodeMethod } from '../eap/methods/gtc.ts';
import type { EapPeer } from '../eap/peer.ts';
import { selectorOf } from '../ike/child-wishes.ts';
import type { ChildWish, EapRun, IkeConfig } from '../ike/config.ts';
import { IkeSa } from '../ike/ike-sa.ts';
import type { KeyCredential, LoginWay } from '../ike/login-way.ts';
import type { PpkTerms } from '../ike/ppk.ts';
import { parseCertificate } from '../pki/certificate.ts';
import { type IkeIdentity, parseIdentity } from '../pki/identity.ts';
import type { Trust } from '../pki/trust.ts';
import { isEap, type ProfileAuthentication } from '../profile/authentication/authentication.ts';
import type { Profile, ProfileChild } from '../profile/profile.ts';
import type { ConnectionConfig, EngineTerms } from '../tunnel/connection.ts';
import { eapType } from '../wire/registry/eap-types.ts';
import { eapMethodsOf } from './eap-methods.ts';
import { authenticationsOf, eapOf, isFortiClient, loginWays } from './login-ways.ts';
import { identityOfCertificate, identityOfPublicKey } from './own-identity.ts';
import type { TrustTerms } from './trust-terms.ts';

/** What a profile says, in the terms of the engines. */
export interface LoginTerms extends TrustTerms {
  /** Who this gateway of the profile must be. */
  readonly expected: (gateway: string) => IkeIdentity;
  /** Who the user is, where a round has no identity of its own. */
  readonly local: IkeIdentity;
  readonly ways: readonly LoginWay[];
}

/** A certificate of the user (DER) with what leads from it to a root. */
type OwnKey = Pick<ClientCredential, 'chain' | 'spki'>;

/**
 * `keysOf` a proof: the user's own certificates, best first. Fails with `profile.invalid` when an identity of the profile can't be
 * written in an ID payload, and with `credential.missing`.
 */
export function loginTerms(
  profile: Profile,
  trust: TrustTerms,
  keysOf: (authentication: ProfileAuthentication) => readonly OwnKey[] = () => [],
): Result<LoginTerms, Failure> {
  const expected = expectedNames(profile);
  if (!expected.ok) return expected;
  const [own] = keysOf(profile.authentication);
  const needed = authenticationsOf(profile).filter(
    ({ method }) => method === 'certificate' || method === 'public-key',
  );
  if (needed.some((each) => keysOf(each).length === 0)) return err(failure('credential.missing'));
  const given =
    profile.localIdentity === undefined
      ? undefined
      : identity(profile, 'localIdentity', profile.localIdentity);
  if (given?.ok === false) return given;
  const local = given?.value ?? (own && identityOfKey(own)) ?? expected.value('');
  const ways = loginWays(
    profile,
    (authentication) => {
      const isGiven = given !== undefined && authentication === profile.authentication;
      return keysOf(authentication).map((key) => credentialOf(key, trust.trust, isGiven));
    },
    (authentication) => identityOfRound(profile, authentication),
    trust.publicKeys,
  );
  return ok({ ...trust, expected: expected.value, local, ways });
}

/** A round that is not the first way to log in has an identity of its own: IDi of the profile belongs to that one. */
function identityOfRound(profile: Profile, authentication: ProfileAuthentication): IkeIdentity | undefined {
  if (authentication === profile.authentication || !isEap(authentication)) return undefined;
  const parsed = parseIdentity(authentication.username);
  return parsed.ok ? parsed.value : undefined;
}

function identityOfKey({ chain: [own], spki }: OwnKey): IkeIdentity | undefined {
  return own === undefined ? identityOfPublicKey(spki) : identityOfCertificate(own);
}

/** `isGiven`: the profile says who the user is, whatever the certificate does. */
function credentialOf(key: OwnKey, trust: Trust, isGiven: boolean): KeyCredential {
  const { chain, spki } = key;
  const identity = isGiven ? undefined : identityOfKey(key);
  const last = parseCertificate(chain.at(-1) ?? new Uint8Array(0));
  const selfSigned = last.ok && last.value.subject.key === last.value.issuer.key && chain.length > 1;
  const root = trust.anchors.find(({ subject }) => last.ok && subject.key === last.value.issuer.key);
  // A root is no news to who trusts it.
  const shown = selfSigned ? chain.slice(0, -1) : chain;
  const known = selfSigned ? last.value.spki : root?.spki;
  return {
    spki,
    chain: shown,
    ...(identity === undefined ? {} : { identity }),
    ...(known === undefined ? {} : { root: known }),
  };
}

/** Who each gateway of the profile must be. */
function expectedNames(profile: Profile): Result<(gateway: string) => IkeIdentity, Failure> {
  const { expected, given } = profile.remoteIdentity;
  const first = identity(profile, 'remoteIdentity', expected);
  if (!first.ok) return first;
  const names = new Map<string, IkeIdentity>();
  for (const gateway of given ? [] : profile.gateways.others) {
    const name = identity(profile, 'gateways', gateway);
    if (!name.ok) return name;
    names.set(gateway, name.value);
  }
  return ok((gateway) => names.get(gateway) ?? first.value);
}

/** Fits nearly every path, and is not far from what most have. */
const mtuToBeginWith = 1_400;

/** What the profile says; where it says nothing, the quicker cipher of this machine first. */
function espProposals({ proposals }: Profile, chaChaQuicker: () => boolean): readonly SuiteProposal[] {
  return proposals.esp === defaultEspProposals && chaChaQuicker() ? chaChaFirstEspProposals : proposals.esp;
}

export interface ConnectionParts {
  readonly crypto: CryptoProvider;
  readonly random: Random;
  readonly chaChaQuicker: () => boolean;
  /** Processors of this machine. */
  readonly cores: number;
}

/** The configuration of one connection. `device` is the name of the TUN device that it will use. */
export function connectionConfig(
  profile: Profile,
  terms: LoginTerms,
  device: string,
  parts: ConnectionParts,
): ConnectionConfig {
  const { gateway, dns, mtu } = profile;
  return {
    gateways: [gateway.host, ...profile.gateways.others],
    fastest: profile.gateways.choose === 'fastest',
    ikePort: gateway.ikePort,
    natTraversalPort: gateway.natTraversalPort,
    network: {
      device,
      mtu: mtu === 'auto' ? mtuToBeginWith : mtu,
      measureMtu: mtu === 'auto',
      dns,
      onlyGatewaySubnets: profile.onlyGatewaySubnets,
    },
    random: parts.random,
    reconnect: profile.reconnect,
    keepaliveMs: profile.keepalive,
    createEngine: (local, remote, engineTerms) =>
      new IkeSa(ikeConfig(profile, terms, parts, { local, remote, ...engineTerms }), {
        ...parts,
        createEapPeer: (run) => eapPeer(profile, run, parts.random),
      }),
  };
}

/** What the engine of one login is to know. */
function ikeConfig(
  profile: Profile,
  terms: LoginTerms,
  { cores, chaChaQuicker }: ConnectionParts,
  login: EngineTerms & Pick<IkeConfig, 'local' | 'remote'>,
): IkeConfig {
  const { trust } = profile;
  const { local, remote, gateway, wantedAddresses, redirectedFrom: from, beside } = login;
  return {
    ...{ local, remote },
    natTraversalPort: profile.gateway.natTraversalPort,
    localIdentity: terms.local,
    logins: terms.ways,
    ...ppkOf(profile),
    ...(profile.remoteIdentity.send ? { remoteIdentity: terms.expected(gateway) } : {}),
    trustAnchors: trust.kind === 'system' ? [] : terms.trust.anchors.map(({ spki }) => spki),
    certificateWishes: {
      // The names of all that a computer trusts would make a message of 3,000 octets.
      anyAuthority: trust.kind === 'system' || trust.kind === 'pins',
      ocsp: profile.revocation.mode !== 'off' && trust.kind !== 'none',
      rawKeys: terms.publicKeys.length > 0,
      lookups: profile.fetchCertificates,
    },
    ikeProposals: profile.proposals.ike,
    espProposals: espProposals(profile, chaChaQuicker),
    remoteNetworks: profile.remoteNetworks,
    ...(profile.children === undefined ? {} : { children: profile.children.map(wishOf) }),
    resources: resourcesOf(profile, cores),
    childless: profile.childless,
    wantedAddresses: wantedAddresses.length > 0 ? wantedAddresses : profile.requestedAddresses,
    ...(profile.followRedirects ? { redirects: from === undefined ? {} : { from } } : {}),
    // As FortiClient does; a login that follows another must not end that one.
    initialContact: isFortiClient(profile.authentication) && !beside,
    acceptSha1Signatures: profile.allowSha1Signatures,
    livenessMs: profile.liveness,
    childLifetimeMs: profile.rekey.child,
    ikeLifetimeMs: profile.rekey.ike,
    earlyRekeyMs: profile.rekey.early,
    natsAllowed: profile.allowNat,
    ...inactivityOf(profile),
  };
}

/** A pair of workers fills two processors. By itself only what the gateway says it knows is asked of it. @rfc 9611 */
function resourcesOf({ workerPairs }: Profile, cores: number): NonNullable<IkeConfig['resources']> {
  if (workerPairs !== 'auto') return { most: workerPairs, unannounced: true };
  return { most: Math.max(1, Math.min(limits.workerPairs, Math.floor(cores / 2))), unannounced: false };
}

function wishOf({ networks, protocol, ports }: ProfileChild): ChildWish {
  const only = { protocol, startPort: ports.first, endPort: ports.last };
  return { remote: networks.map((network) => ({ ...selectorOf(network), ...only })) };
}

/** An identity of the profile, for an ID payload. */
export function identity(profile: Profile, field: string, text: string): Result<IkeIdentity, Failure> {
  const parsed = parseIdentity(text);
  if (parsed.ok) return parsed;
  const { reason } = parsed.error;
  return err(failure('profile.invalid', { file: profile.name, line: 1, field, reason }));
}

function ppkOf({ ppk }: Profile): { readonly ppk?: PpkTerms } {
  return ppk === undefined ? {} : { ppk: { id: utf8.encode(ppk.id), required: ppk.required } };
}

function inactivityOf({ inactivity }: Profile): Pick<IkeConfig, 'inactivityMs' | 'whenInactive'> {
  if (inactivity === undefined) return {};
  return {
    inactivityMs: inactivity.after,
    whenInactive: inactivity.action === 'disconnect' ? 'close' : 'sleep',
  };
}

const provesServer: ReadonlySet<number> = new Set([eapType.TLS, eapType.TTLS, eapType.PEAP]);

function eapPeer(profile: Profile, run: EapRun, random: Random): EapPeer {
  const authentication = eapOf(profile, run);
  if (authentication === undefined) return createEapPeer({ identity: '', random, methods: [] });
  const { eapIdentity, username } = authentication;
  const all = eapMethodsOf(authentication);
  // Alone stands only what proves the server by TLS. @rfc 5998 4
  const methods = run.gatewayProven ? all : all.filter(({ type }) => provesServer.has(type));
  const following = isFortiClient(authentication) ? [gtcCodeMethod] : [];
  return createEapPeer({ identity: eapIdentity, userName: username, random, methods, following });
}
