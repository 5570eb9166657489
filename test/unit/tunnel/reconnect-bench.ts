import assert from 'node:assert/strict';
import { type Endpoint, parseIpPrefix } from '../../../core/base/address.ts';
import type { Failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import type { AssignedConfig, IkeInput, IkeOutput } from '../../../core/ike/io.ts';
import {
  Connection,
  type ConnectionConfig,
  type EngineTerms,
  type IkeEngine,
} from '../../../core/tunnel/connection.ts';
import type { TunnelInput, TunnelOutput, TunnelState } from '../../../core/tunnel/io.ts';
import type { PathCandidate } from '../../../core/tunnel/paths/path.ts';
import { address, child, summary } from './fixtures.ts';

export const here: Endpoint = { address: address('192.0.2.10'), port: 40_000 };

/** An engine that says what the test puts into its mouth, and goodbye when it is told to. */
class ScriptedEngine implements IkeEngine {
  readonly inputs: IkeInput[] = [];
  readonly says: IkeOutput[] = [];
  readonly drops = {};
  readonly remote: Endpoint;
  readonly terms: EngineTerms;
  /** What it says first when it is told to disconnect. */
  farewell: IkeOutput[] = [];
  rivalled = false;
  closed = false;
  readonly number: number;
  constructor(number: number, remote: Endpoint, terms: EngineTerms) {
    this.number = number;
    this.remote = remote;
    this.terms = terms;
  }
  /** The first octet of a datagram is the number of the engine that it is for, from 0. */
  owns(octets: Uint8Array): boolean {
    return octets[0] === this.number;
  }
  handle(input: IkeInput): void {
    assert.ok(!this.closed, 'nothing is fed to an engine that has closed');
    this.inputs.push(input);
    if (input.kind === 'command' && input.command.kind === 'abandon') this.closed = true;
    if (input.kind !== 'command' || input.command.kind !== 'disconnect') return;
    this.says.push(...this.farewell);
    this.says.push({ kind: 'transmit', octets: new Uint8Array(1), via: 'nat-traversal' }, { kind: 'closed' });
  }
  poll(): IkeOutput | undefined {
    const output = this.says.shift();
    if (output?.kind === 'closed') this.closed = true;
    return output;
  }
  nextWakeup(): Instant | undefined {
    return undefined;
  }
}

/** Deeds that the machine waits for. */
type Deed = Extract<
  TunnelOutput,
  {
    kind:
      | 'resolve'
      | 'open-transport'
      | 'install-child'
      | 'apply-network'
      | 'undo-network'
      | 'close-transport';
  }
>;

/** A connection that reconnects, and a system that answers its deeds in order when it is told to. */
export class ReconnectBench {
  readonly engines: ScriptedEngine[] = [];
  readonly deeds: Deed[] = [];
  readonly words: string[] = [];
  states: TunnelState[] = [];
  now = 0;
  local = here;
  inner = '10.9.0.2/32';
  summary = summary;
  found = [address('198.51.100.1')];
  readonly connection: Connection;

  constructor(reconnect = true, gateways: Partial<ConnectionConfig> = {}) {
    this.connection = new Connection({
      gateways: ['vpn.example'],
      ikePort: 500,
      natTraversalPort: 4500,
      network: {
        device: 'godwit0',
        mtu: 1400,
        dns: { use: true, servers: undefined, domains: [] },
        onlyGatewaySubnets: false,
      },
      random: { octets: (count) => new Uint8Array(count) },
      reconnect,
      ...gateways,
      createEngine: (_local, remote, terms) => {
        const engine = new ScriptedEngine(this.engines.length, remote, terms);
        this.engines.push(engine);
        return engine;
      },
    });
  }

  /** Feeds an input and answers what came out, as short words. */
  do(input: TunnelInput): string[] {
    this.connection.handle(input, instant(this.now));
    const before = this.words.length;
    for (let output = this.connection.poll(); output; output = this.connection.poll()) this.#take(output);
    return this.words.slice(before);
  }

  /** For who looks at more than the words. */
  note(_: TunnelOutput): void {}

  /** The way of the socket that is opened next, when it is not any. */
  get openedBy(): { readonly via?: PathCandidate } {
    return {};
  }

  #take(output: TunnelOutput): void {
    this.words.push(wordOf(output));
    this.note(output);
    if (output.kind === 'state') this.states.push(output.state);
    if (
      output.kind === 'resolve' ||
      output.kind === 'open-transport' ||
      output.kind === 'install-child' ||
      output.kind === 'apply-network' ||
      output.kind === 'undo-network' ||
      output.kind === 'close-transport'
    )
      this.deeds.push(output);
  }

  /** Has the oldest open deed end, well or with `error`. */
  settle(error?: Failure): string[] {
    const deed = this.deeds.shift();
    if (deed === undefined) return [];
    const result = error === undefined ? ok() : err(error);
    switch (deed.kind) {
      case 'resolve':
        return this.do({
          kind: 'resolved',
          result: error === undefined ? ok(this.found) : err(error),
        });
      case 'open-transport':
        return this.do({
          kind: 'transport-opened',
          result: error === undefined ? ok(this.local) : err(error),
          ...this.openedBy,
        });
      case 'install-child':
        return this.do({ kind: 'child-installed', result });
      case 'apply-network':
        return this.do({ kind: 'network-applied', result });
      case 'undo-network':
        return this.do({ kind: 'network-undone' });
      case 'close-transport':
        return this.do({ kind: 'transport-closed' });
    }
  }

  settleAll(): string[] {
    const words: string[] = [];
    for (let rounds = 0; this.deeds.length > 0; rounds++) {
      assert.ok(rounds < 100, 'the deeds come to an end');
      words.push(...this.settle());
    }
    return words;
  }

  /** Has the present engine say something, if there is one that lives. */
  say(...outputs: IkeOutput[]): string[] {
    const engine = this.engines.at(-1);
    if (engine === undefined || engine.closed) return [];
    engine.says.push(...outputs);
    const words = this.do({ kind: 'timeout' });
    engine.says.length = 0;
    return words;
  }

  /** The engine has logged in. */
  login(): string[] {
    const prefix = parseIpPrefix(this.inner);
    assert.ok(prefix.ok);
    const config: AssignedConfig = {
      addresses: [prefix.value],
      dnsServers: [],
      subnets: [],
      dnsDomains: [],
    };
    return this.say(
      { kind: 'config-assigned', config },
      { kind: 'child-install', child },
      { kind: 'established', summary: this.summary },
    );
  }

  toConnected(): void {
    this.do({ kind: 'connect' });
    this.settleAll();
    this.login();
    this.settleAll();
    assert.equal(this.state.kind, 'connected');
  }

  lose(error: Failure): string[] {
    return this.say({ kind: 'closed', error });
  }

  get state(): TunnelState {
    const state = this.states.at(-1);
    assert.ok(state);
    return state;
  }
}

function wordOf(output: TunnelOutput): string {
  if (output.kind === 'apply-network') return `apply ${output.change}`;
  if (output.kind !== 'state') return output.kind;
  const { state } = output;
  switch (state.kind) {
    case 'connecting':
      return `connecting ${state.phase}`;
    case 'reconnecting':
      return `reconnecting ${state.phase ?? 'wait'}`;
    case 'disconnected':
      return `disconnected ${state.lastFailure?.code ?? ''}`.trim();
    default:
      return state.kind;
  }
}
