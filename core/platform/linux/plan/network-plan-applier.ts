import type { IpAddress } from '../../../base/address.ts';
import { type Failure, failure, formatFailure } from '../../../base/errors.ts';
import { type LogSink, silent } from '../../../base/log.ts';
import { ok, type Result } from '../../../base/result.ts';
import type { NetworkPlan } from '../../../tunnel/network-plan.ts';
import { type DnsOptions, DnsSwitch } from '../dns/dns-switch.ts';
import { RtnetlinkClient } from '../netlink/rtnetlink-client.ts';
import { Journal, journalDirectoryDefault } from './journal.ts';
import { addressSteps, routeSteps, ruleSteps } from './routing-steps.ts';
import type { DnsRecord, LinkStep, Step } from './step.ts';
import { doStep, type KernelStep, presentLink, StepContext, undoStep } from './step-runner.ts';
import { plannedIpv6, sysctlSteps } from './system-facts.ts';

/** What this machine, or a test, has otherwise than usual. */
export interface PlanOptions {
  /** Where the journal goes; `/run/godwit` unless a test says otherwise. Kept by root alone. */
  readonly journalDirectory?: string;
  /** The gateway's outer address: with it, settings are left alone that only matter when a route covers it. */
  readonly gateway?: IpAddress;
  /** How names are resolved here; `false` sets no name servers (those of an earlier plan are still taken back). */
  readonly dns?: DnsOptions | false;
  /** `/proc/sys`, unless a test says otherwise. */
  readonly sysctlRoot?: string;
  readonly log?: LogSink;
}

/** A plan that is in force. `undoNetworkPlan` takes it back. */
export interface AppliedPlan {
  readonly plan: NetworkPlan;
  readonly journal: Journal;
  /** What did not go as wished, but does not stop the tunnel. */
  readonly warnings: readonly Failure[];
  /** How names are resolved now; absent when the plan has no DNS. */
  readonly dnsStrategy?: DnsRecord['strategy'];
}

/**
 * Does what the plan says. The device must exist. Each group of changes is in the journal, on disk, before it is
 * made. When one fails, everything is taken back and the failure returned.
 */
export async function applyNetworkPlan(
  plan: NetworkPlan,
  options: PlanOptions = {},
): Promise<Result<AppliedPlan, Failure>> {
  const journal = Journal.create(options.journalDirectory ?? journalDirectoryDefault, plan.device);
  if (!journal.ok) return journal;
  const opened = StepContext.open(options.sysctlRoot);
  if (!opened.ok) return opened;
  using context = opened.value;
  if (journal.value.steps.length > 0) await undoSteps(journal.value, context, options);
  const applied = await attempt(plan, journal.value, context, options);
  if (applied.ok) return applied;
  const log = options.log ?? silent;
  for (const left of await undoSteps(journal.value, context, options))
    log({ level: 'warn', event: 'plan.not-undone', fields: { problem: formatFailure(left) } });
  return applied;
}

async function attempt(
  wished: NetworkPlan,
  journal: Journal,
  context: StepContext,
  options: PlanOptions,
): Promise<Result<AppliedPlan, Failure>> {
  const warnings: Failure[] = [];
  const plan = applyKernelSteps(wished, journal, context, options, warnings);
  if (!plan.ok) return plan;
  const dns = await applyDns(plan.value, journal, context.netlink, options, warnings);
  return dns.ok ? ok({ plan: plan.value, journal, warnings, ...dns.value }) : dns;
}

/**
 * Makes the kernel's part of a plan true again, where another program took something of it away (systemd-networkd
 * removes rules that it does not know). Changes nothing that is in place.
 */
export function repairNetworkPlan(applied: AppliedPlan, options: PlanOptions = {}): readonly Failure[] {
  const opened = StepContext.open(options.sysctlRoot);
  if (!opened.ok) return [opened.error];
  using context = opened.value;
  return applied.journal.steps.flatMap((step) => {
    if (step.kind === 'dns' || step.kind === 'sysctl') return [];
    const done = doStep(step, context);
    return done.ok ? [] : [done.error];
  });
}

/**
 * Takes a plan back, last change first. May be called twice. Returns what could not be taken back: that stays in
 * the journal for the next start.
 */
export async function undoNetworkPlan(
  applied: AppliedPlan,
  options: PlanOptions = {},
): Promise<readonly Failure[]> {
  return undoJournal(applied.journal, options);
}

/**
 * Gives name resolution back to this machine while the rest of the plan stays in force, for a lookup outside the tunnel.
 * `resumePlanDns` is its reverse. Does nothing to a plan without DNS.
 */
export async function suspendPlanDns(
  applied: AppliedPlan,
  options: PlanOptions = {},
): Promise<readonly Failure[]> {
  const { journal } = applied;
  const dns = new DnsSwitch(options.dns === false ? {} : options.dns);
  const failures: Failure[] = [];
  const kept: Step[] = [];
  for (const step of journal.steps) {
    const undone = step.kind === 'dns' ? await dns.undo(step.record) : undefined;
    if (undone === undefined || !undone.ok) kept.push(step);
    if (undone !== undefined && !undone.ok) failures.push(undone.error);
  }
  await dns.close();
  const replaced = kept.length === journal.steps.length ? ok() : journal.replace(kept);
  return replaced.ok ? failures : [...failures, replaced.error];
}

/** Sets the plan's name servers, where they are not in force. */
export async function resumePlanDns(
  applied: AppliedPlan,
  options: PlanOptions = {},
): Promise<readonly Failure[]> {
  if (applied.journal.steps.some((step) => step.kind === 'dns')) return [];
  const opened = RtnetlinkClient.open();
  if (!opened.ok) return [opened.error];
  using netlink = opened.value;
  const warnings: Failure[] = [];
  const done = await applyDns(applied.plan, applied.journal, netlink, options, warnings);
  return done.ok ? warnings : [done.error];
}

/** As `undoNetworkPlan`, from the journal alone. */
export async function undoJournal(journal: Journal, options: PlanOptions): Promise<readonly Failure[]> {
  const opened = StepContext.open(options.sysctlRoot);
  if (!opened.ok) return [opened.error];
  using context = opened.value;
  // Awaited here: the socket closes when this function ends.
  return await undoSteps(journal, context, options);
}

/** Returns the plan that is in force, which has no IPv6 where the device does not take any. */
function applyKernelSteps(
  wished: NetworkPlan,
  journal: Journal,
  context: StepContext,
  options: PlanOptions,
  warnings: Failure[],
): Result<NetworkPlan, Failure> {
  const link = linkStep(wished, context.netlink);
  if (!link.ok) return link;
  const device = doGroup([link.value], journal, context, warnings);
  if (!device.ok) return device;
  const settings = doGroup(sysctlSteps(wished, context.sysctl, options.gateway), journal, context, warnings);
  if (!settings.ok) return settings;
  const plan = plannedIpv6(wished, context.sysctl);
  if (plan.addresses.length < wished.addresses.length) warnings.push(failure('system.no-ipv6'));
  // Rules come after the routes that they lead to.
  for (const group of [[...addressSteps(plan), ...routeSteps(plan)], ruleSteps(plan)]) {
    const done = doGroup(group, journal, context, warnings);
    if (!done.ok) return done;
  }
  return ok(plan);
}

/** Records, then does. */
function doGroup(
  group: readonly KernelStep[],
  journal: Journal,
  context: StepContext,
  warnings: Failure[],
): Result<undefined, Failure> {
  if (group.length === 0) return ok();
  const recorded = journal.record(group);
  if (!recorded.ok) return recorded;
  for (const step of group) {
    const done = doStep(step, context);
    if (done.ok) continue;
    // Settings belong to root of the machine; in a user namespace the tunnel may well work without.
    if (step.kind !== 'sysctl') return done;
    if (step.name.endsWith('rp_filter'))
      warnings.push(failure('system.reverse-path', { errno: done.error.detail['errno'] ?? '' }));
  }
  return ok();
}

function linkStep(plan: NetworkPlan, netlink: RtnetlinkClient): Result<LinkStep, Failure> {
  const link = presentLink(plan.device, netlink);
  if (!link.ok) return link;
  const before = { mtu: link.value.mtu, up: link.value.up };
  return ok({ kind: 'link', device: plan.device, mtu: plan.mtu, before });
}

async function applyDns(
  plan: NetworkPlan,
  journal: Journal,
  netlink: RtnetlinkClient,
  options: PlanOptions,
  warnings: Failure[],
): Promise<Result<{ dnsStrategy?: DnsRecord['strategy'] }, Failure>> {
  if (plan.dns === undefined || plan.dns.servers.length === 0 || options.dns === false) return ok({});
  const link = netlink.link(plan.device);
  if (!link.ok) return link;
  const dns = new DnsSwitch(options.dns);
  try {
    const done = await dns.apply({ name: plan.device, index: link.value?.index ?? 0 }, plan.dns, journal);
    if (!done.ok) return done;
    warnings.push(...done.value.warnings);
    return ok({ dnsStrategy: done.value.strategy });
  } finally {
    await dns.close();
  }
}

async function undoSteps(
  journal: Journal,
  context: StepContext,
  options: PlanOptions,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const left: Step[] = [];
  const dns = new DnsSwitch(options.dns === false ? {} : options.dns);
  for (const step of [...journal.steps].reverse()) {
    const undone = step.kind === 'dns' ? await dns.undo(step.record) : undoStep(step, context);
    if (undone.ok) continue;
    failures.push(undone.error);
    // A file that somebody else has changed is theirs now.
    if (undone.error.code !== 'system.dns-changed') left.unshift(step);
  }
  await dns.close();
  const kept = journal.replace(left);
  if (!kept.ok) failures.push(kept.error);
  return failures;
}
