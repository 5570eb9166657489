import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CryptoProvider, Random } from '../crypto/interfaces.ts';
import { createEapPeer } from '../eap/create-eap-peer.ts';
import { selectorOf } from '../ike/child-wishes.ts';
import type { ChildWish } from '../ike/config.ts';
import { IkeSa } from '../ike/ike-sa.ts';
import { type IkeIdentity, parseIdentity } from '../pki/identity.ts';
import type { Trust } from '../pki/trust.ts';
import type { Profile, ProfileChild } from '../profile/profile.ts';
import type { ConnectionConfig } from '../tunnel/connection.ts';
import { eapMethodsOf } from './eap-methods.ts';

/** What a profile says, in the terms of the engines. */
export interface LoginTerms {
  /** Who may vouch for the gateway. */
  readonly trust: Trust;
  /** Who this gateway of the profile must be. */
  readonly expected: (gateway: string) => IkeIdentity;
  readonly local: IkeIdentity;
}

/** Fails with `profile.invalid` when an identity of the profile can't be written in an ID payload. */
export function loginTerms(profile: Profile, trust: Trust): Result<LoginTerms, Failure> {
  const { expected, given } = profile.remoteIdentity;
  const first = identity(profile, 'remoteIdentity', expected);
  if (!first.ok) return first;
  const names = new Map<string, IkeIdentity>();
  for (const gateway of given ? [] : profile.gateways.others) {
    const name = identity(profile, 'gateways', gateway);
    if (!name.ok) return name;
    names.set(gateway, name.value);
  }
  const local = identity(profile, 'localIdentity', profile.localIdentity);
  if (!local.ok) return local;
  return ok({ trust, expected: (gateway) => names.get(gateway) ?? first.value, local: local.value });
}

/** Fits nearly every path, and is not far from what most have. */
const mtuToBeginWith = 1_400;

/** The configuration of one connection. `device` is the name of the TUN device that it will use. */
export function connectionConfig(
  profile: Profile,
  terms: LoginTerms,
  device: string,
  parts: { readonly crypto: CryptoProvider; readonly random: Random },
): ConnectionConfig {
  const { gateway, authentication, dns, mtu, proposals } = profile;
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
    createEngine: (local, remote, { gateway: name, wantedAddresses, redirectedFrom: from }) =>
      new IkeSa(
        {
          local,
          remote,
          natTraversalPort: gateway.natTraversalPort,
          localIdentity: terms.local,
          ...(profile.remoteIdentity.send ? { remoteIdentity: terms.expected(name) } : {}),
          trustAnchors: terms.trust.anchors.map(({ spki }) => spki),
          ikeProposals: proposals.ike,
          espProposals: proposals.esp,
          remoteNetworks: profile.remoteNetworks,
          ...(profile.children === undefined ? {} : { children: profile.children.map(wishOf) }),
          childless: profile.childless,
          wantedAddresses: wantedAddresses.length > 0 ? wantedAddresses : profile.requestedAddresses,
          ...(profile.followRedirects ? { redirects: from === undefined ? {} : { from } } : {}),
          acceptSha1Signatures: profile.allowSha1Signatures,
          livenessMs: profile.liveness,
          childLifetimeMs: profile.rekey.child,
          ikeLifetimeMs: profile.rekey.ike,
          earlyRekeyMs: profile.rekey.early,
        },
        {
          ...parts,
          createEapPeer: () =>
            createEapPeer({
              identity: authentication.eapIdentity,
              userName: authentication.username,
              random: parts.random,
              methods: eapMethodsOf(authentication),
            }),
        },
      ),
  };
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
