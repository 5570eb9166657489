import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import {
  type Endpoint,
  type IpAddress,
  type IpPrefix,
  parseIpAddress,
  parseIpPrefix,
  sameEndpoint,
} from '../../../core/base/address.ts';
import { type Failure, type FailureCode, failure } from '../../../core/base/errors.ts';
import { Secret } from '../../../core/base/secret.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { signWith } from '../../../core/crypto/node/signatures.ts';
import { signerFromPrivateKey } from '../../../core/crypto/node/signer.ts';
import { type ProposalUse, parseProposal, type SuiteProposal } from '../../../core/crypto/proposals.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { createEapPeer } from '../../../core/eap/create-eap-peer.ts';
import type { EapMethodKind } from '../../../core/eap/method.ts';
import type { GatewayConfig } from '../../../core/gateway/config.ts';
import { createGateway } from '../../../core/gateway/create-gateway.ts';
import type { Gateway, GatewayOutput } from '../../../core/gateway/io.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import { IkeSa } from '../../../core/ike/ike-sa.ts';
import type { IkeAnswer, IkeAsk, IkeOutput, IkePort } from '../../../core/ike/io.ts';
import { createCa, type Issued, issue, type KeyKind } from '../../support/pki.ts';

/** Engines and the gateway on one wire in memory, with a clock of their own. */

export const address = (text: string): IpAddress => unwrap(parseIpAddress(text));
export const prefix = (text: string): IpPrefix => unwrap(parseIpPrefix(text));
export const endpoint = (text: string, port: number): Endpoint => ({ address: address(text), port });
export const proposals = (use: ProposalUse, ...texts: readonly string[]): readonly SuiteProposal[] =>
  texts.map((text) => unwrap(parseProposal(text, use)));

const crypto = nodeCryptoProvider();
export const ca = createCa('Test CA');
const issued = new Map<KeyKind, Issued>();

/** The gateway's certificate with a key of this kind; one for the whole run. */
export function certificate(key: KeyKind): Issued {
  const known = issued.get(key) ?? issue(ca, { subject: 'vpn.example', names: ['vpn.example'], key });
  issued.set(key, known);
  return known;
}

export function spkiOf({ privateKey }: Issued): Uint8Array {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return Uint8Array.from(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
}

const identity = { type: 2, data: utf8.encode('vpn.example') };

export interface NetworkOptions {
  readonly gateway?: Partial<GatewayConfig>;
  readonly key?: KeyKind;
  readonly seed?: number;
  /** In place of taking every certificate. */
  readonly judge?: (ask: Extract<IkeAsk, { kind: 'certificate-verdict' }>) => IkeAnswer;
}

export interface ClientOptions {
  readonly user?: string;
  readonly password?: string;
  readonly config?: Partial<IkeConfig>;
  /** Where the gateway sees it. */
  readonly address?: string;
  /** What it answers when it is asked for a shared secret. */
  readonly secrets?: { readonly psk?: string; readonly ppk?: string };
  /** What it answers when it is asked for a code; methods that may follow the password. */
  readonly code?: string | undefined;
  readonly following?: readonly EapMethodKind[];
  /** In place of one with `config`. */
  readonly engine?: IkeSa;
  /** What it signs with. */
  readonly own?: Issued;
}

export interface Datagram {
  readonly octets: Uint8Array;
  readonly to: 'gateway' | Client;
  readonly client: Client;
  readonly via: IkePort;
}

export type Wire = (datagram: Datagram) => readonly Datagram[];

export class Client {
  readonly ike: IkeSa;
  readonly outputs: IkeOutput[] = [];
  readonly password: string;
  readonly options: ClientOptions;
  endpoint: Endpoint;

  constructor(options: ClientOptions, seed: number) {
    const user = options.user ?? 'alice';
    this.options = options;
    this.password = options.password ?? 'correct horse';
    this.endpoint = endpoint(options.address ?? '203.0.113.7', 40_000);
    const random = seededRandom(seed);
    const config: IkeConfig = {
      local: endpoint('192.168.1.5', 50_000),
      remote: endpoint('198.51.100.1', 500),
      localIdentity: { type: 2, data: utf8.encode(user) },
      remoteIdentity: identity,
      trustAnchors: [],
      ikeProposals: defaultIkeProposals,
      espProposals: defaultEspProposals,
      remoteNetworks: [],
      ...options.config,
    };
    this.ike =
      options.engine ??
      new IkeSa(config, {
        crypto,
        random,
        createEapPeer: () => createEapPeer({ identity: user, random, following: options.following ?? [] }),
      });
  }

  all<Kind extends IkeOutput['kind']>(kind: Kind): Extract<IkeOutput, { kind: Kind }>[] {
    return this.outputs.filter(
      (output): output is Extract<IkeOutput, { kind: Kind }> => output.kind === kind,
    );
  }

  /** How it ended; `undefined` while it has not. */
  get end(): Failure | 'clean' | undefined {
    const closed = this.all('closed')[0];
    return closed === undefined ? undefined : (closed.error ?? 'clean');
  }
}

export class Network {
  readonly gateway: Gateway;
  readonly outputs: GatewayOutput[] = [];
  readonly clients: Client[] = [];
  /** What the wire does to each datagram; as it is, unless a test says otherwise. */
  wire: Wire = (datagram) => [datagram];
  now: Instant = instant(1_000);
  steps = 0;
  readonly #spki: Uint8Array;
  readonly #queue: Datagram[] = [];
  readonly #seed: number;
  readonly #judge: NetworkOptions['judge'];

  constructor(options: NetworkOptions = {}) {
    const key = options.key ?? 'ec-p256';
    this.#seed = options.seed ?? 1;
    this.#judge = options.judge;
    const { der, privateKeyPem } = certificate(key);
    this.#spki = spkiOf(certificate(key));
    this.gateway = createGateway(
      {
        identity,
        certificates: [der],
        signature: { scheme: schemes[key] },
        ikeProposals: defaultIkeProposals,
        espProposals: defaultEspProposals,
        users: new Map([
          ['alice', Secret.fromText('correct horse')],
          ['bob', Secret.fromText('Пароль🐦')],
        ]),
        pools: [prefix('10.9.0.0/24'), prefix('fd09::/64')],
        networks: [prefix('10.1.0.0/16'), prefix('fd01::/48')],
        dnsServers: [address('10.1.0.53'), address('fd01::53')],
        dnsDomains: ['corp.example'],
        ...options.gateway,
      },
      { crypto, random: seededRandom(this.#seed), signer: unwrap(signerFromPrivateKey(privateKeyPem)) },
    );
  }

  client(options: ClientOptions = {}): Client {
    const client = new Client(options, this.#seed * 1_000 + this.clients.length + 7);
    this.clients.push(client);
    return client;
  }

  connect(client: Client): this {
    client.ike.handle({ kind: 'command', command: { kind: 'connect' } }, this.now);
    this.drain();
    return this;
  }

  all<Kind extends GatewayOutput['kind']>(kind: Kind): Extract<GatewayOutput, { kind: Kind }>[] {
    return this.outputs.filter(
      (output): output is Extract<GatewayOutput, { kind: Kind }> => output.kind === kind,
    );
  }

  /** Lets datagrams fly and time pass until `done`, or until nothing more can happen in `forMs`. */
  run(done: () => boolean, forMs = 200_000): this {
    const until = this.now + forMs;
    while (!done()) {
      this.steps += 1;
      assert.ok(this.steps < 20_000, 'the network never comes to rest');
      const next = this.#queue.shift();
      if (next !== undefined) this.#deliver(next);
      else if (!this.#sleep(until)) return this;
      this.drain();
    }
    return this;
  }

  /** Connects and waits until the client is in or out. */
  login(client: Client = this.client()): Client {
    this.connect(client).run(() => client.ike.state === 'established' || client.ike.state === 'closed');
    return client;
  }

  drain(): void {
    for (const client of this.clients) {
      for (let output = client.ike.poll(); output !== undefined; output = client.ike.poll()) {
        client.outputs.push(output);
        this.#handleOutput(client, output);
      }
    }
    for (let output = this.gateway.poll(); output !== undefined; output = this.gateway.poll()) {
      this.outputs.push(output);
      if (output.kind !== 'transmit') continue;
      const { octets, to, via } = output;
      const client = this.clients.find((candidate) => sameEndpoint(candidate.endpoint, to));
      if (client !== undefined) this.#send({ octets, to: client, client, via });
    }
  }

  #handleOutput(client: Client, output: IkeOutput): void {
    if (output.kind === 'transmit') {
      this.#send({ octets: output.octets, to: 'gateway', client, via: output.via });
    } else if (output.kind === 'ask') {
      const { id, ask } = output;
      const verdict = { kind: 'certificate-verdict', verdict: { ok: true, spki: this.#spki } } as const;
      const answer =
        ask.kind === 'certificate-verdict' ? (this.#judge?.(ask) ?? verdict) : answerOf(client, ask);
      client.ike.handle({ kind: 'answer', id, answer }, this.now);
    }
  }

  #send(datagram: Datagram): void {
    this.#queue.push(...this.wire(datagram));
  }

  #deliver({ octets, to, client, via }: Datagram): void {
    if (to === 'gateway') this.gateway.handle(octets, client.endpoint, via, this.now);
    else to.ike.handle({ kind: 'datagram', octets, via }, this.now);
  }

  /** To the next wake-up of anyone; false when there is none before `until`. */
  #sleep(until: number): boolean {
    const wakeups = [this.gateway.nextWakeup(), ...this.clients.map(({ ike }) => ike.nextWakeup())];
    const at = Math.min(...wakeups.filter((wakeup) => wakeup !== undefined));
    if (at > until) return false;
    this.now = instant(Math.max(this.now, at));
    this.gateway.timeout(this.now);
    for (const { ike } of this.clients) ike.handle({ kind: 'timeout' }, this.now);
    return true;
  }
}

export function failsWith(client: Client, code: FailureCode): void {
  const { end } = client;
  if (end === undefined || end === 'clean')
    assert.fail(`${end ?? client.ike.state} where ${code} was expected`);
  assert.equal(end.code, code, JSON.stringify(end));
}

const schemes = {
  rsa: { kind: 'rsa-pkcs1', hash: 'sha256' },
  'rsa-3072': { kind: 'rsa-pkcs1', hash: 'sha384' },
  'ec-p256': { kind: 'ecdsa', hash: 'sha256', encoding: 'der' },
  'ec-p384': { kind: 'ecdsa', hash: 'sha384', encoding: 'der' },
  'ec-p521': { kind: 'ecdsa', hash: 'sha512', encoding: 'der' },
  ed25519: { kind: 'ed25519' },
} as const;

function unwrap<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!result.ok) assert.fail(JSON.stringify(result));
  return result.value;
}

/** This user knows one password, and no new one. */
function answerOf({ password, options }: Client, ask: IkeAsk): IkeAnswer {
  const { secrets = {}, code, own } = options;
  const known = (text: string | undefined): IkeAnswer =>
    text === undefined
      ? { kind: 'refused', error: failure('secret.missing') }
      : { kind: 'credential', secret: Secret.fromText(text) };
  switch (ask.kind) {
    case 'credential':
      if (ask.question.kind === 'passcode') return known(code);
      return known(ask.question.kind === 'password' && ask.question.retry === 0 ? password : undefined);
    case 'shared-secret':
      return known(secrets[ask.use]);
    case 'signature':
      if (own === undefined) return known(undefined);
      return { kind: 'signature', signature: signWith(ask.scheme, own.privateKey, ask.octets) };
    default:
      return known(undefined);
  }
}
