import { failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { Course } from './course.ts';
import { carryOut, command, giveUp } from './drive-engine.ts';

/*
 * Traffic that goes one way only.
 */

/** Packets go into the tunnel, and for seconds none has come out of it. */
export function stalled(course: Course, now: Instant): void {
  const { phase, espSilence, config, renewal } = course;
  if (phase.kind !== 'connected') return;
  const { attempt } = phase;
  if (attempt.paths !== undefined) attempt.paths.doubtSize = true;
  const { since } = espSilence;
  const remedy = renewal === undefined ? espSilence.stalled(course.provenAt, now) : 'wait';
  if (remedy === 'login' && config.reconnect === true) {
    const seconds = Math.round((now - (since ?? now)) / 1_000);
    return giveUp(course, failure('peer.esp-silent', { seconds }), now);
  }
  const { current } = attempt.children;
  if (remedy === 'rekey' && current !== undefined) {
    course.detailsChanged = true;
    course.order({ kind: 'rekey-child', inboundSpi: current.inbound.spi });
  }
  const servers = course.plan?.dns?.servers ?? [];
  if (remedy !== 'wait' && servers.length > 0) course.emit({ kind: 'knock', servers });
  command(course, { kind: 'probe', urgent: true }, now);
}

/** Authentic ESP came in at `at`. */
export function espSeen(course: Course, at: Instant, now: Instant): void {
  if (course.provenAt === undefined || at > course.provenAt) course.provenAt = at;
  if (course.espSilence.heard(at)) course.detailsChanged = true;
  command(course, { kind: 'traffic-seen', at }, now);
  carryOut(course, now);
}
