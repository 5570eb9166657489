import type { Failure } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import { nonBlocking } from '../descriptor-flags.ts';
import { errnoFailure, errnoName, lastErrno, libc } from '../libc.ts';
import { decodeMessages } from '../netlink/codec.ts';
import { joinGroup, openNetlink, setReceiveBuffer } from '../netlink/netlink-socket.ts';
import { RtnetlinkClient } from '../netlink/rtnetlink-client.ts';
import { openClockDescriptor, takeClockJump } from './clock-descriptor.ts';
import { DescriptorWatch } from './descriptor-watch.ts';
import { ChangeTracker, type NetworkChange } from './network-change.ts';
import { TellSoon } from './tell-soon.ts';

/** RTNLGRP_ LINK, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE, IPV6_RULE. */
const groups = [1, 5, 7, 8, 9, 11, 19] as const;
const receiveBufferOctets = 1_048_576;
const receiveOctets = 65_536;
/** More than that at once is told as `resync`. */
const changesMax = 500;

export interface NetworkEventsOptions {
  /** Everything that changed since the last call, oldest first. */
  readonly onChange: (changes: readonly NetworkChange[]) => void;
  /** Nothing more will come; the object must still be closed. */
  readonly onFailure: (error: Failure) => void;
  /** The wall clock made a jump: it was set, or this machine slept. */
  readonly onClock?: () => void;
  /** Our own doing: the TUN device and the tunnel's table. */
  readonly ignoreDevices?: readonly string[];
  readonly ignoreTables?: readonly number[];
}

/**
 * Tells when links, addresses, routes or rules of this network namespace change, and when the clock makes a jump. Costs nothing
 * while nothing happens. It keeps the process alive until it is closed.
 */
export class NetworkEvents {
  readonly #socket: number;
  readonly #options: NetworkEventsOptions;
  readonly #tracker: ChangeTracker;
  readonly #buffer = new Uint8Array(receiveOctets);
  #watch: DescriptorWatch | undefined;
  #pending: NetworkChange[] = [];
  readonly #soon = new TellSoon(() => this.#tell());

  private constructor(socket: number, options: NetworkEventsOptions) {
    const { ignoreDevices = [], ignoreTables = [] } = options;
    this.#socket = socket;
    this.#options = options;
    this.#tracker = new ChangeTracker({ ignoreDevices, ignoreTables });
  }

  /** Changes are noticed from now on. Fails with `system.call`. */
  static open(options: NetworkEventsOptions): Result<NetworkEvents, Failure> {
    const socket = subscribe();
    if (!socket.ok) return socket;
    const events = new NetworkEvents(socket.value, options);
    const started = events.#start();
    return started.ok ? ok(events) : started;
  }

  /** Resolves when the descriptors are closed; no callback comes after this call. Idempotent. */
  async close(): Promise<void> {
    this.#soon.stop();
    this.#pending = [];
    await this.#watch?.close();
  }

  #start(): Result<undefined, Failure> {
    const { onClock, onFailure } = this.#options;
    const network = { fd: this.#socket, onReadable: () => this.#drain() };
    // Without it nothing is lost but the word about the clock.
    const clock = onClock === undefined ? undefined : openClockDescriptor();
    const watched = clock?.ok === true ? [network, jumps(clock.value, onClock)] : [network];
    const watch = DescriptorWatch.open(watched, onFailure);
    if (!watch.ok) return watch;
    this.#watch = watch.value;
    this.#learn();
    return ok();
  }

  /** Reads all that is there, or enough for one word about it. False when the socket is of no more use, which was told. */
  #drain(): boolean {
    for (;;) {
      const got = libc.recvfrom(this.#socket, this.#buffer, this.#buffer.length, 0, null, null);
      if (got < 0) {
        const errno = errnoName(lastErrno());
        if (errno === 'EAGAIN') break;
        if (errno === 'EINTR') continue;
        if (errno !== 'ENOBUFS') {
          this.#options.onFailure(errnoFailure('recvfrom'));
          return false;
        }
        // The kernel threw notifications away.
        this.#learn();
        this.#pending.push({ kind: 'resync' });
        continue;
      }
      this.#note(this.#buffer.subarray(0, got));
      // A storm must not keep anybody waiting.
      if (this.#pending.length > changesMax) break;
    }
    if (this.#pending.length > changesMax) this.#pending = [{ kind: 'resync' }];
    if (this.#pending.length > 0) this.#soon.note();
    return true;
  }

  #note(octets: Uint8Array): void {
    const messages = decodeMessages(octets);
    if (!messages.ok) return;
    for (const message of messages.value) {
      const change = this.#tracker.note(message);
      if (change !== undefined) this.#pending.push(change);
    }
  }

  #tell(): void {
    const changes = this.#pending;
    this.#pending = [];
    this.#options.onChange(changes);
  }

  /** Takes the present state for known. */
  #learn(): void {
    const client = RtnetlinkClient.open();
    if (!client.ok) return;
    using netlink = client.value;
    const links = netlink.links();
    const addresses = ([4, 6] as const).flatMap((family) => {
      const found = netlink.addresses(family);
      return found.ok ? found.value : [];
    });
    this.#tracker.reset(links.ok ? links.value : [], addresses);
  }
}

function jumps(fd: number, onClock: (() => void) | undefined) {
  return {
    fd,
    onReadable: () => {
      const again = takeClockJump(fd);
      onClock?.();
      return again;
    },
  };
}

function subscribe(): Result<number, Failure> {
  const socket = openNetlink(nonBlocking);
  if (!socket.ok) return socket;
  setReceiveBuffer(socket.value, receiveBufferOctets);
  for (const group of groups) {
    const joined = joinGroup(socket.value, group);
    // A kernel without IPv6 or without rules lacks the group, and with it the events.
    if (!joined.ok && group === 1) {
      libc.close(socket.value);
      return joined;
    }
  }
  return socket;
}
