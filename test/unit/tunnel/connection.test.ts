import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, type IpAddress, parseIpAddress, parseIpPrefix } from '../../../core/base/address.ts';
import { failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import type { PacketCipher } from '../../../core/crypto/interfaces.ts';
import type {
  AssignedConfig,
  ChildSaParameters,
  IkeInput,
  IkeOutput,
  IkeSummary,
} from '../../../core/ike/io.ts';
import { Connection, type IkeEngine } from '../../../core/tunnel/connection.ts';
import type { TunnelInput, TunnelOutput } from '../../../core/tunnel/io.ts';

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const cipher: PacketCipher = {
  name: 'none',
  encryptionId: 20,
  keyBits: 256,
  integrityId: 0,
  encryptionKeyOctets: 0,
  saltOctets: 0,
  integrityKeyOctets: 0,
  ivOctets: 8,
  icvOctets: 16,
  blockOctets: 1,
  randomIv: false,
  open: () => assert.fail('not used here'),
};
const key = { encryption: new Uint8Array(0), salt: new Uint8Array(0), integrity: new Uint8Array(0) };
const everything = {
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
  start: address('0.0.0.0'),
  end: address('255.255.255.255'),
};
const child: ChildSaParameters = {
  inbound: { spi: 0x1001, cipher, key },
  outbound: { spi: 0x2002, cipher, key },
  selectors: { local: [everything], remote: [everything] },
};
const innerAddress = parseIpPrefix('10.9.0.2/32');
assert.ok(innerAddress.ok);
const config: AssignedConfig = {
  addresses: [innerAddress.value],
  dnsServers: [],
  subnets: [],
  dnsDomains: [],
};
const summary: IkeSummary = {
  initiatorSpi: '01',
  responderSpi: '02',
  ikeProposal: 'aes256gcm16-prfsha384-ecp256',
  espProposal: 'aes256gcm16',
  natDetected: { local: true, remote: false },
  remoteIdentity: 'vpn.example',
  remoteAuthentication: 'ECDSA',
  localAuthentication: 'EAP-MSCHAPv2',
};
const local: Endpoint = { address: address('192.0.2.10'), port: 40_000 };

/** An engine that says what the test puts into its mouth. */
class ScriptedEngine implements IkeEngine {
  readonly inputs: IkeInput[] = [];
  readonly says: IkeOutput[] = [];
  readonly drops = {};
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
    gateway: 'vpn.example',
    ikePort: 500,
    natTraversalPort: 4500,
    network: {
      device: 'godwit0',
      mtu: 1400,
      dns: { use: true, servers: undefined, domains: [] },
      onlyGatewaySubnets: false,
    },
    createEngine: () => {
      const engine = new ScriptedEngine();
      this.engines.push(engine);
      return engine;
    },
  });

  /** Feeds an input and returns what came out, as short words. */
  do(input: TunnelInput, at = 0): string[] {
    this.connection.handle(input, instant(at));
    const words: string[] = [];
    for (let output = this.connection.poll(); output; output = this.connection.poll())
      words.push(word(output));
    return words;
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
  assert.deepEqual(bench.do({ kind: 'network-applied', result: ok() }), ['state connected']);
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
