import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../core/base/octets.ts';
import { packetCipherShapes } from '../../core/crypto/packet-ciphers.ts';
import type { DataplaneCounters } from '../../core/dataplane/dataplane.ts';
import { referenceSeal } from '../../core/esp/reference.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { address, cipherNamed, octetsOf, udpPacket } from '../unit/dataplane/support.ts';
import { type Peer, spis, type Tunnel, withTunnel } from './support/dataplane-tunnel.ts';
import { fixedKey } from './support/fixed-key.ts';

const skip = (await enterSandbox()) ?? missingPrograms(['ping', 'iperf3']) ?? false;

async function ping(from: Peer, to: string, size = 56, more: readonly string[] = []): Promise<void> {
  const how = ['-n', '-c', '2', '-i', '0.05', '-W', '15', '-s', String(size), ...more];
  await from.namespace.must(['ping', ...how, to]);
}

/** Moves some megabytes over TCP and answers the rate that the receiver saw. */
async function iperf(tunnel: Tunnel, to: string, more: readonly string[] = []): Promise<number> {
  const server = tunnel.b.namespace.spawn(['iperf3', '--server', '--one-off', '--forceflush']);
  await server.waitFor(/Server listening/);
  const text = await tunnel.a.namespace.must(['iperf3', '--json', '--client', to, '--bytes', '8M', ...more]);
  await server.exited;
  const { end } = JSON.parse(text) as { end: { sum_received: { bytes: number; bits_per_second: number } } };
  // iperf3 ends when the sender has given everything to its socket: part of it never counts.
  assert.ok(end.sum_received.bytes >= 2_000_000, `only ${end.sum_received.bytes} octets came`);
  return end.sum_received.bits_per_second;
}

function dropped(counters: DataplaneCounters['inbound'], cause: string): number {
  return counters.drops[cause] ?? 0;
}

/**
 * Packets that the system itself sends into a new interface (router solicitations) have no child; a busy machine's
 * queues may be full for a moment. Neither matters.
 */
function seriousDrops(counters: DataplaneCounters): Record<string, number> {
  const {
    'no-child': _,
    'queue-full': __,
    ...rest
  } = { ...counters.inbound.drops, ...counters.outbound.drops };
  return rest;
}

for (const [i, { name }] of packetCipherShapes.entries()) {
  const family = i % 2 === 0 ? 4 : 6;
  test(`${name} over IPv${family}: ping and TCP, both families inside`, { skip }, async () => {
    await withTunnel({ cipher: name, family }, async (tunnel) => {
      await ping(tunnel.a, '10.9.0.2');
      await ping(tunnel.b, 'fd00::1', 1300);
      await iperf(tunnel, i % 4 < 2 ? '10.9.0.2' : 'fd00::2');
      await iperf(tunnel, i % 4 < 2 ? 'fd00::2' : '10.9.0.2', ['--reverse']);
      for (const peer of [tunnel.a, tunnel.b]) {
        const counters = await peer.counters();
        assert.deepEqual(seriousDrops(counters), {});
        assert.ok(counters.outbound.merged > 0, 'the kernel handed over super-packets');
      }
    });
  });
}

for (const cipher of ['aes256gcm16', 'aes128-sha256']) {
  test(`${cipher}: extended sequence numbers pass 2^32 in the middle of a transfer`, { skip }, async () => {
    await withTunnel({ cipher, esn: true, sequence: 2 ** 32 - 500 }, async (tunnel) => {
      await ping(tunnel.a, '10.9.0.2');
      await iperf(tunnel, '10.9.0.2');
      await iperf(tunnel, 'fd00::2', ['--reverse']);
      for (const peer of [tunnel.a, tunnel.b]) {
        const counters = await peer.counters();
        assert.deepEqual(seriousDrops(counters), {});
        assert.ok(counters.outbound.packets > 500, 'the numbers went past 2^32');
      }
    });
  });
}

test('UDP inside, with segmentation offload by the sender', { skip }, async () => {
  await withTunnel({}, async (tunnel) => {
    await iperf(tunnel, 'fd00::2', ['--udp', '--bitrate', '50M', '--length', '1200']);
    await ping(tunnel.a, '10.9.0.2', 5000);
  });
});

for (const family of [4, 6] as const) {
  test(`the plain path over IPv${family}: no offload at all`, { skip }, async () => {
    await withTunnel({ offload: false, family }, async (tunnel) => {
      assert.deepEqual(await tunnel.a.ask('features'), { vnetHeader: false, gso: false, gro: false });
      await ping(tunnel.a, '10.9.0.2');
      await ping(tunnel.a, 'fd00::2', 1300);
      await iperf(tunnel, '10.9.0.2');
      await iperf(tunnel, 'fd00::2', ['--reverse']);
      assert.deepEqual(seriousDrops(await tunnel.a.counters()), {});
    });
  });
}

for (const tun of ['no-header', 'no-offload'] as const) {
  test(`a TUN device opened by a kernel that refuses offload (${tun}): the plain path from the start`, {
    skip,
  }, async () => {
    await withTunnel({ tun }, async (tunnel) => {
      // The socket goes on segmenting: what the kernel hands over one by one still leaves in runs.
      assert.deepEqual(await tunnel.a.ask('features'), { vnetHeader: false, gso: true, gro: true });
      await ping(tunnel.a, '10.9.0.2');
      await ping(tunnel.b, 'fd00::1', 5000);
      await iperf(tunnel, '10.9.0.2');
      await iperf(tunnel, 'fd00::2', ['--reverse']);
      for (const peer of [tunnel.a, tunnel.b]) {
        const counters = await peer.counters();
        assert.deepEqual(seriousDrops(counters), {});
        assert.deepEqual([counters.inbound.merged, counters.outbound.merged], [0, 0]);
      }
    });
  });
}

test('a TUN device of a kernel that segments TCP but not UDP: what is merged is TCP', { skip }, async () => {
  await withTunnel({ tun: 'no-udp' }, async (tunnel) => {
    assert.deepEqual(await tunnel.a.ask('features'), { vnetHeader: true, gso: true, gro: true });
    await iperf(tunnel, 'fd00::2', ['--udp', '--bitrate', '50M', '--length', '1200']);
    await iperf(tunnel, '10.9.0.2');
    const { outbound } = await tunnel.a.counters();
    assert.ok(outbound.merged > 0, 'the kernel handed over super-packets of TCP');
    assert.deepEqual(seriousDrops(await tunnel.b.counters()), {});
  });
});

test('UDP segmentation refused at run time: the tunnel goes on without', { skip }, async () => {
  await withTunnel({ refuseSegmentation: true }, async (tunnel) => {
    await iperf(tunnel, '10.9.0.2');
    await iperf(tunnel, 'fd00::2', ['--reverse']);
    assert.deepEqual(seriousDrops(await tunnel.a.counters()), {});
  });
});

test('a small path MTU: outer packets are fragmented, the tunnel carries on', { skip }, async () => {
  await withTunnel({}, async (tunnel) => {
    for (const { namespace } of [tunnel.a, tunnel.b]) await namespace.ip(['link set wire mtu 1300']);
    await ping(tunnel.a, '10.9.0.2', 1372);
    await iperf(tunnel, '10.9.0.2');
    assert.deepEqual(seriousDrops(await tunnel.a.counters()), {});
  });
});

test('the tunnel narrows below its device: a sender learns what fits from the first packet that does not', {
  skip,
}, async () => {
  await withTunnel({}, async ({ a, b }) => {
    for (const peer of [a, b]) {
      await peer.ask('mtu 1290');
      await peer.namespace.ip(['link set wire mtu 1360']);
    }
    // What may be cut is cut inside: a path that is no wider, and loses all fragments, carries it.
    await b.namespace.nft(
      'table ip outer { chain in { type filter hook prerouting priority -450; iifname "wire" ip frag-off & 0x3fff != 0 drop; }; }',
    );
    await ping(a, '10.9.0.2', 1372, ['-M', 'dont']);
    const whole = async (to: string, size: number) =>
      (await a.namespace.run(['ping', '-n', '-c', '1', '-W', '15', '-M', 'do', '-s', String(size), to]))
        .stdout;
    assert.match(await whole('10.9.0.2', 1372), /From 10\.9\.0\.2 .*Frag needed.*mtu = 1290/);
    assert.match(await whole('fd00::2', 1352), /From fd00::2 .*Packet too big.*mtu[= ]+1290/);
    // From now on the system itself keeps to what it has learnt.
    assert.match(await a.namespace.must(['ip', 'route', 'get', '10.9.0.2']), /mtu 1290/);
    assert.match(await a.namespace.must(['ip', '-6', 'route', 'get', 'fd00::2']), /mtu 1290/);
    assert.match(await whole('10.9.0.2', 1290 - 28), / 0% packet loss/);
    assert.match(await whole('fd00::2', 1290 - 48), / 0% packet loss/);
    const { outbound } = await a.counters();
    assert.deepEqual([dropped(outbound, 'too-big'), outbound.answered], [2, 2]);
  });
});

for (const { mtu, wireMtu, offload } of [
  { mtu: 1280, wireMtu: 1400, offload: true },
  { mtu: 1280, wireMtu: 1400, offload: false },
  { mtu: 8900, wireMtu: 9000, offload: true },
  { mtu: 8900, wireMtu: 9000, offload: false },
]) {
  const how = offload ? 'with' : 'without';
  test(`packets of up to ${mtu} octets, ${how} offload: whole, in pieces, and as segments`, {
    skip,
  }, async () => {
    await withTunnel({ mtu, wireMtu, offload, family: 6 }, async (tunnel) => {
      const whole = ['-M', 'do'];
      await ping(tunnel.a, '10.9.0.2', mtu - 28, whole);
      await ping(tunnel.b, 'fd00::1', mtu - 48, whole);
      await assert.rejects(ping(tunnel.a, '10.9.0.2', mtu - 27, whole));
      await ping(tunnel.a, 'fd00::2', 30_000);
      await ping(tunnel.b, '10.9.0.1', 60_000);
      await iperf(tunnel, '10.9.0.2');
      await iperf(tunnel, 'fd00::2', ['--reverse']);
      for (const peer of [tunnel.a, tunnel.b])
        assert.deepEqual(seriousDrops(await peer.counters()), {}, 'nothing was too large for the path');
    });
  });
}

test('hostile datagrams are dropped and counted by cause, and the tunnel lives', { skip }, async () => {
  await withTunnel({ cipher: 'chacha20poly1305' }, async ({ a, b }) => {
    const cipher = cipherNamed('chacha20poly1305');
    const sa = { spi: spis.b, shape: cipher, cipher: cipher.open(fixedKey(cipher, spis.b)) };
    const host = (n: number) => ({ 4: address(`10.9.0.${n}`), 6: address(`fd00::${n}`) }) as const;
    const seal = (sequence: number, inner: Uint8Array) =>
      referenceSeal(sa, sequence, octetsOf(8, sequence), inner);
    const good = seal(1000, udpPacket(4, octetsOf(20), host(1), host(2)));
    const forged = good.with(50, (good[50] ?? 0) ^ 1);
    const unknown = good.with(0, 0x77);
    const outside = seal(1001, udpPacket(6, octetsOf(20), host(1), { ...host(2), 6: address('fd01::1') }));
    // Unauthentic ones first: they must not use up the sequence number of the good one.
    await a.ask(`inject ${[forged, unknown, good, good, outside].map(toHex).join(',')}`);
    await eventually(async () => {
      const { inbound } = await b.counters();
      assert.deepEqual(
        ['bad-tag', 'unknown-spi', 'replayed', 'selector'].map((cause) => dropped(inbound, cause)),
        [1, 1, 1, 1],
      );
    });
    const garbage = Array.from({ length: 2000 }, (_, i) => toHex(octetsOf(4 + (i % 300), i)));
    await a.ask(`inject ${garbage.join(',')}`);
    await eventually(async () => {
      const { inbound } = await b.counters();
      assert.ok(Object.values(inbound.drops).reduce((sum, count) => sum + count, 0) > 1000);
    });
    // The sender itself is at low numbers still, within the window that number 1001 left open.
    await ping(a, '10.9.0.2');
  });
});

test('closing leaves no interface, and process.exit does not wait for blocked workers', {
  skip,
}, async () => {
  await withTunnel({}, async ({ a, b }) => {
    assert.equal(await a.ask('close'), 'closed');
    assert.deepEqual(await a.process.exited, { status: 0, signal: undefined });
    const links = await a.namespace.must(['ip', '-o', 'link', 'show']);
    assert.doesNotMatch(links, /godwit/);
    await assert.rejects(b.ask('exit'));
    assert.equal((await b.process.exited).status, 3);
  });
});

test('a TUN device that somebody deletes is a failure, not a busy loop', { skip }, async () => {
  await withTunnel({}, async ({ a, b }) => {
    await a.namespace.ip(['link delete godwit0']);
    await a.process.waitFor(/dataplane\.stopped \(worker outbound, reason the TUN device is gone/);
    assert.equal((await a.process.exited).status, 1);
    assert.equal(await b.ask('close'), 'closed');
  });
});

/** Tries again until it holds, for thirty seconds. */
async function eventually(check: () => Promise<void>): Promise<void> {
  for (const end = performance.now() + 30_000; ; ) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
