import { failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import { computeNetworkPlan } from './compute-network-plan.ts';
import type { Course } from './course.ts';
import { giveUp } from './drive-engine.ts';
import type { TunnelInput } from './io.ts';
import { samePlan } from './network-plan.ts';

/*
 * From the end of the login to a connection that carries traffic.
 */

export function childInstalled(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'child-installed' }>,
  now: Instant,
): void {
  if (course.phase.kind !== 'configuring' && course.phase.kind !== 'connected') return;
  const { attempt } = course.phase;
  if (!result.ok) return giveUp(course, result.error, now);
  // A child that replaces another one changes nothing of the network.
  if (attempt.plan !== undefined) return;
  const { config, children } = attempt;
  const child = children.current;
  if (config === undefined || child === undefined) return giveUp(course, failure('peer.no-address'), now);
  const plan = computeNetworkPlan(config, child.remoteSelectors, course.config.network);
  if (!plan.ok) return giveUp(course, plan.error, now);
  attempt.plan = plan.value;
  const standing = course.plan;
  const replaced = standing === undefined ? 'new' : 'replaced';
  const change = standing !== undefined && samePlan(standing, plan.value) ? 'same' : replaced;
  course.plan = plan.value;
  course.emit({ kind: 'apply-network', plan: plan.value, change });
}

export function networkApplied(
  course: Course,
  { result }: Extract<TunnelInput, { kind: 'network-applied' }>,
  now: Instant,
): void {
  // Then nothing of it is in force.
  if (!result.ok) course.plan = undefined;
  // Whatever happened meanwhile has already asked for `undo-network`, which comes after this in the driver's queue.
  if (course.phase.kind !== 'configuring') return;
  const { attempt } = course.phase;
  if (!result.ok) return giveUp(course, result.error, now);
  course.phase = { kind: 'connected', attempt };
  course.connectedAt = now;
  course.earlierLoss = course.loss;
  course.loss = undefined;
  if (!course.tellConnected())
    giveUp(course, failure('misuse', { reason: 'connected without details' }), now);
}
