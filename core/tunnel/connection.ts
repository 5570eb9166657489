import { formatIpAddress } from '../base/address.ts';
import { failure } from '../base/errors.ts';
import { earliest, type Instant } from '../base/time.ts';
import type { IkeCommand, IkeInput, IkePort } from '../ike/io.ts';
import type { Attempt } from './attempt.ts';
import { connect, moveLogin, resolved, transportClosed, transportOpened, tryWhenDue } from './connecting.ts';
import { type ConnectionConfig, Course, withError } from './course.ts';
import { dismissRenewal } from './dismiss.ts';
import { carryOut, command, feed, giveUp } from './drive-engine.ts';
import type { TunnelInput, TunnelOutput } from './io.ts';
import { abandon, cancel, cancellation, networkUndone } from './leaving.ts';
import { networkChanged } from './network-change.ts';
import { espSeen, stalled } from './one-way.ts';
import { otherWaysFound } from './other-ways.ts';
import { lookWhenDue, pathOpened, pathsFound } from './paths/follow-paths.ts';
import { keepAlive, networkRecalled, silenceEnded } from './paths/know-network.ts';
import { endRace, feedScout, raceWakeup, raceWhenDue, scoutOpened } from './race.ts';
import { renewalResolved, renewalWakeup, renewWhenDue } from './renewal.ts';
import { childInstalled, goodbyeWhenDue, networkApplied } from './standing.ts';

export type { IkeEngine } from './attempt.ts';
export type { ConnectionConfig, EngineTerms } from './course.ts';

/**
 * One connection from `connect` to the end, over one login after another. Sans-IO: the driver passes inputs with the
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
    const course = this.#course;
    if (course.phase.kind === 'waiting') return course.loss?.nextTryAt;
    const look = earliest(course.book?.lookAgainAt, course.book?.measureAt);
    let at = earliest(earliest(renewalWakeup(course), look), raceWakeup(course));
    for (const { engine } of course.attempts) at = earliest(at, engine?.nextWakeup());
    return at;
  }

  handle(input: TunnelInput, now: Instant): void {
    const course = this.#course;
    this.#handle(course, input, now);
    raceWhenDue(course, now);
    start(course, renewWhenDue(course, now), now);
    goodbyeWhenDue(course, now);
    if (keepAlive(course, now)) course.tellConnected();
  }

  #handle(course: Course, input: TunnelInput, now: Instant): void {
    switch (input.kind) {
      case 'connect':
        return connect(course);
      case 'disconnect':
        return disconnect(course, now);
      case 'resolved':
        return course.phase.kind === 'connected'
          ? foundForRenewal(course, input, now)
          : resolved(course, input, now);
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
      case 'datagram':
        return datagram(course, input, now);
      case 'silence':
        silenceEnded(course, input, now);
        return carryOut(course, now);
      case 'traffic-seen':
        return espSeen(course, input.at, now);
      case 'child-used':
      case 'child-carried':
        return commandAll(course, input, now);
      case 'child-wanted':
        return commandAll(course, { kind: 'wake-child', inboundSpi: input.inboundSpi }, now);
      case 'rekey-due':
        return commandAll(course, { kind: 'rekey-child', inboundSpi: input.inboundSpi }, now);
      case 'busy':
        course.busy = true;
        return commandAll(course, { kind: 'widen' }, now);
      case 'network-changed':
        return networkChanged(course, input.local, now);
      case 'paths-found':
        if (course.phase.kind === 'login') otherWaysFound(course, input.paths, now);
        else pathsFound(course, input, now);
        return carryOut(course, now);
      case 'path-opened':
        pathOpened(course, input, now);
        return carryOut(course, now);
      case 'network-recalled':
        networkRecalled(course, input, now);
        return carryOut(course, now);
      case 'stalled':
        return stalled(course, now);
      case 'probe':
        return course.phase.kind === 'connected' ? command(course, { kind: 'probe' }, now) : undefined;
      case 'transport-failed':
        return abandon(course, input.error, now);
      case 'answer': {
        const asked = course.asked(input.id);
        if (asked === undefined) return;
        return feed(course, asked.attempt, { kind: 'answer', id: asked.id, answer: input.answer }, now);
      }
      case 'scout-opened':
        return moveLogin(course, scoutOpened(course, input.scout, input.result, now), now);
      case 'scout-datagram': {
        const heard = { kind: 'datagram', octets: input.octets, via: 'ike' } as const;
        return moveLogin(course, feedScout(course, input.scout, heard, now), now);
      }
      case 'timeout':
        return timeout(course, now);
    }
  }
}

function datagram(
  course: Course,
  { octets, marker, path, from, silentMs = 0 }: Extract<TunnelInput, { kind: 'datagram' }>,
  now: Instant,
): void {
  const via: IkePort = marker ? 'nat-traversal' : 'ike';
  const owner = ownerOf(course, octets);
  const before = owner?.engine?.asked;
  feed(course, owner, { kind: 'datagram', octets, via, path, from }, now);
  // What the gateway asks of its own accord came in without our having opened the way for it.
  if (owner?.engine?.asked === before || path !== course.attempt?.paths?.current.id) return;
  silenceEnded(course, { kind: 'silence', ms: silentMs, endedBy: 'gateway' }, now);
  carryOut(course, now);
}

function timeout(course: Course, now: Instant): void {
  if (course.phase.kind === 'waiting') return tryWhenDue(course, now);
  for (const id of [...course.scouts.keys()])
    moveLogin(course, feedScout(course, id, { kind: 'timeout' }, now), now);
  lookWhenDue(course, now);
  carryOut(course, now);
  feedAll(course, { kind: 'timeout' }, now);
}

/** Whose IKE SA a datagram names; what nobody knows is counted at the present login. */
function ownerOf(course: Course, octets: Uint8Array): Attempt | undefined {
  const { attempts } = course;
  return attempts.length > 1
    ? (attempts.find(({ engine }) => engine?.owns(octets)) ?? attempts[0])
    : attempts[0];
}

function feedAll(course: Course, input: IkeInput, now: Instant): void {
  for (const attempt of course.attempts) feed(course, attempt, input, now);
}

function commandAll(course: Course, command: IkeCommand, now: Instant): void {
  feedAll(course, { kind: 'command', command }, now);
}

function start(course: Course, attempt: Attempt | undefined, now: Instant): void {
  feed(course, attempt, { kind: 'command', command: { kind: 'connect' } }, now);
}

function foundForRenewal(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'resolved' }>,
  now: Instant,
): void {
  const attempt = renewalResolved(course, result.ok ? result.value : [], now);
  if (attempt !== 'elsewhere') return start(course, attempt, now);
  const remote = course.attempt?.remote;
  const gateway = remote === undefined ? '' : formatIpAddress(remote);
  giveUp(course, failure('peer.redirected', { gateway, to: course.detour?.host ?? '' }), now);
}

function disconnect(course: Course, now: Instant): void {
  const { phase } = course;
  dismissRenewal(course, now);
  endRace(course, now);
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
