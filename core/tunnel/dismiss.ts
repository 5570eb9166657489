import type { Instant } from '../base/time.ts';
import { type Attempt, dropEngine } from './attempt.ts';
import type { Course } from './course.ts';

/**
 * Ends an engine whose end nobody waits for: what reaches the gateway of a goodbye frees the inner address there.
 * Its CHILD SAs leave the data plane.
 */
export function dismiss(course: Course, attempt: Attempt, now: Instant): void {
  const { engine } = attempt;
  if (engine === undefined) return;
  delete attempt.engine;
  let closed = false;
  for (const command of ['disconnect', 'abandon'] as const) {
    if (closed) break;
    engine.handle({ kind: 'command', command: { kind: command } }, now);
    for (let output = engine.poll(); output !== undefined; output = engine.poll()) {
      if (output.kind === 'closed') closed = true;
      if (output.kind === 'transmit') course.transmit(attempt, output);
      if (output.kind === 'child-remove')
        course.emit({ kind: 'remove-child', inboundSpi: output.inboundSpi });
    }
  }
}

/** A login that was to follow the present one is not wanted any more. */
export function dismissRenewal(course: Course, now: Instant): void {
  const { renewal } = course;
  course.renewal = undefined;
  if (renewal?.attempt !== undefined) dismiss(course, renewal.attempt, now);
}

/** Every login but the present one: the transport that they share goes. */
export function dismissOthers(course: Course, now: Instant): void {
  const { retiring } = course;
  dismissRenewal(course, now);
  for (const attempt of retiring) {
    if (attempt.goodbyeAt !== undefined) dismiss(course, attempt, now);
    dropEngine(attempt, now);
  }
  retiring.clear();
}
