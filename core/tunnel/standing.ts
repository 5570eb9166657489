import { type Failure, failure } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import type { Instant } from '../base/time.ts';
import type { Attempt } from './attempt.ts';
import type { Course, Renewal } from './course.ts';
import { feed, giveUp } from './drive-engine.ts';
import type { TunnelInput } from './io.ts';
import { samePlan } from './network-plan.ts';
import { lookForPaths } from './paths/follow-paths.ts';
import { keepAlive, lookAround } from './paths/know-network.ts';
import { renewalFailed, takeOver } from './renewal.ts';
import { applyNetwork, planOf, replan } from './replan.ts';

/*
 * From the end of a login to a connection that carries traffic.
 */

export function childInstalled(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'child-installed' }>,
  now: Instant,
): void {
  const attempt = course.installing.shift();
  const { phase, renewal } = course;
  if (phase.kind !== 'configuring' && phase.kind !== 'connected') return;
  if (attempt !== undefined && renewal?.attempt === attempt) {
    const installed = result.ok ? applyPlan(course, attempt) : result;
    if (!installed.ok) return renewalFailed(course, renewal, installed.error, now);
    return installed.value === 'same' ? replacePresent(course, renewal, now) : undefined;
  }
  if (attempt !== phase.attempt) return;
  if (!result.ok) return giveUp(course, result.error, now);
  const applied = applyPlan(course, attempt);
  if (!applied.ok) giveUp(course, applied.error, now);
}

/** Has the plan of this login applied; a CHILD SA that replaces another one changes nothing of it. */
function applyPlan(course: Course, attempt: Attempt): Result<'same' | 'asked' | 'known', Failure> {
  if (attempt.plan !== undefined) return ok('known');
  const plan = planOf(course, attempt);
  if (!plan.ok) return plan;
  attempt.plan = plan.value;
  const standing = course.plan;
  course.plan = plan.value;
  const same = standing !== undefined && samePlan(standing, plan.value);
  // The device is attached already where one login follows another.
  if (same && course.phase.kind === 'connected') return ok('same');
  const replaced = standing === undefined ? 'new' : 'replaced';
  applyNetwork(course, plan.value, same ? 'same' : replaced, 'login');
  return ok('asked');
}

export function networkApplied(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'network-applied' }>,
  now: Instant,
): void {
  // Then nothing of it is in force.
  if (!result.ok) course.plan = undefined;
  const { phase, renewal } = course;
  const why = course.applying.shift();
  if (phase.kind === 'connected') {
    if (!result.ok) return giveUp(course, result.error, now);
    if (why === 'children') return;
    if (renewal?.attempt?.plan !== undefined) return replacePresent(course, renewal, now);
    return keepPlan(course, phase.attempt);
  }
  // Whatever happened meanwhile has already asked for `undo-network`, which comes after this in the driver's queue.
  if (phase.kind !== 'configuring') return;
  const { attempt } = phase;
  if (!result.ok) return giveUp(course, result.error, now);
  course.phase = { kind: 'connected', attempt };
  course.connectedAt = now;
  course.earlierLoss = course.loss;
  course.loss = undefined;
  replan(course, attempt);
  keepAlive(course, now);
  if (!course.tellConnected())
    return giveUp(course, failure('misuse', { reason: 'connected without details' }), now);
  if (attempt.paths === undefined) return;
  lookAround(course, attempt.paths);
  // What the machine prefers was silent: it may have been for a moment.
  if (course.silentLocals.size > 0) lookForPaths(course);
}

/** The login whose plan was applied came to nothing meanwhile: the plan of the one that stands holds. */
function keepPlan(course: Course, { plan }: Attempt): void {
  if (plan === undefined || (course.plan !== undefined && samePlan(course.plan, plan))) return;
  course.plan = plan;
  applyNetwork(course, plan, 'replaced', 'login');
}

/** The login that follows takes the place of the present one. @rfc 4478 3 */
function replacePresent(course: Course, renewal: Renewal, now: Instant): void {
  takeOver(course, renewal, now);
  if (course.attempt !== undefined) replan(course, course.attempt);
}

/** A login that was replaced says goodbye when its last packets have had time to arrive. */
export function goodbyeWhenDue(course: Course, now: Instant): void {
  for (const attempt of [...course.retiring]) {
    if (attempt.goodbyeAt === undefined || attempt.goodbyeAt > now) continue;
    delete attempt.goodbyeAt;
    feed(course, attempt, { kind: 'command', command: { kind: 'disconnect' } }, now);
  }
}
