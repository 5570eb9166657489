import { parseIpAddress } from '../../core/base/address.ts';
import { allocatePacketMemory } from '../../core/crypto/openssl/bulk-cipher.ts';
import { seededRandom } from '../../core/crypto/seeded-random.ts';
import { SocketAddress } from '../../core/platform/linux/socket-address.ts';
import { UdpSendBatch } from '../../core/platform/linux/udp-send-batch.ts';
import { openUdpSocket } from '../../core/platform/linux/udp-socket.ts';

/**
 * `ADDRESS PORT RATE SECONDS ESP-SPI`: sends so many datagrams of garbage a second, one by one, with system calls for many
 * at a time, and prints `sent N` at the end. Of ten, six are ESP of nobody's SPI, two look like IKE, one is ESP of the SPI
 * that is in use, and one is noise.
 */
const [addressText = '', port = '0', rate = '0', seconds = '0', spi = '0'] = process.argv.slice(2);
const kinds = 500;
const octets = 120;
const perTick = 50;

const address = parseIpAddress(addressText);
if (!address.ok) throw new Error(`${addressText} is not an address`);
const to = new SocketAddress({ address: address.value, port: Number(port) });
const memory = allocatePacketMemory(kinds * octets);
const random = seededRandom(7);
for (let i = 0; i < kinds; i++) memory.octets.set(garbage(i), i * octets);
const opened = openUdpSocket({ family: address.value.family, offload: false });
if (!opened.ok) throw new Error('no socket');
const batch = new UdpSendBatch(opened.value.fd, memory, perTick, false);

const started = performance.now();
const end = started + Number(seconds) * 1_000;
let due = 0;
let index = 0;
process.stdout.write('flooding\n');
for (let now = started; now < end; now = performance.now()) {
  const wanted = ((now - started) / 1_000) * Number(rate);
  if (due >= wanted) {
    // Less than a millisecond: a timer would be coarser than that.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2);
    continue;
  }
  for (let i = 0; i < perTick; i++) batch.add((index++ % kinds) * octets, octets, 0, to, 0);
  batch.flush();
  due += perTick;
}
process.stdout.write(`sent ${batch.sent}\n`);

function garbage(i: number): Uint8Array {
  const packet = random.octets(octets);
  const view = new DataView(packet.buffer, packet.byteOffset, octets);
  const kind = i % 10;
  if (kind < 6) packet[0] = 0x7f;
  if (kind === 6 || kind === 7) {
    // The marker, and a header of an INFORMATIONAL request with an SK payload.
    view.setUint32(0, 0);
    packet.set([46, 0x20, 37, 0x08], 4 + 16);
    view.setUint32(4 + 24, octets - 4);
  }
  if (kind === 8) view.setUint32(0, Number.parseInt(spi, 16));
  return packet;
}
