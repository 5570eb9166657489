import { spawnSync } from 'node:child_process';
import { ipAddress } from '../../core/base/address.ts';
import {
  adoptPacketMemory,
  openBulkOpener,
  openBulkSealer,
  type PacketMemory,
} from '../../core/crypto/openssl/bulk-cipher.ts';
import { type PacketCipherShape, packetCipherShape } from '../../core/crypto/packet-ciphers.ts';
import { SegmentMerge } from '../../core/dataplane/offload/segment-merge.ts';
import { allocateSummedMemory } from '../../core/dataplane/offload/summed-memory.ts';
import { SuperPacket } from '../../core/dataplane/offload/super-packet.ts';
import { gsoTcp4, VirtioHeader, virtioHeaderOctets } from '../../core/dataplane/offload/virtio-header.ts';
import { InboundSa } from '../../core/esp/inbound-sa.ts';
import { InnerPacket, readInnerPacket } from '../../core/esp/inner-packet.ts';
import { clampMss } from '../../core/esp/mss-clamp.ts';
import { OutboundSa } from '../../core/esp/outbound-sa.ts';
import { ChildSelectors } from '../../core/esp/selectors.ts';
import { type BenchResult, type BenchRow, say } from './report.ts';
import { spread } from './statistics.ts';

const spi = 0x1234_5678;
/** 1,368 octets of payload behind 40 of headers: inner packets of 1,408 octets, as a tunnel of 1,408 carries them. */
const segmentOctets = 1_368;
const headersOctets = 40;
const innerOctets = headersOctets + segmentOctets;
const segments = 46;
const memoryOctets = 131_072;
const warmUps = 2_000;
const superPacketsPerRound = 4_000;

const ciphers = [
  { shape: cipher(20, 256, 0), openssl: 'aes-256-gcm' },
  { shape: cipher(28, 256, 0), openssl: 'chacha20-poly1305' },
] as const;

const steps = ['split', 'checksum', 'seal', 'open', 'merge'] as const;
type Step = (typeof steps)[number];

/**
 * What a packet costs without any network: a super-packet as the kernel hands it over is cut, finished, encrypted,
 * copied as a socket would, decrypted, checked and merged again, by the data plane's own code on one thread. Beside it
 * `openssl speed` for the same cipher and size, one encryption and one decryption. The steps are timed one after the
 * other over the whole super-packet, so that the clock is read rarely.
 */
export function benchPacket({ rounds }: { rounds: number }): BenchResult {
  const samples = new Map<string, number[]>();
  const note = (key: string, value: number): void => {
    samples.set(key, [...(samples.get(key) ?? []), value]);
  };
  const lines = ciphers.map(({ shape, openssl }) => ({ line: new PacketLine(shape), shape, openssl }));
  for (const { line } of lines) for (let i = 0; i < warmUps; i++) line.run();
  for (let round = 1; round <= rounds; round += 1) {
    for (const { line, shape, openssl } of lines) {
      const own = measure(line);
      for (const step of steps) note(`godwit ${shape.name}:${step}`, own[step]);
      const whole = steps.reduce((sum, step) => sum + own[step], 0);
      note(`godwit ${shape.name}:all`, whole);
      const theirs = opensslMicroseconds(openssl);
      if (theirs !== undefined) note(`openssl ${shape.name}:all`, theirs);
      say(
        `round ${round}: ${shape.name} ${whole.toFixed(2)} us, openssl ${theirs?.toFixed(2) ?? 'not installed'}`,
      );
    }
  }
  const rows: BenchRow[] = [...samples].map(([key, of]) => {
    const [peer = '', metric = ''] = key.split(' ');
    return { peer, metric, unit: 'us', ...spread(of) };
  });
  return { ok: true, name: 'packet', rows, ratios: ratios(rows) };
}

function measure(line: PacketLine): Record<Step, number> {
  line.reset();
  for (let i = 0; i < superPacketsPerRound; i++) line.run();
  const packets = superPacketsPerRound * segments;
  const of = (step: Step): number => (line.milliseconds[step] * 1_000) / packets;
  return {
    split: of('split'),
    checksum: of('checksum'),
    seal: of('seal'),
    open: of('open'),
    merge: of('merge'),
  };
}

/** The way of one super-packet from one end to the other. */
class PacketLine {
  readonly milliseconds: Record<Step, number> = { split: 0, checksum: 0, seal: 0, open: 0, merge: 0 };
  readonly #source = superPacket();
  readonly #outbound: PacketMemory;
  readonly #inbound: PacketMemory;
  readonly #packet = new InnerPacket();
  readonly #header = new VirtioHeader();
  readonly #super: SuperPacket;
  readonly #merge: SegmentMerge;
  readonly #sender: OutboundSa;
  readonly #receiver: InboundSa;
  readonly #stride: number;

  constructor(shape: PacketCipherShape) {
    const key = {
      encryption: new Uint8Array(shape.encryptionKeyOctets).fill(1),
      salt: new Uint8Array(shape.saltOctets).fill(2),
      integrity: new Uint8Array(shape.integrityKeyOctets),
    };
    const [outbound, inbound] = [allocateSummedMemory(memoryOctets), allocateSummedMemory(memoryOctets)];
    const [out, into] = [adoptPacketMemory(outbound.octets), adoptPacketMemory(inbound.octets)];
    this.#outbound = out;
    this.#inbound = into;
    this.#super = new SuperPacket(outbound);
    this.#merge = new SegmentMerge(inbound);
    this.#sender = new OutboundSa(spi, shape, out.octets, openBulkSealer(shape, key, out), () => {});
    const opener = openBulkOpener(shape, key, into);
    this.#receiver = new InboundSa(spi, shape, into.octets, opener, new ChildSelectors(everything), 64);
    this.#stride = this.#sender.lengthFor(innerOctets);
  }

  reset(): void {
    for (const step of steps) this.milliseconds[step] = 0;
  }

  run(): void {
    const at = this.#sender.headroom;
    this.#outbound.octets.set(this.#source, at - virtioHeaderOctets);
    const begun = performance.now();
    this.#split(at);
    const split = performance.now();
    for (let i = 0; i < segments; i++) this.#super.finish(i, at + i * this.#stride);
    const finished = performance.now();
    for (let i = 0; i < segments; i++) this.#seal(at + i * this.#stride);
    this.#sender.finish();
    const sealed = performance.now();
    this.#inbound.octets.set(this.#outbound.octets.subarray(0, segments * this.#stride));
    const received = performance.now();
    // In one pass as the data plane does it: what was just decrypted is still near.
    for (let i = 0; i < segments; i++) {
      if (this.#receiver.full) this.#open();
      if (this.#receiver.begin(i * this.#stride, this.#stride) !== 0) throw new Error('dropped');
    }
    this.#open();
    const opened = performance.now();
    for (let i = 0; i < segments; i++) this.#join(at + i * this.#stride);
    const merged = performance.now();
    if (this.#merge.segments !== segments)
      throw new Error(`merged ${this.#merge.segments} of ${segments} segments`);
    this.#merge.clear();
    const { milliseconds } = this;
    milliseconds.split += split - begun;
    milliseconds.checksum += finished - split;
    milliseconds.seal += sealed - finished;
    milliseconds.open += opened - received;
    milliseconds.merge += merged - opened;
  }

  #split(at: number): void {
    const { octets } = this.#outbound;
    this.#header.read(octets, at - virtioHeaderOctets);
    const known =
      readInnerPacket(octets, at, this.#source.length - virtioHeaderOctets, this.#packet) &&
      this.#super.read(this.#packet, this.#header);
    if (!known) throw new Error('the super-packet is not taken');
    this.#super.spread(at, this.#stride);
  }

  #seal(at: number): void {
    if (this.#sender.encapsulate(at - this.#sender.headroom, innerOctets, 4) !== this.#stride)
      throw new Error('a packet was not encrypted');
  }

  #open(): void {
    const count = this.#receiver.run();
    for (let k = 0; k < count; k++) {
      const dropped = this.#receiver.complete(k, this.#packet);
      if (dropped !== 0) throw new Error(`dropped: ${dropped}`);
      clampMss(this.#inbound.octets, this.#packet, segmentOctets);
    }
  }

  #join(at: number): void {
    if (!readInnerPacket(this.#inbound.octets, at, innerOctets, this.#packet))
      throw new Error('not a packet');
    const taken = this.#merge.empty ? this.#merge.begin(this.#packet) : this.#merge.append(this.#packet);
    if (!taken) throw new Error('a segment was not merged');
  }
}

/** As the kernel hands it over: virtio header, then IPv4 and TCP headers once, then the payload of all segments. */
function superPacket(): Uint8Array {
  const octets = new Uint8Array(virtioHeaderOctets + headersOctets + segments * segmentOctets);
  const view = new DataView(octets.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, gsoTcp4);
  view.setUint16(2, headersOctets, true);
  view.setUint16(4, segmentOctets, true);
  view.setUint16(6, 20, true);
  view.setUint16(8, 16, true);
  const ip = virtioHeaderOctets;
  view.setUint8(ip, 0x45);
  view.setUint16(ip + 2, octets.length - ip);
  view.setUint16(ip + 6, 0x4000);
  view.setUint8(ip + 8, 64);
  view.setUint8(ip + 9, 6);
  view.setUint32(ip + 12, 0x0a4f_0001);
  view.setUint32(ip + 16, 0x0a4d_0001);
  const tcp = ip + 20;
  view.setUint16(tcp, 40_000);
  view.setUint16(tcp + 2, 5_201);
  view.setUint32(tcp + 4, 1);
  view.setUint8(tcp + 12, 0x50);
  view.setUint8(tcp + 13, 0x10);
  view.setUint16(tcp + 14, 512);
  for (let i = tcp + 20; i < octets.length; i++) octets[i] = (i * 7) & 0xff;
  return octets;
}

const whole = {
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
  start: ipAddress(Uint8Array.of(0, 0, 0, 0)),
  end: ipAddress(Uint8Array.of(255, 255, 255, 255)),
};
const everything = { local: [whole], remote: [whole] };

function cipher(encryption: number, bits: number, integrity: number): PacketCipherShape {
  const shape = packetCipherShape(encryption, bits, integrity);
  if (shape === undefined) throw new Error('no such cipher');
  return shape;
}

/** One encryption and one decryption of as many octets, in microseconds. */
function opensslMicroseconds(name: string): number | undefined {
  const run = (decrypt: readonly string[]): number | undefined => {
    const args = ['speed', ...decrypt, '-evp', name, '-bytes', String(innerOctets), '-seconds', '1', '-mr'];
    const { status, stdout } = spawnSync('openssl', args, { encoding: 'utf8' });
    const perSecond = Number(/^\+F:\d+:[^:]+:([\d.]+)/m.exec(stdout ?? '')?.[1]);
    return status === 0 && perSecond > 0 ? (innerOctets / perSecond) * 1e6 : undefined;
  };
  const [seal, open] = [run([]), run(['-decrypt'])];
  return seal === undefined || open === undefined ? undefined : seal + open;
}

function ratios(rows: readonly BenchRow[]): Record<string, number> {
  const result: Record<string, number> = {};
  const median = (peer: string, metric: string): number | undefined =>
    rows.find((row) => row.peer === peer && row.metric === metric)?.median;
  for (const [index, { shape }] of ciphers.entries()) {
    const [own, theirs] = [median('godwit', `${shape.name}:all`), median('openssl', `${shape.name}:all`)];
    if (own === undefined || theirs === undefined) continue;
    const key = index === 0 ? 'godwit/openssl' : `${shape.name}:godwit/openssl`;
    result[key] = Math.round((own / theirs) * 100) / 100;
  }
  return result;
}
