import type { Failure } from '../../../base/errors.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { NetworkPlan } from '../../../tunnel/network-plan.ts';
import type { AppliedPlan, PlanOptions } from './network-plan-applier.ts';
import { addressSteps, routeSteps, ruleSteps } from './routing-steps.ts';
import { doStep, type KernelStep, StepContext, undoStep } from './step-runner.ts';
import { plannedIpv6 } from './system-facts.ts';

/**
 * Brings the kernel from one plan to another on the same device: first all that is new, then away with what is no longer
 * wanted, so that a destination of both plans never leaves outside the tunnel. DNS is not touched. When a change fails, the
 * new ones are taken back and `applied` is as it was.
 */
export function replaceKernelPlan(
  applied: AppliedPlan,
  wished: NetworkPlan,
  options: PlanOptions,
): Result<AppliedPlan, Failure> {
  const opened = StepContext.open(options.sysctlRoot);
  if (!opened.ok) return opened;
  using context = opened.value;
  const plan = plannedIpv6(wished, context.sysctl);
  const wanted: readonly KernelStep[] = [...addressSteps(plan), ...routeSteps(plan), ...ruleSteps(plan)];
  const { journal } = applied;
  const before = journal.steps;
  const has = (steps: readonly unknown[]) => new Set(steps.map((step) => JSON.stringify(step)));
  const old = has(before);
  const fresh = wanted.filter((step) => !old.has(JSON.stringify(step)));
  const recorded = journal.record(fresh);
  if (!recorded.ok) return recorded;
  for (const step of fresh) {
    const done = doStep(step, context);
    if (done.ok) continue;
    for (const each of fresh.toReversed()) undoStep(each, context);
    journal.replace(before);
    return done;
  }
  const kept = has(wanted);
  const stale = before.filter((step) => isRouting(step) && !kept.has(JSON.stringify(step))).toReversed();
  const gone = new Set<unknown>();
  for (const step of stale) if (step.kind !== 'dns' && undoStep(step, context).ok) gone.add(step);
  const replaced = journal.replace(journal.steps.filter((step) => !gone.has(step)));
  return replaced.ok ? ok({ ...applied, plan }) : replaced;
}

function isRouting({ kind }: { readonly kind: string }): boolean {
  return kind === 'address' || kind === 'route' || kind === 'rule';
}
