import { parentPort, workerData } from 'node:worker_threads';
import { errnoFailure, errnoName, lastErrno, libc } from '../libc.ts';
import { decodeMessages } from '../netlink/codec.ts';
import { RtnetlinkClient } from '../netlink/rtnetlink-client.ts';
import { ChangeTracker, type NetworkChange } from './network-change.ts';
import type { EventsOrder, EventsReport } from './network-events.ts';

/*
 * A thread that sleeps in poll(2) on a netlink socket and an eventfd. Changes are gathered until the network has been
 * quiet for a moment, then handed over in one piece. Anything on the eventfd ends it.
 */

const pollIn = 1;
/** More than that at once is told as `resync`. */
const changesMax = 500;
const receiveOctets = 65_536;

const order: EventsOrder = workerData;
watch(order);

function watch({ socket, wake, filter, quietMs, longestMs }: EventsOrder): void {
  const tracker = new ChangeTracker(filter);
  learn(tracker);
  report({ kind: 'ready' });
  const polled = pollSet([socket, wake]);
  const buffer = new Uint8Array(receiveOctets);
  let pending: NetworkChange[] = [];
  let firstAt = 0;
  for (;;) {
    const ready = libc.poll(polled, 2, pending.length === 0 ? -1 : waitFor(firstAt, quietMs, longestMs));
    if (ready < 0 && errnoName(lastErrno()) !== 'EINTR')
      return report({ kind: 'failed', error: errnoFailure('poll') });
    if (readyFor(polled, 1)) return;
    const quiet = ready === 0;
    const before = pending.length;
    if (readyFor(polled, 0) && !drain(socket, buffer, tracker, pending)) return;
    if (before === 0 && pending.length > 0) firstAt = performance.now();
    if (pending.length > changesMax) pending = [{ kind: 'resync' }];
    const overdue = pending.length > 0 && performance.now() - firstAt >= longestMs;
    if (pending.length === 0 || !(quiet || overdue)) continue;
    report({ kind: 'changes', changes: pending });
    pending = [];
  }
}

/** Reads all that is there. False when the socket is of no more use, which was reported. */
function drain(
  socket: number,
  buffer: Uint8Array,
  tracker: ChangeTracker,
  pending: NetworkChange[],
): boolean {
  for (;;) {
    const got = libc.recvfrom(socket, buffer, buffer.length, 0, null, null);
    if (got < 0) {
      const errno = errnoName(lastErrno());
      if (errno === 'EAGAIN') return true;
      if (errno === 'EINTR') continue;
      if (errno !== 'ENOBUFS') {
        report({ kind: 'failed', error: errnoFailure('recvfrom') });
        return false;
      }
      // The kernel threw notifications away.
      learn(tracker);
      pending.push({ kind: 'resync' });
      continue;
    }
    const messages = decodeMessages(buffer.subarray(0, got));
    if (!messages.ok) continue;
    for (const message of messages.value) {
      const change = tracker.note(message);
      if (change !== undefined) pending.push(change);
    }
    // A storm must not keep anybody waiting.
    if (pending.length > changesMax) return true;
  }
}

function learn(tracker: ChangeTracker): void {
  const client = RtnetlinkClient.open();
  if (!client.ok) return;
  using netlink = client.value;
  const links = netlink.links();
  const addresses = ([4, 6] as const).flatMap((family) => {
    const found = netlink.addresses(family);
    return found.ok ? found.value : [];
  });
  tracker.reset(links.ok ? links.value : [], addresses);
}

function waitFor(firstAt: number, quietMs: number, longestMs: number): number {
  return Math.max(0, Math.min(quietMs, Math.ceil(firstAt + longestMs - performance.now())));
}

/** struct pollfd: fd 4, events 2, revents 2. */
function pollSet(fds: readonly number[]): Uint8Array {
  const set = new Uint8Array(new ArrayBuffer(128));
  const words = new Int32Array(set.buffer);
  const halves = new Int16Array(set.buffer);
  for (const [i, fd] of fds.entries()) {
    words[2 * i] = fd;
    halves[4 * i + 2] = pollIn;
  }
  return set;
}

function readyFor(set: Uint8Array, i: number): boolean {
  return new Int16Array(set.buffer)[4 * i + 3] !== 0;
}

function report(value: EventsReport): void {
  parentPort?.postMessage(value);
}
