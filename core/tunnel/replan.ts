import { type Failure, failure } from '../base/errors.ts';
import { err, type Result } from '../base/result.ts';
import type { Attempt } from './attempt.ts';
import { computeNetworkPlan } from './compute-network-plan.ts';
import type { Course } from './course.ts';
import type { PlanChange } from './io.ts';
import { type NetworkPlan, samePlan } from './network-plan.ts';

/** What is to be done on this machine for the CHILD SAs that an attempt has now. */
export function planOf({ config }: Course, attempt: Attempt): Result<NetworkPlan, Failure> {
  const { config: assigned, children } = attempt;
  if (assigned === undefined || children.current === undefined) return err(failure('peer.no-address'));
  return computeNetworkPlan(assigned, children.remoteSelectors, config.network);
}

/** Other CHILD SAs than before carry packets: this machine sends into the tunnel what they may carry, no more and no less. */
export function replan(course: Course, attempt: Attempt): void {
  const standing = attempt.plan;
  if (course.phase.kind !== 'connected' || course.phase.attempt !== attempt || standing === undefined) return;
  const plan = planOf(course, attempt);
  if (!plan.ok || samePlan(standing, plan.value)) return;
  attempt.plan = plan.value;
  course.plan = plan.value;
  course.detailsChanged = true;
  applyNetwork(course, plan.value, 'replaced', 'children');
}

/** Asks for a plan to be put in force; the answers come in the order of the asking. */
export function applyNetwork(
  course: Course,
  plan: NetworkPlan,
  change: PlanChange,
  why: 'login' | 'children',
): void {
  course.applying.push(why);
  course.emit({ kind: 'apply-network', plan, change });
}
