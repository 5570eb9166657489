import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { closeOnExec } from '../descriptor-flags.ts';
import { call, errnoName, errnoNumber, lastErrno, libc } from '../libc.ts';
import { levelSocket, setNumber } from '../socket-option.ts';
import {
  controlTypes,
  decodeAck,
  decodeMessages,
  encodeMessage,
  messageFlags,
  type NetlinkMessage,
} from './codec.ts';
import { HostWriter, u32Octets } from './host-order.ts';

const afNetlink = 16;
const sockRaw = 3;
const netlinkRoute = 0;
const soReceiveTimeout = 20;
const soReceiveBuffer = 8;
const solNetlink = 270;
const netlinkAddMembership = 1;
const netlinkExtAck = 11;
const netlinkStrictCheck = 12;
/** The kernel answers before `sendto` returns; waiting longer means that something is broken. */
const answerTimeoutSeconds = 3;
/** The kernel sends dumps in pieces of at most 32 KiB. */
const receiveOctets = 65_536;
const dumpMessagesMax = 100_000;

/**
 * Opens a NETLINK_ROUTE socket of this network namespace, with `flags` such as `nonBlocking`. It hears the multicast groups that are
 * joined with `joinGroup`. The caller owns the descriptor. Fails with `system.call`.
 */
export function openNetlink(flags = 0): Result<number, Failure> {
  const socket = call('socket', afNetlink, sockRaw | closeOnExec | flags, netlinkRoute);
  if (!socket.ok) return socket;
  const address = new HostWriter().u16(afNetlink).u16(0).u32(0).u32(0).finish();
  const bound = call('bind', socket.value, address, address.length);
  if (bound.ok) return socket;
  libc.close(socket.value);
  return bound;
}

/** Hears a multicast group (RTNLGRP_…). */
export function joinGroup(fd: number, group: number): Result<number, Failure> {
  return setNumber(fd, solNetlink, netlinkAddMembership, group);
}

/** As far as the system lets us. */
export function setReceiveBuffer(fd: number, octets: number): void {
  setNumber(fd, levelSocket, soReceiveBuffer, octets);
}

/** The kernel's refusal: `errno` as its symbolic name. */
export interface NetlinkRefusal {
  readonly errno: string;
  readonly failure: Failure;
}

/**
 * Requests to rtnetlink, one at a time and synchronous: the kernel works them off inside `sendto`, so the answer is
 * there at once and the event loop does not wait for anybody.
 */
export class NetlinkSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(receiveOctets);
  #sequence = 0;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static open(): Result<NetlinkSocket, Failure> {
    const fd = openNetlink();
    if (!fd.ok) return fd;
    // Old kernels know neither option; both are only comfort.
    setNumber(fd.value, solNetlink, netlinkExtAck, 1);
    setNumber(fd.value, solNetlink, netlinkStrictCheck, 1);
    const timeout = new Uint8Array(16);
    timeout.set(u32Octets(answerTimeoutSeconds), 0);
    libc.setsockopt(fd.value, levelSocket, soReceiveTimeout, timeout, timeout.length);
    return ok(new NetlinkSocket(fd.value));
  }

  /** Does something: the answer is an acknowledgement. `what` names the request in a Failure. */
  request(what: string, type: number, flags: number, payload: Uint8Array): Result<undefined, NetlinkRefusal> {
    const answers = this.#exchange(what, type, flags | messageFlags.ack, payload, false);
    return answers.ok ? ok(undefined) : answers;
  }

  /** Asks for one thing. */
  query(what: string, type: number, payload: Uint8Array): Result<NetlinkMessage, NetlinkRefusal> {
    const answers = this.#exchange(what, type, 0, payload, true);
    if (!answers.ok) return answers;
    const [first] = answers.value;
    return first === undefined ? err(refusal(what, 'ENODATA')) : ok(first);
  }

  /** Asks for all. A list that changed under the kernel's hands is asked for again. */
  dump(what: string, type: number, payload: Uint8Array): Result<readonly NetlinkMessage[], NetlinkRefusal> {
    for (let round = 0; ; round++) {
      const answers = this.#exchange(what, type, messageFlags.dump, payload, false);
      if (answers.ok || answers.error.errno !== 'EINTR' || round === 4) return answers;
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    libc.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #exchange(
    what: string,
    type: number,
    flags: number,
    payload: Uint8Array,
    single: boolean,
  ): Result<readonly NetlinkMessage[], NetlinkRefusal> {
    this.#sequence = (this.#sequence % 0x7fffffff) + 1;
    const sequence = this.#sequence;
    const request = encodeMessage({ type, flags: flags | messageFlags.request, sequence }, payload);
    const kernel = new HostWriter().u16(afNetlink).u16(0).u32(0).u32(0).finish();
    if (libc.sendto(this.#fd, request, request.length, 0, kernel, kernel.length) < 0)
      return err(refusal(what, errnoName(lastErrno())));
    const collected: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const datagram = this.#receive(what);
      if (!datagram.ok) return datagram;
      const messages = decodeMessages(datagram.value);
      if (!messages.ok) return err({ errno: 'EBADMSG', failure: messages.error });
      for (const message of messages.value) {
        // An answer to an earlier request that was given up.
        if (message.sequence !== sequence) continue;
        if ((message.flags & messageFlags.dumpInterrupted) !== 0) interrupted = true;
        if (message.type === controlTypes.error || message.type === controlTypes.done) {
          const ack = decodeAck(message);
          if (!ack.ok) return err({ errno: 'EBADMSG', failure: ack.error });
          if (ack.value.errno !== 0) return err(refusal(what, errnoName(ack.value.errno), ack.value.text));
          return interrupted ? err(refusal(what, 'EINTR')) : ok(collected);
        }
        if (message.type <= controlTypes.overrun) continue;
        collected.push(message);
        if (single && (message.flags & messageFlags.multi) === 0) return ok(collected);
        if (collected.length > dumpMessagesMax) return err(refusal(what, 'EOVERFLOW'));
      }
    }
  }

  /** One datagram from the kernel, as a copy; others could only be sent by root. */
  #receive(what: string): Result<Uint8Array, NetlinkRefusal> {
    const from = new Uint8Array(12);
    const fromLength = u32Octets(from.length);
    for (;;) {
      const got = libc.recvfrom(this.#fd, this.#buffer, this.#buffer.length, 0, from, fromLength);
      if (got >= 0) {
        if (new DataView(from.buffer).getUint32(4, true) !== 0) continue;
        return ok(this.#buffer.slice(0, got));
      }
      const errno = lastErrno();
      if (errno === errnoNumber('EINTR')) continue;
      return err(refusal(what, errnoName(errno)));
    }
  }
}

function refusal(what: string, errno: string, text?: string): NetlinkRefusal {
  const denied = errno === 'EPERM' || errno === 'EACCES';
  const detail = text === undefined ? { call: what, errno } : { call: what, errno, text };
  return { errno, failure: failure(denied ? 'system.permission' : 'system.call', detail) };
}
