import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, formatIpAddress, parseIpPrefix } from '../../../core/base/address.ts';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { err, ok } from '../../../core/base/result.ts';
import { type Instant, instant } from '../../../core/base/time.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { IkeInput, IkeOutput, IkeSummary } from '../../../core/ike/io.ts';
import { Connection } from '../../../core/tunnel/connection.ts';
import type { ConnectedDetails, TunnelInput, TunnelOutput } from '../../../core/tunnel/io.ts';
import type { PathCandidate } from '../../../core/tunnel/paths/path.ts';
import { TrafficWatch } from '../../../core/tunnel/paths/traffic-watch.ts';
import { address, child, summary as plain } from './fixtures.ts';

const inner = parseIpPrefix('10.9.0.2/32');
assert.ok(inner.ok);
const config = { addresses: [inner.value], dnsServers: [], subnets: [], dnsDomains: [] };
const summary: IkeSummary = { ...plain, mobike: true, peerAddresses: [address('2001:db8::7')] };

function way(interfaceName: string, interfaceIndex: number, local: string, remote: string): PathCandidate {
  return { interfaceName, interfaceIndex, local: address(local), remote: address(remote), linkMtu: 1500 };
}
const wifi = way('wlan0', 2, '192.0.2.10', '198.51.100.1');
const cell = way('wwan0', 3, '203.0.113.9', '198.51.100.1');
const cell6 = way('wwan0', 3, '2001:db8:9::9', '2001:db8::7');
const here: Endpoint = { address: wifi.local, port: 40_000 };

interface Wishes {
  readonly measureMtu?: boolean;
  readonly behindNat?: boolean;
  readonly keepaliveMs?: number | 'auto';
}

class Bench {
  readonly inputs: IkeInput[] = [];
  readonly says: IkeOutput[] = [];
  details: ConnectedDetails | undefined;
  /** Requests of the gateway's own. */
  asked = 0;
  asksNext = false;
  /** What followed the end of the login. */
  readonly first: TunnelOutput[];
  readonly connection: Connection;

  #config: ConstructorParameters<typeof Connection>[0] = {
    random: seededRandom(1),
    gateways: ['vpn.example'],
    ikePort: 500,
    natTraversalPort: 4500,
    network: {
      device: 'godwit0',
      mtu: 1400,
      dns: { use: true, servers: undefined, domains: [] },
      onlyGatewaySubnets: false,
    },
    createEngine: () => {
      const asked = (): number => this.asked;
      return {
        handle: (input: IkeInput) => {
          this.inputs.push(input);
          if (input.kind === 'datagram' && this.asksNext) this.asked += 1;
        },
        poll: () => this.says.shift(),
        nextWakeup: (): Instant | undefined => undefined,
        drops: {},
        owns: () => true,
        get asked() {
          return asked();
        },
      };
    },
  };

  constructor(mobike = true, { measureMtu = false, behindNat = true, keepaliveMs }: Wishes = {}) {
    const { network, ...rest } = this.#config;
    const keepalive = keepaliveMs === undefined ? {} : { keepaliveMs };
    this.connection = new Connection({ ...rest, ...keepalive, network: { ...network, measureMtu } });
    this.do({ kind: 'connect' });
    this.do({ kind: 'resolved', result: ok([wifi.remote]) });
    this.do({ kind: 'transport-opened', result: ok(here), via: wifi });
    this.say(
      { kind: 'config-assigned', config },
      { kind: 'child-install', child },
      {
        kind: 'established',
        summary: { ...summary, mobike, natDetected: { local: behindNat, remote: false } },
      },
    );
    this.do({ kind: 'child-installed', result: ok() });
    this.first = this.do({ kind: 'network-applied', result: ok() });
  }

  do(input: TunnelInput, at = 0): TunnelOutput[] {
    this.connection.handle(input, instant(at));
    const outputs: TunnelOutput[] = [];
    for (let output = this.connection.poll(); output; output = this.connection.poll()) {
      outputs.push(output);
      if (output.kind === 'state' && output.state.kind === 'connected') this.details = output.state.connected;
    }
    return outputs;
  }

  say(...outputs: IkeOutput[]): TunnelOutput[] {
    this.says.push(...outputs);
    return this.do({ kind: 'timeout' });
  }

  /** The network is these ways now, each with a socket. */
  network(...paths: PathCandidate[]): TunnelOutput[] {
    const asked = this.do({ kind: 'network-changed' });
    assert.ok(
      asked.some(({ kind }) => kind === 'find-paths'),
      'the machine is asked for its ways',
    );
    return this.found(...paths);
  }

  found(...paths: PathCandidate[]): TunnelOutput[] {
    const outputs = this.do({ kind: 'paths-found', paths });
    for (const output of [...outputs])
      if (output.kind === 'open-path') {
        const result = ok({ address: output.candidate.local, port: 50_000 + output.path });
        outputs.push(...this.do({ kind: 'path-opened', path: output.path, result }));
      }
    return outputs;
  }

  /** The sizes that the engine was told to try since the last look. */
  get probed(): number[] {
    return this.inputs
      .splice(0)
      .flatMap((input) =>
        input.kind === 'command' && input.command.kind === 'probe-size' ? [input.command.octets] : [],
      );
  }

  get commands(): string[] {
    return this.inputs.splice(0).flatMap((input) => {
      if (input.kind !== 'command') return [];
      const { command } = input;
      if (command.kind === 'race') return `race ${command.paths.join(' ')}`;
      if (command.kind === 'check-path') return `check ${command.path}`;
      if (command.kind === 'roam')
        return `roam ${formatIpAddress(command.local.address)} to ${formatIpAddress(command.remote?.address ?? wifi.remote)}`;
      return command.kind;
    });
  }
}

function used(outputs: readonly TunnelOutput[]): number[] {
  return outputs.flatMap((output) => (output.kind === 'use-path' ? [output.path] : []));
}

test('the only way that is left is taken at once, and the gateway is told', () => {
  const bench = new Bench();
  bench.inputs.length = 0;
  const outputs = bench.network(cell);
  assert.deepEqual(used(outputs), [1]);
  assert.deepEqual(bench.commands, ['roam 203.0.113.9 to 198.51.100.1']);
  assert.equal(bench.details?.paths.state, 'checking', 'nothing is proven yet');
  const after = bench.say(
    { kind: 'proven', path: 1 },
    { kind: 'roamed', local: { address: cell.local, port: 50_001 }, summary },
  );
  assert.equal(bench.details?.paths.state, 'proven');
  assert.ok(
    after.some((output) => output.kind === 'close-path' && output.path === 0),
    'the old socket is of no more use',
  );
});

test('where several are left, the first that answers wins; the traffic stays until then', () => {
  const bench = new Bench();
  bench.inputs.length = 0;
  assert.deepEqual(used(bench.network(cell, cell6)), []);
  assert.deepEqual(bench.commands, ['race 1 2']);
  assert.deepEqual(used(bench.say({ kind: 'proven', path: 2 })), [2]);
  assert.deepEqual(bench.commands, ['roam 2001:db8:9::9 to 2001:db8::7', 'check 1']);
  assert.deepEqual(bench.details?.remote, { address: cell6.remote, port: 4500 });
});

test('one more way leaves the traffic where it is, is checked, and shown when it works', () => {
  const bench = new Bench();
  bench.inputs.length = 0;
  assert.deepEqual(used(bench.network(wifi, cell)), []);
  assert.deepEqual(bench.commands, ['probe', 'check 1']);
  const outputs = bench.say(
    { kind: 'proven', path: 0 },
    { kind: 'proven', path: 1 },
    { kind: 'path-checked', path: 1, works: true },
  );
  assert.deepEqual(used(outputs), []);
  assert.deepEqual(
    bench.details?.paths.others.map(({ candidate }) => candidate.interfaceName),
    ['wwan0'],
  );
});

test('a way that the machine prefers takes over once it has answered, and not before', () => {
  const bench = new Bench();
  bench.inputs.length = 0;
  assert.deepEqual(used(bench.network(cell, wifi)), []);
  assert.deepEqual(bench.commands, ['probe', 'check 1']);
  const refused = new Bench();
  refused.network(cell, wifi);
  const closed = refused.say({ kind: 'path-checked', path: 1, works: false });
  assert.deepEqual(used(closed), []);
  assert.ok(closed.some((output) => output.kind === 'close-path' && output.path === 1));
  const moved = bench.say({ kind: 'proven', path: 1 }, { kind: 'path-checked', path: 1, works: true });
  assert.deepEqual(used(moved), [1]);
  assert.deepEqual(bench.commands, ['roam 203.0.113.9 to 198.51.100.1']);
});

test('a request that stays unanswered has all ways raced, the one in use among them', () => {
  const bench = new Bench();
  bench.network(wifi, cell);
  bench.inputs.length = 0;
  const asked = bench.say({ kind: 'unanswered' });
  assert.ok(asked.some(({ kind }) => kind === 'find-paths'));
  bench.found(wifi, cell);
  assert.deepEqual(bench.commands, ['race 0 1']);
  assert.equal(
    bench.say({ kind: 'unanswered' }).some(({ kind }) => kind === 'find-paths'),
    false,
    'once is enough while the race is on',
  );
  assert.deepEqual(used(bench.say({ kind: 'proven', path: 1 })), [1]);
});

test('a copy leaves on every path of a race, to the address of the gateway that each leads to', () => {
  const bench = new Bench();
  bench.network(wifi, cell6);
  const octets = new Uint8Array(1);
  const outputs = bench.say({ kind: 'transmit', octets, via: 'nat-traversal', paths: [0, 1] });
  const sent = outputs.flatMap((output) =>
    output.kind === 'transmit'
      ? [`${output.path} ${formatIpAddress(output.to.address)}:${output.to.port}`]
      : [],
  );
  assert.deepEqual(sent, ['0 198.51.100.1:4500', '1 2001:db8::7:4500']);
  const [alone, ...more] = bench.say({ kind: 'transmit', octets, via: 'nat-traversal', paths: [7] });
  assert.ok(alone?.kind === 'transmit' && alone.path === 0, 'a path that is gone is no way for an answer');
  assert.equal(more.length, 0);
});

test('without any way it says so, and takes the first that comes', () => {
  const bench = new Bench();
  bench.network();
  assert.equal(bench.details?.paths.state, 'offline');
  bench.inputs.length = 0;
  assert.deepEqual(used(bench.network(cell)), [1]);
});

test('a socket that cannot be opened is no way', () => {
  const bench = new Bench();
  bench.do({ kind: 'network-changed' });
  bench.do({ kind: 'paths-found', paths: [cell, cell6] });
  bench.inputs.length = 0;
  const refused = err(failure('system.call', { call: 'bind', errno: 'EADDRNOTAVAIL' }));
  bench.do({ kind: 'path-opened', path: 1, result: refused });
  assert.deepEqual(bench.commands, [], 'the other is still being opened');
  bench.do({ kind: 'path-opened', path: 2, result: ok({ address: cell6.local, port: 1 }) });
  assert.deepEqual(bench.commands, ['roam 2001:db8:9::9 to 2001:db8::7']);
});

test('no more sockets are opened than the bound', () => {
  const bench = new Bench();
  const many = Array.from({ length: 40 }, (_, i) => way(`veth${i}`, 10 + i, `10.0.${i}.1`, '198.51.100.1'));
  const opened = bench.network(...many).filter(({ kind }) => kind === 'open-path');
  assert.equal(opened.length, limits.pathsOpen - 1, 'one is in use');
});

test('a gateway without MOBIKE is not raced for: it would not follow', () => {
  const bench = new Bench(false);
  assert.ok(!bench.do({ kind: 'network-changed' }).some(({ kind }) => kind === 'find-paths'));
  assert.ok(!bench.say({ kind: 'unanswered' }).some(({ kind }) => kind === 'find-paths'));
});

test('traffic without an answer has the gateway asked after seconds, and not again at once', () => {
  const watch = new TrafficWatch();
  let sent = 0;
  const look = (at: number, received?: number, sends = true) =>
    watch.look(sends ? ++sent : sent, received === undefined ? undefined : instant(received), instant(at));
  assert.equal(look(1_000), false);
  assert.equal(look(3_000), false);
  assert.equal(look(3_500), true);
  assert.equal(look(4_000), false);
  assert.equal(look(5_000, 4_900), false, 'an answer came');
  assert.equal(look(15_000, 4_900), false, 'what is sent now is new');
  assert.equal(look(16_000, 4_900, false), false, 'nothing is sent');
  assert.equal(look(17_500, 4_900), true);
});

test('a preferred way that did not work is looked for again, later and later', () => {
  const bench = new Bench();
  bench.network(cell, wifi);
  bench.say({ kind: 'path-checked', path: 1, works: false });
  const at = bench.connection.nextWakeup() ?? Number.NaN;
  assert.equal(at, limits.pathLookFirstMs);
  assert.ok(bench.do({ kind: 'timeout' }, at).some(({ kind }) => kind === 'find-paths'));
  assert.ok(!bench.do({ kind: 'timeout' }, at).some(({ kind }) => kind === 'find-paths'));
  bench.do({ kind: 'paths-found', paths: [cell, wifi] }, at);
  assert.equal(bench.connection.nextWakeup(), at + 2 * limits.pathLookFirstMs);
  bench.found(wifi);
  assert.equal(bench.connection.nextWakeup(), undefined, 'it is the preferred one again');
});

const sizes = (outputs: readonly TunnelOutput[]) =>
  outputs.flatMap((output) => (output.kind === 'set-mtu' ? [output.device] : []));
const kept = (outputs: readonly TunnelOutput[]) =>
  outputs.flatMap((output) => (output.kind === 'remember-network' ? [[output.network, output.lore]] : []));
const keepalives = (outputs: readonly TunnelOutput[]) =>
  outputs.flatMap((output) => (output.kind === 'set-keepalive' ? [output.everyMs] : []));
const auto = { measureMtu: true, keepaliveMs: 'auto' } as const;

test('in a network that is known, a smaller size holds at once and is proven; then more is tried', () => {
  const bench = new Bench(true, auto);
  assert.ok(!bench.commands.includes('probe-size'), 'the network first');
  const recalled = bench.do({
    kind: 'network-recalled',
    path: 0,
    known: { network: 'cafe', lore: { pathMtu: 1_300 } },
  });
  const [device = 0] = sizes(recalled);
  assert.ok(device > 1_200 && device < 1_300, `${device}`);
  assert.deepEqual(bench.probed, [1_300]);
  bench.say({ kind: 'path-size', octets: 1_300, fits: true });
  assert.deepEqual(bench.probed, [1_340]);
  const done = bench.say({ kind: 'path-size', octets: 1_340, fits: false });
  assert.deepEqual(sizes(done), [device]);
  assert.deepEqual(kept(done), [['cafe', { pathMtu: 1_300 }]]);
  const again = bench.do({ kind: 'network-recalled', path: 0, known: { network: 'cafe', lore: {} } });
  assert.deepEqual(bench.probed, [1_300], 'found in this very connection');
  assert.deepEqual(sizes(again), []);
});

test('a size that is remembered and larger waits for its proof; a new network has all of it measured', () => {
  const bench = new Bench(true, auto);
  const lore = { pathMtu: 1_492 };
  assert.deepEqual(
    sizes(bench.do({ kind: 'network-recalled', path: 0, known: { network: 'home', lore } })),
    [],
  );
  assert.deepEqual(bench.probed, [1_492]);
  const fresh = new Bench(true, auto);
  assert.deepEqual(
    kept(fresh.do({ kind: 'network-recalled', path: 0, known: { network: undefined, lore: {} } })),
    [],
  );
  assert.deepEqual(fresh.probed, [1_500]);
  assert.deepEqual(
    kept(fresh.say({ kind: 'path-size', octets: 1_500, fits: true })),
    [],
    'a network without a name',
  );
  const late = new Bench(true, auto);
  assert.deepEqual(
    late.do({ kind: 'network-recalled', path: 7, known: { network: 'x', lore } }),
    [],
    'no longer in use',
  );
});

test('mtuMeasureAgainMs: a path that was measured is measured again so much later, and not before', () => {
  const bench = new Bench(true, auto);
  bench.do({ kind: 'network-recalled', path: 0, known: { network: 'home', lore: {} } });
  bench.say({ kind: 'path-size', octets: 1_500, fits: true });
  const looks = (at: number) =>
    bench.do({ kind: 'timeout' }, at).filter(({ kind }) => kind === 'recall-network').length;
  assert.equal(looks(limits.mtuMeasureAgainMs - 1), 0);
  assert.equal(bench.connection.nextWakeup(), limits.mtuMeasureAgainMs);
  assert.equal(looks(limits.mtuMeasureAgainMs), 1);
  assert.deepEqual(bench.probed, [1_500]);
  bench.do(
    { kind: 'network-recalled', path: 0, known: { network: 'home', lore: {} } },
    limits.mtuMeasureAgainMs,
  );
  assert.deepEqual(bench.probed, [1_500], 'once more');
});

test('keepalives: behind a NAT alone, as learnt; by the profile, as it says', () => {
  assert.deepEqual(keepalives(new Bench(true, auto).first), [limits.keepaliveStartMs]);
  assert.deepEqual(keepalives(new Bench(true, { ...auto, behindNat: false }).first), []);
  assert.deepEqual(
    keepalives(new Bench(true, { ...auto, keepaliveMs: 7_000, behindNat: false }).first),
    [7_000],
  );
  assert.deepEqual(keepalives(new Bench().first), []);
});

test('a mapping that the gateway saw change after a silence makes keepalives more frequent, and is remembered', () => {
  const bench = new Bench(true, auto);
  const lore = { lostMs: 60_000 };
  bench.do({ kind: 'network-recalled', path: 0, known: { network: 'cafe', lore } });
  bench.do({ kind: 'silence', ms: 10_000, endedBy: 'us' });
  const outputs = bench.say({ kind: 'seen-as', before: false });
  assert.deepEqual(kept(outputs), [['cafe', { lostMs: 10_000 }]]);
  assert.deepEqual(keepalives(outputs), [5_000]);
  assert.equal(bench.details?.paths.keepaliveMs, 5_000);
});

test('the gateway’s own request after a silence is a proof; its answer is none', () => {
  const bench = new Bench(true, auto);
  bench.do({ kind: 'network-recalled', path: 0, known: { network: 'cafe', lore: { heldMs: 30_000 } } });
  const from = { address: wifi.remote, port: 4500 };
  const datagram = { kind: 'datagram', octets: new Uint8Array(28), from, marker: true, path: 0 } as const;
  bench.says.push({ kind: 'proven', path: 0 });
  assert.deepEqual(kept(bench.do({ ...datagram, silentMs: 80_000 })), []);
  bench.asksNext = true;
  assert.deepEqual(kept(bench.do({ ...datagram, silentMs: 50_000 })), [['cafe', { heldMs: 50_000 }]]);
  assert.equal(bench.details?.paths.nat?.heldMs, 50_000, 'and it is shown');
  bench.asksNext = true;
  assert.deepEqual(kept(bench.do({ ...datagram, path: 9, silentMs: 90_000 })), [], 'not by the path in use');
});
