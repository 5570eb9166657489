import { earliest, type Instant } from '../base/time.ts';
import type { IkePort } from '../ike/io.ts';
import { connect, resolved, transportClosed, transportOpened, tryWhenDue } from './connecting.ts';
import { type ConnectionConfig, Course, withError } from './course.ts';
import { command, feed } from './drive-engine.ts';
import type { TunnelInput, TunnelOutput } from './io.ts';
import { abandon, cancel, cancellation, networkUndone } from './leaving.ts';
import { networkChanged } from './network-change.ts';
import { lookWhenDue, pathOpened, pathsFound } from './paths/follow-paths.ts';
import { childInstalled, networkApplied } from './standing.ts';

export type { IkeEngine } from './attempt.ts';
export type { ConnectionConfig } from './course.ts';

/**
 * One connection from `connect` to the end, over one engine at a time. Sans-IO: the driver passes inputs with the
 * time, drains `poll()`, and calls `handle({ kind: 'timeout' })` at `nextWakeup()`.
 */
export class Connection {
  readonly #course: Course;

  constructor(config: ConnectionConfig) {
    this.#course = new Course(config);
  }

  /** When the gateway last proved that it is there: an authenticated answer or ESP packet. */
  get provenAt(): Instant | undefined {
    return this.#course.provenAt;
  }

  /** IKE datagrams of the present attempt that were dropped, by cause. */
  get ikeDrops(): Readonly<Record<string, number>> {
    return this.#course.engine?.drops ?? {};
  }

  get finished(): boolean {
    return this.#course.phase.kind === 'disconnected';
  }

  poll(): TunnelOutput | undefined {
    return this.#course.outputs.shift();
  }

  nextWakeup(): Instant | undefined {
    const { phase, loss, engine } = this.#course;
    if (phase.kind === 'waiting') return loss?.nextTryAt;
    const look = phase.kind === 'connected' ? phase.attempt.paths?.lookAgainAt : undefined;
    return earliest(engine?.nextWakeup(), look);
  }

  handle(input: TunnelInput, now: Instant): void {
    const course = this.#course;
    switch (input.kind) {
      case 'connect':
        return connect(course);
      case 'disconnect':
        return disconnect(course, now);
      case 'resolved':
        return resolved(course, input, now);
      case 'transport-opened':
        return transportOpened(course, input, now);
      case 'child-installed':
        return childInstalled(course, input, now);
      case 'network-applied':
        return networkApplied(course, input, now);
      case 'network-undone':
        return networkUndone(course);
      case 'transport-closed':
        return transportClosed(course, now);
      case 'datagram': {
        const via: IkePort = input.marker ? 'nat-traversal' : 'ike';
        const { octets, path, from } = input;
        return feed(course, { kind: 'datagram', octets, via, path, from }, now);
      }
      case 'traffic-seen':
        if (course.provenAt === undefined || input.at > course.provenAt) course.provenAt = input.at;
        return command(course, { kind: 'traffic-seen', at: input.at }, now);
      case 'child-used':
        return command(course, { kind: 'child-used', inboundSpi: input.inboundSpi }, now);
      case 'rekey-due':
        return command(course, { kind: 'rekey-child', inboundSpi: input.inboundSpi }, now);
      case 'network-changed':
        return networkChanged(course, input.local, now);
      case 'paths-found':
        pathsFound(course, input, now);
        return told(course);
      case 'path-opened':
        pathOpened(course, input, now);
        return told(course);
      case 'stalled':
        if (course.phase.kind === 'connected') command(course, { kind: 'probe', brisk: true }, now);
        return;
      case 'transport-failed':
        return abandon(course, input.error, now);
      case 'answer':
        return feed(course, { kind: 'answer', id: input.id, answer: input.answer }, now);
      case 'timeout':
        return course.phase.kind === 'waiting' ? tryWhenDue(course, now) : onTimeout(course, now);
    }
  }
}

function onTimeout(course: Course, now: Instant): void {
  lookWhenDue(course, now);
  feed(course, { kind: 'timeout' }, now);
}

function told(course: Course): void {
  if (course.detailsChanged) course.tellConnected();
}

function disconnect(course: Course, now: Instant): void {
  const { phase } = course;
  const cancelled = cancellation(course);
  switch (phase.kind) {
    case 'resolving':
    case 'opening':
    case 'waiting':
    case 'closing-transport':
      return cancel(course, phase, cancelled);
    case 'login':
      course.phase = { kind: 'closing', attempt: phase.attempt, wanted: true, ...withError(cancelled) };
      break;
    case 'configuring':
    case 'connected':
      course.phase = { kind: 'closing', attempt: phase.attempt, wanted: true };
      break;
    default:
      return;
  }
  course.tell({ kind: 'disconnecting' });
  command(course, { kind: 'disconnect' }, now);
}
