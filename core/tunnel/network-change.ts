import { formatIpAddress, type IpAddress, sameAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import type { Attempt } from './attempt.ts';
import { tryWhenDue } from './connecting.ts';
import type { Course } from './course.ts';
import { dismiss } from './dismiss.ts';
import { command } from './drive-engine.ts';
import { abandon } from './leaving.ts';
import { addressChanged } from './reconnect-policy.ts';
import { renewalMoved } from './renewal.ts';

/** Links, addresses or routes changed: `local` is as in the input `network-changed`. */
export function networkChanged(course: Course, local: IpAddress | 'none' | undefined, now: Instant): void {
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
  if (kind === 'connected' && attempt !== undefined && roams(course, attempt, local, now)) return;
  const moved = local !== undefined && from !== undefined && !sameAddress(local, from);
  const stands = kind === 'connected' || (course.loss !== undefined && kind !== 'closing');
  if (moved && stands && course.config.reconnect === true)
    return loseAddress(course, addressChanged(formatIpAddress(from), formatIpAddress(local)), now);
  if (kind === 'connected') command(course, { kind: 'probe' }, now);
}

/** True when the gateway follows us to another address: the connection stays. @rfc 4555 */
function roams(
  course: Course,
  { summary, local: from }: Attempt,
  local: IpAddress | undefined,
  now: Instant,
): boolean {
  if (summary?.mobike !== true || from === undefined || local?.family !== from.address.family) return false;
  command(course, { kind: 'roam', local: { address: local, port: from.port } }, now);
  return true;
}

/** The SA is bound to an address that is gone. What reaches the gateway of a goodbye frees the inner address there. */
function loseAddress(course: Course, error: Failure, now: Instant): void {
  const { attempt } = course;
  if (attempt !== undefined) dismiss(course, attempt, now);
  abandon(course, error, now);
  if (course.phase.kind === 'closing-transport') course.loss?.hurry(now);
}
