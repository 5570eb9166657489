import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import {
  type Endpoint,
  formatIpAddress,
  formatIpPrefix,
  type IpAddress,
  type IpPrefix,
  type ParseError,
  parseIpAddress,
  parseIpPrefix,
} from '../../../core/base/address.ts';
import { type Failure, formatFailure } from '../../../core/base/errors.ts';
import type { Result } from '../../../core/base/result.ts';
import { Secret } from '../../../core/base/secret.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import type { PublicKeyKind, SignatureScheme } from '../../../core/crypto/interfaces.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { systemRandom } from '../../../core/crypto/node/random.ts';
import { signerFromPrivateKey } from '../../../core/crypto/node/signer.ts';
import { type ProposalUse, parseProposal, type SuiteProposal } from '../../../core/crypto/proposals.ts';
import type { Dataplane } from '../../../core/dataplane/dataplane.ts';
import { openDataplane } from '../../../core/dataplane/open-dataplane.ts';
import type { GatewayConfig } from '../../../core/gateway/config.ts';
import { createGateway } from '../../../core/gateway/create-gateway.ts';
import type { Gateway, GatewayOutput } from '../../../core/gateway/io.ts';
import { parseIdentity } from '../../../core/pki/identity.ts';
import { parsePemCertificates } from '../../../core/pki/pem.ts';
import { Alarm, systemClock } from '../../../core/platform/linux/system-clock.ts';
import { openTunDevice } from '../../../core/platform/linux/tun-device.ts';
import { openUdpSocket } from '../../../core/platform/linux/udp-socket.ts';
import type { TrafficSelector } from '../../../core/wire/ike/payload.ts';
import type { HostConfig, HostEvent } from './host-config.ts';

/**
 * The embedded gateway on real sockets: `core/gateway` decides, `core/dataplane` carries. For the demo, the bench and
 * the tests; it is no product, and strongSwan is the judge of what it agrees on with the client.
 */
const device = 'gateway0';
const usualMtu = 1400;

async function main(): Promise<void> {
  const config: HostConfig = JSON.parse(readFileSync(0, 'utf8'));
  const listen = must(parseIpAddress(config.listen));
  const pools = config.pools.map((pool) => must(parseIpPrefix(pool)));
  const gateway = createGateway(gatewayConfig(config, listen, pools), {
    crypto: nodeCryptoProvider(),
    random: systemRandom,
    signer: must(signerFromPrivateKey(config.privateKey)),
  });
  const host = new GatewayHost(gateway, listen, config);
  await host.open(pools);
  tell({ event: 'ready' });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void host.close().then(() => process.exit(0)));
  }
}

class GatewayHost {
  readonly #gateway: Gateway;
  readonly #listen: IpAddress;
  readonly #believesAll: boolean;
  readonly #pairs: number;
  readonly #spread: 'idle' | 'always';
  readonly #mtu: number;
  readonly #alarm = new Alarm();
  #dataplane: Dataplane | undefined;
  #ikeSocket: Socket | undefined;
  /** Deeds run one after the other: the SA is in before the message that lets the client use it. */
  #chain: Promise<void> = Promise.resolve();

  constructor(
    gateway: Gateway,
    listen: IpAddress,
    { believesAll = false, workerPairs = 1, spread = 'idle', mtu = usualMtu }: HostConfig,
  ) {
    this.#gateway = gateway;
    this.#listen = listen;
    this.#believesAll = believesAll;
    this.#pairs = workerPairs;
    this.#spread = spread;
    this.#mtu = mtu;
  }

  async open(pools: readonly IpPrefix[]): Promise<void> {
    const { family } = this.#listen;
    const udp = must(openUdpSocket({ family, address: this.#listen, port: 4500 }));
    this.#dataplane = must(
      openDataplane(
        { udpFd: udp.fd, spread: this.#spread },
        {
          onIke: (octets, from, marker) => {
            if (marker) this.#handle(octets, from, 'nat-traversal');
          },
          onFailure: (error) => fail(formatFailure(error)),
          onFirstInbound: (spi) => {
            this.#gateway.childUsed(spi, systemClock.now());
            this.#drain();
          },
        },
      ),
    );
    const tun = must(openTunDevice(device));
    for (const pool of pools) {
      // The pool's first address is ours.
      const own = {
        address: { family: pool.address.family, octets: pool.address.octets.slice() },
        length: pool.length,
      };
      const last = own.address.octets.length - 1;
      own.address.octets[last] = (own.address.octets[last] ?? 0) | 1;
      ip('address', 'add', formatIpPrefix(own), 'dev', tun.name);
    }
    ip('link', 'set', tun.name, 'mtu', String(this.#mtu), 'up');
    await this.#dataplane.attachTun({
      fd: tun.fd,
      name: tun.name,
      mtu: this.#mtu,
      vnetHeader: tun.vnetHeader,
    });
    this.#ikeSocket = createSocket(family === 4 ? 'udp4' : 'udp6');
    this.#ikeSocket.on('message', (octets, from) => {
      const address = must(parseIpAddress(from.address));
      this.#handle(octets, { address, port: from.port }, 'ike');
    });
    await new Promise<void>((resolve) => this.#ikeSocket?.bind(500, formatIpAddress(this.#listen), resolve));
  }

  async close(): Promise<void> {
    this.#alarm.set(undefined, () => {});
    this.#ikeSocket?.close();
    await this.#dataplane?.close();
  }

  #handle(octets: Uint8Array, from: Endpoint, via: 'ike' | 'nat-traversal'): void {
    this.#gateway.handle(octets, from, via, systemClock.now());
    this.#drain();
  }

  #drain(): void {
    for (let output = this.#gateway.poll(); output !== undefined; output = this.#gateway.poll()) {
      const deed = output;
      this.#chain = this.#chain.then(() => this.#do(deed)).catch((error: unknown) => fail(String(error)));
    }
    this.#alarm.set(this.#gateway.nextWakeup(), () => {
      this.#gateway.timeout(systemClock.now());
      this.#drain();
    });
  }

  async #install({
    child,
    remote,
    outbound,
    resource,
  }: Extract<GatewayOutput, { kind: 'child-install' }>): Promise<void> {
    const { selectors } = child;
    const taken = this.#believesAll ? { ...selectors, local: everythingLike(selectors.local) } : selectors;
    // The client of a copy does not know of it before our answer; a rekeyed one is taken at once.
    const standby = outbound === 'standby' && resource > 0;
    await this.#dataplane?.installChild({
      ...child,
      ...{ selectors: taken, remote, followRemote: true, standby, pair: Math.min(resource, this.#pairs - 1) },
    });
  }

  async #do(output: GatewayOutput): Promise<void> {
    switch (output.kind) {
      case 'transmit':
        if (output.via === 'nat-traversal') this.#dataplane?.sendIke(output.octets, output.to, true);
        else this.#ikeSocket?.send(output.octets, output.to.port, formatIpAddress(output.to.address));
        return;
      case 'child-install':
        await this.#install(output);
        return;
      case 'child-switch-outbound':
        await this.#dataplane?.switchOutbound(output.inboundSpi);
        return;
      case 'child-remove':
        await this.#dataplane?.removeChild(output.inboundSpi);
        return;
      case 'client-up': {
        const addresses = output.summary.addresses.map(formatIpPrefix);
        return tell({ event: 'client-up', user: output.summary.user, addresses });
      }
      case 'client-down':
        return tell({ event: 'client-down', user: output.user, reason: output.reason });
      case 'login-failed':
        return tell({ event: 'login-failed', user: output.user, code: output.error.code });
      case 'rekeyed':
        return tell({ event: 'rekeyed', what: output.what, by: output.by });
      case 'rekey-failed':
        return tell({ event: 'rekey-failed', what: output.what, notify: output.notify });
      case 'client-moved':
        return;
    }
  }
}

/** Every packet of these addresses' families. */
function everythingLike(selectors: readonly TrafficSelector[]): TrafficSelector[] {
  return selectors.map(({ start, end }) => ({
    protocol: 0,
    startPort: 0,
    endPort: 0xffff,
    start: { family: start.family, octets: start.octets.map(() => 0) },
    end: { family: end.family, octets: end.octets.map(() => 0xff) },
  }));
}

function gatewayConfig(config: HostConfig, listen: IpAddress, pools: readonly IpPrefix[]): GatewayConfig {
  const signer = must(signerFromPrivateKey(config.privateKey));
  return {
    address: listen,
    identity: must(parseIdentity(config.identity)),
    certificates: config.certificates.flatMap((pem) => must(parsePemCertificates(pem))),
    signature: { scheme: schemeFor(signer.kind), classic: config.classicSignatures ?? false },
    ikeProposals: config.ike === undefined ? defaultIkeProposals : proposals(config.ike, 'ike'),
    espProposals: config.esp === undefined ? defaultEspProposals : proposals(config.esp, 'esp'),
    users: new Map(Object.entries(config.users).map(([name, password]) => [name, Secret.fromText(password)])),
    pools,
    networks: config.networks.map((network) => must(parseIpPrefix(network))),
    dnsServers: config.dnsServers.map((server) => must(parseIpAddress(server))),
    dnsDomains: config.dnsDomains ?? [],
    ...(config.cookies === undefined ? {} : { cookies: config.cookies }),
    ...(config.rekeyChildMs === undefined ? {} : { rekeyChildMs: config.rekeyChildMs }),
    ...(config.rekeyIkeMs === undefined ? {} : { rekeyIkeMs: config.rekeyIkeMs }),
    ...(config.habits === undefined ? {} : { habits: config.habits }),
    ...(config.workerPairs === undefined ? {} : { resources: config.workerPairs }),
  };
}

function schemeFor(kind: PublicKeyKind): SignatureScheme {
  switch (kind) {
    case 'rsa':
      return { kind: 'rsa-pss', hash: 'sha256', saltOctets: 32 };
    case 'ec-p384':
      return { kind: 'ecdsa', hash: 'sha384', encoding: 'der' };
    case 'ec-p521':
      return { kind: 'ecdsa', hash: 'sha512', encoding: 'der' };
    case 'ed25519':
      return { kind: 'ed25519' };
    default:
      return { kind: 'ecdsa', hash: 'sha256', encoding: 'der' };
  }
}

function proposals(texts: readonly string[], use: ProposalUse): SuiteProposal[] {
  return texts.map((text) => must(parseProposal(text, use)));
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function must<T>(result: Result<T, Failure | ParseError | { readonly reason: string }>): T {
  if (result.ok) return result.value;
  throw new Error('code' in result.error ? formatFailure(result.error) : result.error.reason);
}

function tell(event: HostEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function fail(reason: string): void {
  tell({ event: 'failed', reason });
  process.exitCode = 1;
}

await main();
