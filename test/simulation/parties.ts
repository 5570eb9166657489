import {
  type Endpoint,
  type IpAddress,
  type IpPrefix,
  parseIpAddress,
  parseIpPrefix,
} from '../../core/base/address.ts';
import type { Result } from '../../core/base/result.ts';
import { Secret } from '../../core/base/secret.ts';
import { parseProposal, type SuiteProposal, withKeyExchanges } from '../../core/crypto/proposals.ts';
import { createEapPeer } from '../../core/eap/create-eap-peer.ts';
import { createGateway } from '../../core/gateway/create-gateway.ts';
import type { Gateway } from '../../core/gateway/io.ts';
import { selectorOf } from '../../core/ike/child-wishes.ts';
import { IkeSa } from '../../core/ike/ike-sa.ts';
import type { EngineTerms } from '../../core/tunnel/connection.ts';
import { Dice } from './dice.ts';
import { clientLogin, following, gatewayLogin } from './logins.ts';
import { KeyLedger, type SealMemory, simCrypto, simSigner } from './sim-crypto.ts';
import type { Story } from './story.ts';

/** The two sides of a run. */

function must<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const address = (text: string): IpAddress => must(parseIpAddress(text));
const prefix = (text: string): IpPrefix => must(parseIpPrefix(text));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const gatewayAddress = address('198.51.100.1');
export const natAddress = address('203.0.113.7');
/** Of the gateway too, by name, but nobody is there. */
export const nobody = address('198.51.100.66');

/** The client's own address after so many moves. */
export function clientAddress(moves: number): IpAddress {
  return { family: 4, octets: Uint8Array.of(192, 168, 1 + (moves % 250), 5) };
}

/** What a profile would say. */
export const tunnelConfig = {
  gateways: ['vpn.example'],
  ikePort: 500,
  natTraversalPort: 4500,
  network: {
    device: 'godwit0',
    mtu: 1_400,
    dns: { use: true, servers: undefined, domains: [] },
    onlyGatewaySubnets: false,
    measureMtu: true,
  },
  reconnect: true,
  keepaliveMs: 'auto',
} as const;

const gatewayIdentity = { type: 2, data: text('vpn.example') };
const pools = [prefix('10.9.0.0/24'), prefix('fd09::/64')];
const networks = [prefix('10.1.0.0/16'), prefix('fd01::/48')];
const nameServers = [address('10.1.0.53')];

function ikeProposals(story: Story, groups: string): readonly SuiteProposal[] {
  return [must(parseProposal(`${story.cipher}-${groups}`, 'ike'))];
}

const plainEsp = [must(parseProposal('aes256gcm16-aes128gcm16', 'esp'))];
/** Group 19, or none. */
const espWithGroups = withKeyExchanges(plainEsp, [19, 31, 0]);

/** Whether the gateway of this generation only poses as the real one. */
export function isImposter({ imposter }: Story, generation: number): boolean {
  return imposter !== 'none' && generation === 0;
}

/** Somebody with keys of their own, who needs no cookie and takes any group. */
export function createForger(story: Story, memory: SealMemory, number: number): Gateway {
  const imposter = story.login.proof === 'eap' ? 'eap' : 'signature';
  return createSimGateway(
    { ...story, seed: story.seed + 0.5 + number, imposter, cookies: 'never', otherGroup: false },
    memory,
    0,
  );
}

export function createSimGateway(story: Story, memory: SealMemory, generation: number): Gateway {
  const { lifetimes } = story;
  return createGateway(
    {
      address: gatewayAddress,
      identity: gatewayIdentity,
      certificates: [new Uint8Array(story.certificateOctets).fill(0x30)],
      fragmentation: story.fragmentation,
      mobike: story.mobike,
      signature: { scheme: { kind: 'ecdsa', hash: 'sha256', encoding: 'der' } },
      ikeProposals: ikeProposals(story, story.otherGroup ? 'x25519' : 'ecp256-x25519'),
      espProposals: plainEsp,
      childKeyExchanges: story.childKeyExchange ? [19, 31, 0] : [0],
      login: gatewayLogin(story.login),
      users: new Map([['alice', Secret.fromText('correct horse')]]),
      pools,
      networks,
      dnsServers: nameServers,
      dnsDomains: ['corp.example'],
      cookies: story.cookies,
      ...(story.gatewayLivenessMs === undefined ? {} : { livenessMs: story.gatewayLivenessMs }),
      ...(lifetimes.gateway === undefined
        ? {}
        : { rekeyChildMs: lifetimes.gateway.childMs, rekeyIkeMs: lifetimes.gateway.ikeMs }),
      ...(story.authLifetimeMs === undefined ? {} : { authLifetimeMs: story.authLifetimeMs }),
      rekeyRetryMs: 2_000,
      habits: {
        ...(story.nonceOctet === undefined ? {} : { rekeyNonceFirstOctet: story.nonceOctet }),
        ...story.habits,
        temporaryFailureOnce: story.temporaryFailureOnce,
        ...(isImposter(story, generation)
          ? story.imposter === 'eap'
            ? { wrongEapAuth: true }
            : { wrongAuthSignature: true }
          : {}),
      },
    },
    {
      crypto: simCrypto(memory, new KeyLedger()),
      random: new Dice(story.seed, `gateway ${generation}`).random,
      signer: simSigner,
    },
  );
}

const everywhere = [prefix('0.0.0.0/0'), prefix('::/0')].map(selectorOf);
const further = [{ ...selectorOf(prefix('10.1.7.0/24')), protocol: 6, startPort: 22, endPort: 22 }];

/** A gateway that does not answer CREATE_CHILD_SA, or refuses it, has no second one. */
export function hasFurtherChild({ furtherChild, habits }: Story): boolean {
  const { noAdditionalSas, refuseRekey, silentInRekey } = habits;
  return furtherChild && !noAdditionalSas && refuseRekey === undefined && !silentInRekey;
}

/** A client for one login. */
export function createSimClient(
  story: Story,
  memory: SealMemory,
  ledger: KeyLedger,
  generation: number,
  local: Endpoint,
  { wantedAddresses, beside }: EngineTerms,
): IkeSa {
  const { random } = new Dice(story.seed, `client ${generation}`);
  return new IkeSa(
    {
      local,
      wantedAddresses,
      remote: { address: gatewayAddress, port: 500 },
      localIdentity: { type: 2, data: text('alice') },
      remoteIdentity: gatewayIdentity,
      ...clientLogin(story.login),
      trustAnchors: [],
      ikeProposals: ikeProposals(story, 'ecp256-x25519'),
      espProposals: espWithGroups,
      remoteNetworks: [],
      ...(hasFurtherChild(story) ? { children: [{ remote: everywhere }, { remote: further }] } : {}),
      // It would end the login that stands.
      initialContact: story.initialContact && !beside,
      earlyRekeyMs: story.earlyRekeyMs ?? 'off',
      // So that keepalives alone break the silence.
      ...(story.nat === undefined ? {} : { livenessMs: 400_000 }),
      ...(story.lifetimes.client === undefined
        ? {}
        : { childLifetimeMs: story.lifetimes.client.childMs, ikeLifetimeMs: story.lifetimes.client.ikeMs }),
    },
    {
      crypto: simCrypto(memory, ledger),
      random,
      createEapPeer: () => createEapPeer({ identity: 'alice', random, following: following(story.login) }),
    },
  );
}
