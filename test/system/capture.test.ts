import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromHex, toHex } from '../../core/base/octets.ts';
import { enterSandbox, missingPrograms } from '../support/net/sandbox.ts';
import { cipherNamed } from '../unit/dataplane/support.ts';
import { type Peer, spis, withTunnel } from './support/dataplane-tunnel.ts';
import { fixedKey } from './support/fixed-key.ts';

/** Another program decrypts what a saturated tunnel sent: Wireshark, with the keys that this test gave the data planes. */
const skip = (await enterSandbox()) ?? missingPrograms(['iperf3', 'dumpcap', 'tshark']) ?? false;

const octets = '12M';
/** The last datagram. */
const marker = 'c0ffee00c0ffee01c0ffee02c0ffee03';

for (const { cipher, encryption, authentication } of [
  { cipher: 'aes256gcm16', encryption: 'AES-GCM with 16 octet ICV [RFC4106]', authentication: 'NULL' },
  {
    cipher: 'aes256-sha256',
    encryption: 'AES-CBC [RFC3602]',
    authentication: 'HMAC-SHA-256-128 [RFC4868]',
  },
]) {
  test(`${cipher}: every packet of a saturated run decrypts elsewhere, and none is missing`, {
    skip,
  }, async () => {
    await withTunnel({ cipher }, async ({ a, b }) => {
      // Each ESP packet is to cross the wire by itself, as it would outside of this machine.
      for (const { namespace } of [a, b]) await namespace.ip(['link set wire gso_max_segs 1']);
      const file = join(b.namespace.folder, 'wire.pcapng');
      const capture = b.namespace.spawn([
        ...['dumpcap', '-q', '-i', 'wire', '-f', 'udp port 4500', '-s', '0'],
        ...['-B', '64', '-w', file],
      ]);
      await capture.waitFor(/File: /);
      await transfer(a, b, []);
      await transfer(a, b, ['--reverse']);
      const sent = [
        { spi: spis.b, count: (await a.counters()).outbound.datagrams },
        { spi: spis.a, count: (await b.counters()).outbound.datagrams },
      ];
      await a.ask(`inject ${marker}`);
      await contains(file, fromHex(marker));
      await capture.stop('SIGINT');
      assert.match(capture.stderr, /received\/dropped on interface 'wire': \d+\/0 /);
      const sa = (from: string, to: string, spi: number): string[] => {
        const { encryption: key, salt, integrity } = fixedKey(cipherNamed(cipher), spi);
        const words = ['IPv4', from, to, `0x${spi.toString(16).padStart(8, '0')}`, encryption];
        const secrets = [`0x${toHex(key)}${toHex(salt)}`, authentication, `0x${toHex(integrity)}`];
        return ['-o', `uat:esp_sa:${[...words, ...secrets].map((word) => `"${word}"`).join(',')}`];
      };
      const text = await b.namespace.must([
        ...['tshark', '-n', '-r', file, '-Y', `esp and esp.spi != 0x${marker.slice(0, 8)}`, '-T', 'fields'],
        ...[
          '-e',
          'esp.spi',
          '-e',
          'esp.sequence',
          '-e',
          'esp.icv_good',
          '-e',
          'esp.icv_bad',
          '-e',
          'esp.protocol',
        ],
        ...['-o', 'esp.enable_encryption_decode:TRUE', '-o', 'esp.enable_authentication_check:TRUE'],
        ...sa('192.0.2.1', '192.0.2.2', spis.b),
        ...sa('192.0.2.2', '192.0.2.1', spis.a),
      ]);
      const rows = text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'));
      const bad = rows.filter(([, , good, wrong, inner]) => good !== '1' || wrong !== '0' || !isIp(inner));
      assert.deepEqual(bad.slice(0, 3), [], 'each one is authentic, and an IP packet is in it');
      for (const { spi, count } of sent) {
        const numbers = rows.flatMap(([of, number]) => (Number(of) === spi ? [Number(number)] : []));
        assert.ok(numbers.length >= count && count > 1_000, `${numbers.length} of ${count}`);
        // None is missing. A thread that moves to another processor can overtake its own packets on a veth.
        numbers.sort((one, other) => one - other);
        assert.equal(
          numbers.findIndex((number, i) => number !== i + 1),
          -1,
          'a number is missing, or there twice',
        );
      }
    });
  });
}

async function transfer(client: Peer, server: Peer, more: readonly string[]): Promise<void> {
  const listening = server.namespace.spawn(['iperf3', '--server', '--one-off', '--forceflush']);
  await listening.waitFor(/Server listening/);
  await client.namespace.must(['iperf3', '--client', '10.9.0.2', '--bytes', octets, ...more]);
  await listening.exited;
}

/** Waits until it was written: then all that came before it was. */
async function contains(file: string, octets: Uint8Array): Promise<void> {
  for (const end = performance.now() + 60_000; ; ) {
    const handle = await open(file);
    const { size } = await handle.stat();
    const tail = Buffer.alloc(Math.min(size, 4_096));
    await handle.read(tail, 0, tail.length, size - tail.length);
    await handle.close();
    if (tail.includes(octets)) return;
    assert.ok(performance.now() < end, 'the capture does not come to its end');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isIp(nextHeader: string | undefined): boolean {
  return nextHeader === '0x04' || nextHeader === '0x29';
}
