import { formatIpAddress, type IpAddress, sameAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import { tryWhenDue } from './connecting.ts';
import type { Course } from './course.ts';
import { dismiss } from './dismiss.ts';
import { command } from './drive-engine.ts';
import { abandon } from './leaving.ts';
import { lookForPaths } from './paths/follow-paths.ts';
import { addressChanged } from './reconnect-policy.ts';
import { renewalMoved } from './renewal.ts';

/** Links, addresses or routes changed: `local` is as in the input `network-changed`. */
export function networkChanged(course: Course, local: IpAddress | 'none' | undefined, now: Instant): void {
  // A gateway that knows MOBIKE follows us to whatever works. @rfc 4555
  if (lookForPaths(course)) return;
  // Without any way to the gateway there is nobody to ask; its return comes as a change too.
  if (local === 'none') return;
  renewalMoved(course, local, now);
  const { phase, attempt } = course;
  const { kind } = phase;
  if (kind === 'waiting' || (phase.kind === 'closing-transport' && phase.next === 'wait')) {
    course.loss?.hurry(now);
    return tryWhenDue(course, now);
  }
  const from = attempt?.local?.address;
  // The way that the machine prefers is the one that was silent, and the login went another.
  const silent = local !== undefined && course.silentLocals.has(formatIpAddress(local));
  const moved = local !== undefined && from !== undefined && !silent && !sameAddress(local, from);
  const stands = kind === 'connected' || (course.loss !== undefined && kind !== 'closing');
  if (moved && stands && course.config.reconnect === true)
    return loseAddress(course, addressChanged(formatIpAddress(from), formatIpAddress(local)), now);
  if (kind === 'connected') command(course, { kind: 'probe' }, now);
}

/** The SA is bound to an address that is gone. What reaches the gateway of a goodbye frees the inner address there. */
function loseAddress(course: Course, error: Failure, now: Instant): void {
  const { attempt } = course;
  if (attempt !== undefined) dismiss(course, attempt, now);
  abandon(course, error, now);
  if (course.phase.kind === 'closing-transport') course.loss?.hurry(now);
}
