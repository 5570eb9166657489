import type { PacketMemory } from '../../base/packet-memory.ts';
import { dontWait } from './descriptor-flags.ts';
import { errnoNumber, lastErrno, packetCalls } from './libc.ts';
import { messageHeader, NativeWords } from './native-words.ts';
import type { SocketAddress } from './socket-address.ts';
import { optionUdpSegment, trafficClassOption } from './udp-socket.ts';

/** One send may carry at most this many segments (UDP_MAX_SEGMENTS of older kernels)… */
export const segmentsPerSend = 64;
/** …and at most this many octets: what fits an IPv4 packet. */
export const octetsPerSend = 65_507;

/** Two struct cmsghdr with an int each: the traffic class, then UDP_SEGMENT. */
const classOctets = 24;
const segmentOctets = 24;
const controlOctets = classOctets + segmentOctets;
const vectorOctets = 16;
const levelUdp = 17;
const pollOut = 4;
/** How long a full socket may hold up the tunnel before packets are dropped. */
const patienceMs = 20;

const again = errnoNumber('EAGAIN');
const interrupted = errnoNumber('EINTR');
const noBuffers = errnoNumber('ENOBUFS');
const tooLarge = errnoNumber('EMSGSIZE');
/** What kernels and drivers say when they cannot segment. */
const segmentRefusals: readonly number[] = ['EIO', 'EINVAL', 'EOPNOTSUPP', 'ENOPROTOOPT'].map(errnoNumber);

/**
 * Collects datagrams that lie in a packet memory and sends them, in order, with one sendmmsg. A run of datagrams of
 * one size goes as one message with UDP_SEGMENT; when that is refused, it is off for good and everything goes
 * one by one, the refused run included.
 */
export class UdpSendBatch {
  readonly capacity: number;
  #segmentation: boolean;
  #fd: number;
  readonly #memoryAddress: number;
  /** Held, as the kernel reads it by its address alone. */
  readonly memory: PacketMemory;
  readonly #native: NativeWords;
  readonly #vectors: number;
  readonly #controls: number;
  readonly #pollAt: number;
  /** Segment size per message, 0 for a single datagram; and where and how long. */
  readonly #segments: Uint32Array;
  readonly #places: Uint32Array;
  readonly #lengths: Uint32Array;
  #count = 0;
  /** Datagrams that left, and that did not, since the start. */
  sent = 0;
  queueFull = 0;
  tooBig = 0;
  refused = 0;

  constructor(fd: number, memory: PacketMemory, capacity: number, segmentation: boolean) {
    this.capacity = capacity;
    this.#segmentation = segmentation;
    this.#fd = fd;
    this.#memoryAddress = memory.address;
    this.memory = memory;
    // One message more than the capacity: the spare sends a refused run piece by piece.
    const slots = capacity + 1;
    this.#vectors = slots * messageHeader.octets;
    this.#controls = this.#vectors + slots * vectorOctets;
    this.#pollAt = this.#controls + slots * controlOctets;
    const native = new NativeWords(this.#pollAt + 8);
    this.#native = native;
    this.#segments = new Uint32Array(slots);
    this.#places = new Uint32Array(slots);
    this.#lengths = new Uint32Array(slots);
    for (let i = 0; i < slots; i++) {
      const header = i * messageHeader.octets;
      const control = this.#controls + i * controlOctets;
      native.writeLong(header + messageHeader.vector, native.address + this.#vectors + i * vectorOctets);
      native.writeLong(header + messageHeader.vectorCount, 1);
      native.writeLong(control, 20);
      native.writeLong(control + classOctets, 18);
      native.writeInt(control + classOctets + 8, levelUdp);
      native.writeInt(control + classOctets + 12, optionUdpSegment);
    }
    native.writeInt(this.#pollAt, fd);
    native.writeInt(this.#pollAt + 4, pollOut);
  }

  /** Whether runs still go out as one message. */
  get segmentation(): boolean {
    return this.#segmentation;
  }

  /** Sends on this one from now on. Whether the kernel segments is as it was: both sockets are of the same kind. */
  useSocket(fd: number): void {
    this.#fd = fd;
    this.#native.writeInt(this.#pollAt, fd);
  }

  get count(): number {
    return this.#count;
  }

  /** Messages that a run of `datagrams` would take. */
  needs(datagrams: number): number {
    return this.#segmentation ? 1 : datagrams;
  }

  /**
   * Adds the `length` octets at `at`: one datagram, or with `size` > 0 a run of datagrams of that size (the
   * last one may be shorter). `trafficClass` is DSCP and ECN of the outer header. The caller has seen that `needs` fits
   * the capacity, and keeps to the limits per send.
   */
  add(at: number, length: number, size: number, to: SocketAddress, trafficClass: number): void {
    const run = size > 0 && length > size;
    if (!run || this.#segmentation) {
      this.#set(this.#count++, at, length, run ? size : 0, to, trafficClass);
      return;
    }
    for (let done = 0; done < length; done += size)
      this.#set(this.#count++, at + done, Math.min(size, length - done), 0, to, trafficClass);
  }

  /** Sends everything that was added, waiting a little for a full socket; what can't leave is dropped and counted. */
  flush(): void {
    const total = this.#count;
    this.#count = 0;
    let patience = true;
    for (let next = 0; next < total; ) {
      const segment = this.#segments[next] ?? 0;
      if (segment > 0 && !this.#segmentation) {
        this.#sendPieces(next++);
        continue;
      }
      const header = this.#native.address + next * messageHeader.octets;
      const sent = packetCalls.sendmmsg(this.#fd, header, total - next, dontWait);
      if (sent > 0) {
        for (let i = 0; i < sent; i++) this.sent += this.#datagrams(next + i);
        next += sent;
        continue;
      }
      const errno = lastErrno();
      if (errno === interrupted) continue;
      if (errno === again && patience) {
        patience = this.#waitForRoom();
        continue;
      }
      if (segment > 0 && segmentRefusals.includes(errno)) {
        this.#segmentation = false;
        continue;
      }
      if (segment > 0 && errno === tooLarge) this.#sendPieces(next);
      else this.#drop(errno, this.#datagrams(next));
      next++;
    }
  }

  /** Sends one run datagram by datagram, through the spare message. */
  #sendPieces(i: number): void {
    const spare = this.capacity;
    const segment = this.#segments[i] ?? 0;
    const length = this.#lengths[i] ?? 0;
    const at = this.#places[i] ?? 0;
    const native = this.#native;
    for (let done = 0; done < length; done += segment) {
      const header = spare * messageHeader.octets;
      this.#copyClass(i, spare);
      this.#setPlace(spare, at + done, Math.min(segment, length - done), 0);
      native.words.copyWithin(
        header >> 2,
        (i * messageHeader.octets) >> 2,
        (i * messageHeader.octets + 12) >> 2,
      );
      const sent = this.#sendOne(native.address + header);
      if (sent) this.sent++;
      else this.#drop(lastErrno(), 1);
    }
  }

  #sendOne(header: number): boolean {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (packetCalls.sendmmsg(this.#fd, header, 1, dontWait) === 1) return true;
      const errno = lastErrno();
      if (errno === again) {
        if (!this.#waitForRoom()) return false;
      } else if (errno !== interrupted) return false;
    }
    return false;
  }

  #drop(errno: number, datagrams: number): void {
    if (errno === again || errno === noBuffers) this.queueFull += datagrams;
    else if (errno === tooLarge) this.tooBig += datagrams;
    else this.refused += datagrams;
  }

  #datagrams(i: number): number {
    const segment = this.#segments[i] ?? 0;
    return segment === 0 ? 1 : Math.ceil((this.#lengths[i] ?? 0) / segment);
  }

  #waitForRoom(): boolean {
    return packetCalls.poll(this.#native.address + this.#pollAt, 1, patienceMs) > 0;
  }

  #set(
    i: number,
    at: number,
    length: number,
    segment: number,
    to: SocketAddress,
    trafficClass: number,
  ): void {
    const header = i * messageHeader.octets;
    const control = this.#controls + i * controlOctets;
    const native = this.#native;
    const option = trafficClassOption[to.family];
    native.writeLong(header + messageHeader.name, to.address);
    native.writeInt(header + messageHeader.nameLength, to.length);
    native.writeInt(control + 8, option.level);
    native.writeInt(control + 12, option.name);
    native.writeInt(control + 16, trafficClass);
    this.#setPlace(i, at, length, segment);
  }

  #copyClass(from: number, to: number): void {
    const word = (slot: number): number => (this.#controls + slot * controlOctets) >> 2;
    this.#native.words.copyWithin(word(to), word(from), word(from) + (classOctets >> 2));
  }

  #setPlace(i: number, at: number, length: number, segment: number): void {
    const native = this.#native;
    const header = i * messageHeader.octets;
    const vector = this.#vectors + i * vectorOctets;
    const control = this.#controls + i * controlOctets;
    this.#segments[i] = segment;
    this.#places[i] = at;
    this.#lengths[i] = length;
    native.writeLong(vector, this.#memoryAddress + at);
    native.writeLong(vector + 8, length);
    native.writeInt(control + classOctets + 16, segment);
    // The socket's own traffic class is 0: saying so again would only take time.
    const first = native.readInt(control + 16) === 0 ? classOctets : 0;
    const end = segment > 0 ? controlOctets : classOctets;
    native.writeLong(header + messageHeader.control, first < end ? native.address + control + first : 0);
    native.writeLong(header + messageHeader.controlLength, end - first);
  }
}
