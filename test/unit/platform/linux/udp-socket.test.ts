import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, formatEndpoint, parseIpAddress } from '../../../../core/base/address.ts';
import { allocatePacketMemory } from '../../../../core/crypto/openssl/packet-memory.ts';
import { libc } from '../../../../core/platform/linux/libc.ts';
import {
  readSocketAddress,
  SocketAddress,
  writeSocketAddress,
} from '../../../../core/platform/linux/socket-address.ts';
import { receiveSlotOctets, UdpReceiveBatch } from '../../../../core/platform/linux/udp-receive-batch.ts';
import { UdpSendBatch } from '../../../../core/platform/linux/udp-send-batch.ts';
import { openUdpSocket, type UdpSocket } from '../../../../core/platform/linux/udp-socket.ts';

function address(text: string) {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
}

const loopback = { 4: address('127.0.0.1'), 6: address('::1') } as const;

function open(family: 4 | 6, options: Partial<Parameters<typeof openUdpSocket>[0]> = {}): UdpSocket {
  const socket = openUdpSocket({ family, address: loopback[family], ...options });
  if (!socket.ok) throw new Error(JSON.stringify(socket.error));
  return socket.value;
}

test('socket addresses of both families, there and back', () => {
  for (const text of ['192.0.2.1', '2001:db8::7']) {
    const endpoint: Endpoint = { address: address(text), port: 4500 };
    const octets = new Uint8Array(40).fill(0xee);
    const length = writeSocketAddress(octets, 3, endpoint);
    assert.equal(length, endpoint.address.family === 4 ? 16 : 28);
    assert.deepEqual(readSocketAddress(octets, 3), endpoint);
    const known = new SocketAddress(endpoint);
    assert.ok(known.equals(octets, 3));
    // The flow label does not name a peer.
    if (endpoint.address.family === 6) octets[3 + 4] = 9;
    assert.ok(known.equals(octets, 3));
    octets[3 + 3] = 1;
    assert.ok(!known.equals(octets, 3), 'another port');
  }
  assert.equal(readSocketAddress(new Uint8Array(32), 0), undefined);
});

test('a port that is taken, an address that is not ours', () => {
  const first = open(4);
  const second = openUdpSocket({ family: 4, address: loopback[4], port: first.local.port });
  assert.equal(!second.ok && second.error.detail['errno'], 'EADDRINUSE');
  const foreign = openUdpSocket({ family: 4, address: address('192.0.2.77') });
  assert.equal(!foreign.ok && foreign.error.detail['errno'], 'EADDRNOTAVAIL');
  libc.close(first.fd);
});

/** Receives until `datagrams` came, in order; a batch may hold several in one slot. */
function receiveAll(
  socket: UdpSocket,
  datagrams: number,
): { sizes: number[]; from: string; classes: number[] } {
  const memory = allocatePacketMemory(4 * receiveSlotOctets);
  const batch = new UdpReceiveBatch(socket.fd, memory, 0, 4);
  const sizes: number[] = [];
  let from = '';
  const classes = new Set<number>();
  for (const end = performance.now() + 30_000; sizes.length < datagrams && performance.now() < end; ) {
    const count = batch.receive();
    for (let i = 0; i < count; i++) {
      const size = batch.segmentOctets(i);
      for (let done = 0; done < batch.length(i); done += size)
        sizes.push(Math.min(size, batch.length(i) - done));
      const sender = batch.sender(i);
      classes.add(batch.trafficClass(i));
      if (sender !== undefined) from = formatEndpoint(sender);
    }
    if (count > 0) batch.release(count);
  }
  return { sizes, from, classes: [...classes] };
}

for (const family of [4, 6] as const) {
  for (const offload of [true, false]) {
    test(`IPv${family}, ${offload ? 'with' : 'without'} offload: runs and single datagrams arrive in order`, () => {
      const [here, there] = [open(family, { offload }), open(family, { offload })];
      const memory = allocatePacketMemory(65_536);
      const batch = new UdpSendBatch(here.fd, memory, 64, offload && here.gso);
      const to = new SocketAddress(there.local);
      batch.add(0, 3500, 1000, to, 0);
      batch.add(0, 10, 0, to, 0);
      batch.add(0, 2000, 1000, to, 0);
      batch.flush();
      assert.deepEqual([batch.sent, batch.refused, batch.queueFull, batch.tooBig], [7, 0, 0, 0]);
      const got = receiveAll(there, 7);
      assert.deepEqual(got, {
        sizes: [1000, 1000, 1000, 500, 10, 1000, 1000],
        from: formatEndpoint(here.local),
        classes: [0],
      });
      libc.close(here.fd);
      libc.close(there.fd);
    });
  }
}

for (const family of [4, 6] as const) {
  test(`IPv${family}: DSCP and ECN are those of each message, with and without a run, and also piece by piece`, () => {
    const [here, there] = [open(family), open(family)];
    const batch = new UdpSendBatch(here.fd, allocatePacketMemory(65_536), 64, true);
    const to = new SocketAddress(there.local);
    const sent = (size: number, length: number, trafficClass: number) => {
      batch.add(0, length, size, to, trafficClass);
      batch.flush();
      return receiveAll(there, Math.ceil(length / (size || length))).classes;
    };
    assert.deepEqual(sent(0, 100, 0xb8), [0xb8]);
    assert.deepEqual(sent(1000, 3500, 0x2a), [0x2a]);
    assert.deepEqual(sent(0, 100, 0), [0]);
    assert.deepEqual(sent(1000, 1500, 3), [3]);
    // SO_NO_CHECK makes the kernel refuse UDP_SEGMENT.
    if (family === 4) {
      assert.equal(libc.setsockopt(here.fd, 1, 11, Uint8Array.of(1, 0, 0, 0), 4), 0);
      assert.deepEqual(sent(1000, 2500, 0x49), [0x49]);
    }
    libc.close(here.fd);
    libc.close(there.fd);
  });
}

test('a run that the kernel refuses goes piece by piece, and no run is tried again', () => {
  const [here, there] = [open(4), open(4)];
  // SO_NO_CHECK makes the kernel answer EINVAL to UDP_SEGMENT.
  assert.equal(libc.setsockopt(here.fd, 1, 11, Uint8Array.of(1, 0, 0, 0), 4), 0);
  const batch = new UdpSendBatch(here.fd, allocatePacketMemory(65_536), 64, true);
  const to = new SocketAddress(there.local);
  batch.add(0, 10, 0, to, 0);
  batch.add(0, 2500, 1000, to, 0);
  batch.add(0, 1500, 1000, to, 0);
  batch.flush();
  assert.equal(batch.segmentation, false);
  assert.equal(batch.needs(5), 5);
  batch.add(0, 1100, 1000, to, 0);
  batch.flush();
  assert.equal(batch.sent, 8);
  assert.deepEqual(receiveAll(there, 8).sizes, [10, 1000, 1000, 500, 1000, 500, 1000, 100]);
  libc.close(here.fd);
  libc.close(there.fd);
});

test('what cannot leave is counted, and what follows leaves', () => {
  const [here, there] = [open(4), open(4)];
  const batch = new UdpSendBatch(here.fd, allocatePacketMemory(131_072), 64, true);
  const to = new SocketAddress(there.local);
  batch.add(0, 70_000, 0, to, 0);
  batch.add(0, 20, 0, new SocketAddress({ address: loopback[6], port: 9 }), 0);
  batch.add(0, 30, 0, to, 0);
  batch.flush();
  assert.deepEqual([batch.sent, batch.tooBig, batch.refused], [1, 1, 1]);
  assert.deepEqual(receiveAll(there, 1).sizes, [30]);
  libc.close(here.fd);
  libc.close(there.fd);
});
