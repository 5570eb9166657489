import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, formatIpPrefix, parseIpPrefix } from '../../../core/base/address.ts';
import { failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import type { AssignedConfig, ChildSaParameters, IkeInput, IkeOutput } from '../../../core/ike/io.ts';
import { Connection, type IkeEngine } from '../../../core/tunnel/connection.ts';
import type { TunnelInput, TunnelOutput } from '../../../core/tunnel/io.ts';
import { address, child, summary } from './fixtures.ts';

const innerAddress = parseIpPrefix('10.9.0.2/32');
assert.ok(innerAddress.ok);
const config: AssignedConfig = {
  addresses: [innerAddress.value],
  dnsServers: [],
  subnets: [],
  dnsDomains: [],
};
const local: Endpoint = { address: address('192.0.2.10'), port: 40_000 };

/** An engine that says what the test puts into its mouth. */
class ScriptedEngine implements IkeEngine {
  readonly inputs: IkeInput[] = [];
  readonly says: IkeOutput[] = [];
  readonly drops = {};
  owns(): boolean {
    return true;
  }
  handle(input: IkeInput): void {
    this.inputs.push(input);
  }
  poll(): IkeOutput | undefined {
    return this.says.shift();
  }
  nextWakeup(): Instant | undefined {
    return instant(99);
  }
}

class Bench {
  readonly engines: ScriptedEngine[] = [];
  readonly connection = new Connection({
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
    createEngine: () => {
      const engine = new ScriptedEngine();
      this.engines.push(engine);
      return engine;
    },
  });

  /** Feeds an input and returns what came out, as short words. */
  do(input: TunnelInput, at = 0): string[] {
    return this.whole(input, at).map(word);
  }

  /** The same, with the outputs as they are. */
  whole(input: TunnelInput, at = 0): TunnelOutput[] {
    this.connection.handle(input, instant(at));
    const outputs: TunnelOutput[] = [];
    for (let output = this.connection.poll(); output; output = this.connection.poll()) outputs.push(output);
    return outputs;
  }

  get engine(): ScriptedEngine {
    const engine = this.engines.at(-1);
    assert.ok(engine);
    return engine;
  }

  /** Has the engine say something in answer to the next input. */
  say(...outputs: IkeOutput[]): string[] {
    this.engine.says.push(...outputs);
    return this.do({ kind: 'timeout' });
  }

  sayWhole(...outputs: IkeOutput[]): TunnelOutput[] {
    this.engine.says.push(...outputs);
    return this.whole({ kind: 'timeout' });
  }

  toLogin(): void {
    this.do({ kind: 'connect' });
    this.do({ kind: 'resolved', result: ok([address('198.51.100.1'), address('2001:db8::1')]) });
    this.do({ kind: 'transport-opened', result: ok(local) });
  }

  toConfiguring(): string[] {
    this.toLogin();
    return this.say(
      { kind: 'config-assigned', config },
      { kind: 'child-install', child },
      { kind: 'established', summary },
    );
  }

  toConnected(): string[] {
    this.toConfiguring();
    this.do({ kind: 'child-installed', result: ok() });
    return this.do({ kind: 'network-applied', result: ok() });
  }
}

function word(output: TunnelOutput): string {
  if (output.kind !== 'state') return output.kind;
  const { state } = output;
  if (state.kind === 'connecting') return `state connecting ${state.phase}`;
  if (state.kind === 'disconnected') return `state disconnected ${state.lastFailure?.code ?? ''}`.trim();
  return `state ${state.kind}`;
}

test('connected is reported only after the data plane and the system are ready', () => {
  const bench = new Bench();
  assert.deepEqual(bench.do({ kind: 'connect' }), ['state connecting resolving', 'resolve']);
  assert.deepEqual(bench.do({ kind: 'resolved', result: ok([address('198.51.100.1')]) }), ['open-transport']);
  bench.do({ kind: 'transport-opened', result: ok(local) });
  assert.deepEqual(bench.engine.inputs, [{ kind: 'command', command: { kind: 'connect' } }]);
  const established = bench.say(
    { kind: 'config-assigned', config },
    { kind: 'child-install', child },
    { kind: 'established', summary },
  );
  assert.deepEqual(established, ['install-child', 'state connecting configuring-network']);
  assert.deepEqual(bench.do({ kind: 'child-installed', result: ok() }), ['apply-network']);
  assert.deepEqual(bench.do({ kind: 'network-applied', result: ok() }), [
    'state connected',
    'recall-network',
  ]);
});

test('every way out undoes the network, closes the transport, then reports the end', () => {
  const ends: [string, (bench: Bench) => void, string][] = [
    [
      'the gateway deletes the SA',
      (b) => b.say({ kind: 'closed', error: failure('peer.closed') }),
      'peer.closed',
    ],
    [
      'the data plane dies',
      (b) => b.do({ kind: 'transport-failed', error: failure('system.call') }),
      'system.call',
    ],
  ];
  for (const [name, cause, code] of ends) {
    const bench = new Bench();
    bench.toConnected();
    cause(bench);
    assert.deepEqual(bench.do({ kind: 'network-undone' }), ['close-transport'], name);
    assert.deepEqual(bench.do({ kind: 'transport-closed' }), [`state disconnected ${code}`], name);
    assert.equal(bench.connection.nextWakeup(), undefined, name);
    assert.ok(bench.connection.finished, name);
  }
});

test('when the transport dies the engine is told to wipe its keys', () => {
  const bench = new Bench();
  bench.toConnected();
  const { engine } = bench;
  bench.do({ kind: 'transport-failed', error: failure('system.call') });
  assert.deepEqual(engine.inputs.at(-1), { kind: 'command', command: { kind: 'abandon' } });
});

test('a disconnect says goodbye first and ends without a failure', () => {
  const bench = new Bench();
  bench.toConnected();
  assert.deepEqual(bench.do({ kind: 'disconnect' }), ['state disconnecting']);
  assert.deepEqual(bench.engine.inputs.at(-1), { kind: 'command', command: { kind: 'disconnect' } });
  assert.deepEqual(bench.say({ kind: 'closed' }), ['undo-network']);
  bench.do({ kind: 'network-undone' });
  assert.deepEqual(bench.do({ kind: 'transport-closed' }), ['state disconnected']);
});

test('a disconnect can come in every phase and always leads to the end', () => {
  const phases: ((bench: Bench) => void)[] = [
    (b) => b.do({ kind: 'connect' }),
    (b) => {
      b.do({ kind: 'connect' });
      b.do({ kind: 'resolved', result: ok([address('198.51.100.1')]) });
    },
    (b) => b.toLogin(),
    (b) => b.toConfiguring(),
    (b) => b.toConnected(),
  ];
  for (const [index, reach] of phases.entries()) {
    const bench = new Bench();
    reach(bench);
    bench.do({ kind: 'disconnect' });
    if (bench.engines.length > 0) bench.say({ kind: 'closed' });
    bench.do({ kind: 'network-undone' });
    bench.do({ kind: 'transport-closed' });
    assert.ok(bench.connection.finished, `phase ${index}`);
  }
});

test('when an address of the gateway is silent the next one is tried, and the last silence is the failure', () => {
  const bench = new Bench();
  bench.toLogin();
  const silent = failure('peer.unreachable', { gateway: 'vpn.example' });
  assert.deepEqual(bench.say({ kind: 'closed', error: silent }), ['close-transport']);
  assert.deepEqual(bench.do({ kind: 'transport-closed' }), ['open-transport']);
  bench.do({ kind: 'transport-opened', result: ok(local) });
  assert.equal(bench.engines.length, 2);
  bench.say({ kind: 'closed', error: silent });
  bench.do({ kind: 'network-undone' });
  assert.deepEqual(bench.do({ kind: 'transport-closed' }), ['state disconnected peer.unreachable']);
});

test('a refused login is not repeated on the next address', () => {
  const bench = new Bench();
  bench.toLogin();
  assert.deepEqual(bench.say({ kind: 'closed', error: failure('auth.password') }), ['undo-network']);
  bench.do({ kind: 'network-undone' });
  assert.deepEqual(bench.do({ kind: 'transport-closed' }), ['state disconnected auth.password']);
});

test('when the system refuses the plan the gateway is told goodbye and the failure is the system’s', () => {
  const bench = new Bench();
  bench.toConfiguring();
  bench.do({ kind: 'child-installed', result: ok() });
  const refused = failure('system.permission', { call: 'ioctl', errno: 'EPERM' });
  assert.deepEqual(bench.do({ kind: 'network-applied', result: err(refused) }), ['state disconnecting']);
  assert.deepEqual(bench.engine.inputs.at(-1), { kind: 'command', command: { kind: 'disconnect' } });
  assert.deepEqual(bench.say({ kind: 'closed' }), ['undo-network']);
  bench.do({ kind: 'network-undone' });
  assert.deepEqual(bench.do({ kind: 'transport-closed' }), ['state disconnected system.permission']);
});

test('a change of the network has the gateway probed, once there is a connection to lose', () => {
  const bench = new Bench();
  bench.toLogin();
  const before = bench.engine.inputs.length;
  bench.do({ kind: 'network-changed' });
  assert.equal(bench.engine.inputs.length, before);
  const connected = new Bench();
  connected.toConnected();
  connected.do({ kind: 'network-changed' });
  assert.deepEqual(connected.engine.inputs.at(-1), { kind: 'command', command: { kind: 'probe' } });
});

test('a name without an address ends at once', () => {
  const bench = new Bench();
  bench.do({ kind: 'connect' });
  assert.deepEqual(bench.do({ kind: 'resolved', result: ok([]) }), ['state disconnected gateway.unresolved']);
});

test('the proof of life is the time of the last authenticated sign of the gateway', () => {
  const bench = new Bench();
  bench.toConnected();
  bench.do({ kind: 'traffic-seen', at: instant(1234) }, 2000);
  assert.equal(bench.connection.provenAt, 1234);
  bench.engine.says.push({ kind: 'proven' });
  bench.do({ kind: 'timeout' }, 5678);
  assert.equal(bench.connection.provenAt, 5678);
});

const newer: ChildSaParameters = {
  ...child,
  inbound: { ...child.inbound, spi: 0x3003 },
  outbound: { ...child.outbound, spi: 0x4004 },
};

/** The SPIs and counts that the last told state shows. */
function shown(outputs: readonly TunnelOutput[]): unknown {
  const last = outputs.findLast((output) => output.kind === 'state');
  assert.ok(last?.kind === 'state' && last.state.kind === 'connected', 'connected was told');
  const { child: spis, history, summary: now } = last.state.connected;
  return [spis.inbound.spi, spis.outbound.spi, now.initiatorSpi, history.ike.rekeys, history.child.rekeys];
}

test('a rekeyed child changes the data plane and what is shown, and nothing of the network', () => {
  const bench = new Bench();
  bench.toConnected();
  const rekeyed: IkeOutput = { kind: 'rekeyed', what: 'child', summary };
  const installed = bench.sayWhole({ kind: 'child-install', child: newer }, rekeyed);
  assert.deepEqual(installed.map(word), ['install-child', 'state connected'], 'told once');
  assert.deepEqual(shown(installed), [0x3003, 0x4004, '01', 0, 1]);
  assert.deepEqual(bench.do({ kind: 'child-installed', result: ok() }), []);
  const removed = bench.sayWhole({ kind: 'child-remove', inboundSpi: 0x1001 });
  assert.deepEqual(removed, [{ kind: 'remove-child', inboundSpi: 0x1001 }]);
});

test('a child in standby is shown only when it has taken over', () => {
  const bench = new Bench();
  bench.toConnected();
  const standby = bench.sayWhole({ kind: 'child-install', child: newer, outbound: 'standby' });
  assert.deepEqual(standby.map(word), ['install-child']);
  assert.ok(standby[0]?.kind === 'install-child' && standby[0].standby);
  assert.deepEqual(bench.do({ kind: 'child-used', inboundSpi: 0x3003 }), []);
  const told = { kind: 'child-used', inboundSpi: 0x3003 } as const;
  assert.deepEqual(bench.engine.inputs.at(-1), { kind: 'command', command: told });
  const switched = bench.sayWhole({ kind: 'child-switch-outbound', inboundSpi: 0x3003 });
  assert.deepEqual(switched.map(word), ['switch-outbound', 'state connected']);
  assert.deepEqual(shown(switched), [0x3003, 0x4004, '01', 0, 0]);
});

test('a rekeyed IKE SA is shown, and so is a failed rekey until one succeeds', () => {
  const bench = new Bench();
  bench.toConnected();
  const failed: IkeOutput = { kind: 'rekey-failed', what: 'ike', error: failure('peer.silent') };
  const [first] = bench.sayWhole(failed);
  assert.ok(first?.kind === 'state' && first.state.kind === 'connected');
  assert.equal(first.state.connected.history.rekeyFailure?.error.code, 'peer.silent');
  const [other] = bench.sayWhole({ kind: 'rekeyed', what: 'child', summary });
  assert.ok(other?.kind === 'state' && other.state.kind === 'connected');
  assert.ok(other.state.connected.history.rekeyFailure, 'a child makes up for no IKE SA');
  const last = bench.sayWhole({ kind: 'rekeyed', what: 'ike', summary: { ...summary, initiatorSpi: '0a' } });
  assert.deepEqual(shown(last), [0x1001, 0x2002, '0a', 1, 1]);
  assert.ok(last[0]?.kind === 'state' && last[0].state.kind === 'connected');
  assert.equal(last[0].state.connected.history.rekeyFailure, undefined);
});

test('the data plane says that a child is due, and the engine is asked to replace it', () => {
  const bench = new Bench();
  bench.toConnected();
  bench.do({ kind: 'rekey-due', inboundSpi: 0x1001 });
  const command = { kind: 'rekey-child', inboundSpi: 0x1001 } as const;
  assert.deepEqual(bench.engine.inputs.at(-1), { kind: 'command', command });
});

test('a rekey while the network is being set up is taken, and the network is set up once', () => {
  const bench = new Bench();
  bench.toConfiguring();
  assert.deepEqual(bench.do({ kind: 'child-installed', result: ok() }), ['apply-network']);
  bench.say({ kind: 'child-install', child: newer }, { kind: 'rekeyed', what: 'child', summary });
  assert.deepEqual(bench.do({ kind: 'child-installed', result: ok() }), []);
  const connected = bench.whole({ kind: 'network-applied', result: ok() });
  assert.deepEqual(shown(connected), [0x3003, 0x4004, '01', 0, 1]);
});

function childFor(spi: number, remote: readonly (readonly [string, string])[]): ChildSaParameters {
  const [any] = child.selectors.remote;
  assert.ok(any);
  const selectors = remote.map(([start, end]) => ({ ...any, start: address(start), end: address(end) }));
  return {
    ...child,
    inbound: { ...child.inbound, spi },
    outbound: { ...child.outbound, spi: spi + 1 },
    selectors: { ...child.selectors, remote: selectors },
  };
}

function routes(outputs: readonly TunnelOutput[]): string[] | undefined {
  const applied = outputs.find((output) => output.kind === 'apply-network');
  return applied?.plan.routes.map(formatIpPrefix);
}

const [netA, netB] = [
  ['10.1.0.0', '10.1.255.255'],
  ['10.2.0.0', '10.2.255.255'],
] as const;

test('the gateway narrows the selectors in a rekey: the routes follow once the old CHILD SA is gone', () => {
  const bench = new Bench();
  bench.toLogin();
  bench.say(
    { kind: 'config-assigned', config },
    { kind: 'child-install', child: childFor(1, [netA, netB]), wish: 0 },
    { kind: 'established', summary },
  );
  assert.deepEqual(routes(bench.whole({ kind: 'child-installed', result: ok() })), [
    '10.1.0.0/16',
    '10.2.0.0/16',
  ]);
  bench.do({ kind: 'network-applied', result: ok() });
  const narrowed = bench.sayWhole({ kind: 'child-install', child: childFor(3, [netA]), wish: 0 });
  assert.equal(routes(narrowed), undefined, 'the old one may still carry packets');
  assert.deepEqual(routes(bench.sayWhole({ kind: 'child-remove', inboundSpi: 1 })), ['10.1.0.0/16']);
  assert.deepEqual(bench.do({ kind: 'network-applied', result: ok() }), []);
});

test('a further CHILD SA brings its routes, and what it carried stays in the tunnel when it goes', () => {
  const bench = new Bench();
  bench.toLogin();
  bench.say(
    { kind: 'config-assigned', config },
    { kind: 'child-install', child: childFor(1, [netA]), wish: 0 },
    { kind: 'established', summary },
  );
  bench.do({ kind: 'child-installed', result: ok() });
  // Before the network stands it is only remembered.
  assert.deepEqual(bench.say({ kind: 'child-install', child: childFor(3, [netB]), wish: 1 }), [
    'install-child',
  ]);
  const connected = bench.whole({ kind: 'network-applied', result: ok() });
  assert.deepEqual(routes(connected), ['10.1.0.0/16', '10.2.0.0/16']);
  assert.equal(routes(bench.sayWhole({ kind: 'child-remove', inboundSpi: 3 })), undefined);
  const told = connected.find((output) => output.kind === 'state')?.state;
  assert.equal(told?.kind === 'connected' ? told.connected.child.inbound.spi : undefined, 1);
});

test('routes that cannot be changed end the connection', () => {
  const bench = new Bench();
  bench.toConnected();
  bench.say({ kind: 'child-install', child: childFor(3, [netA]), wish: 0 });
  bench.say({ kind: 'child-remove', inboundSpi: child.inbound.spi });
  assert.deepEqual(bench.do({ kind: 'network-applied', result: err(failure('system.call')) }), [
    'state disconnecting',
  ]);
});
