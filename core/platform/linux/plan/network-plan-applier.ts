import type { IpAddress } from '../../../base/address.ts';
import { type Failure, failure } from '../../../base/errors.ts';
import { type LogSink, silent } from '../../../base/log.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { NetworkPlan } from '../../../tunnel/network-plan.ts';
import { type DnsOptions, DnsSwitch } from '../dns/dns-switch.ts';
import { RtnetlinkClient } from '../netlink/rtnetlink-client.ts';
import { Journal, journalDirectoryDefault } from './journal.ts';
import { addressSteps, routeSteps, ruleSteps } from './routing-steps.ts';
import type { DnsRecord, LinkStep, Step } from './step.ts';
import { doStep, type KernelStep, type StepContext, undoStep } from './step-runner.ts';
import { Sysctl } from './sysctl.ts';
import { hasIpv6, sysctlSteps, withoutIpv6 } from './system-facts.ts';

export interface PlanOptions {
  /** Where the journal goes; `/run/godwit` unless a test says otherwise. Kept by root alone. */
  readonly journalDirectory?: string;
  /** The gateway's outer address: with it, settings are left alone that only matter when a route covers it. */
  readonly gateway?: IpAddress;
  /** How names are resolved here; `false` leaves name resolution alone. */
  readonly dns?: DnsOptions | false;
  /** A plan whose DNS cannot be set up is a failure, unless this is true: then it is a warning. */
  readonly dnsOptional?: boolean;
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
  wished: NetworkPlan,
  options: PlanOptions = {},
): Promise<Result<AppliedPlan, Failure>> {
  const sysctl = new Sysctl(options.sysctlRoot);
  const plan = hasIpv6(sysctl) ? wished : withoutIpv6(wished);
  const warnings: Failure[] = plan === wished || !uses6(wished) ? [] : [failure('system.no-ipv6')];
  const journal = Journal.create(options.journalDirectory ?? journalDirectoryDefault, plan.device);
  if (!journal.ok) return journal;
  const opened = RtnetlinkClient.open();
  if (!opened.ok) return opened;
  using netlink = opened.value;
  const context: StepContext = { netlink, sysctl };
  const applied = applyKernelSteps(plan, journal.value, context, options, warnings);
  const dns = applied.ok ? await applyDns(plan, journal.value, netlink, options, warnings) : applied;
  if (dns.ok) return ok({ plan, journal: journal.value, warnings, ...dns.value });
  const left = await undoSteps(journal.value, context, options);
  for (const failed of left)
    log(options)({ level: 'warn', event: 'plan.undo-failed', fields: { code: failed.code } });
  return dns;
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

/** As `undoNetworkPlan`, from the journal alone. */
export async function undoJournal(journal: Journal, options: PlanOptions): Promise<readonly Failure[]> {
  const opened = RtnetlinkClient.open();
  if (!opened.ok) return [opened.error];
  using netlink = opened.value;
  // Awaited here: the socket closes when this function ends.
  return await undoSteps(journal, { netlink, sysctl: new Sysctl(options.sysctlRoot) }, options);
}

function applyKernelSteps(
  plan: NetworkPlan,
  journal: Journal,
  context: StepContext,
  options: PlanOptions,
  warnings: Failure[],
): Result<undefined, Failure> {
  const link = linkStep(plan, context.netlink);
  if (!link.ok) return link;
  // Rules come after the routes that they lead to.
  const groups: readonly (readonly KernelStep[])[] = [
    [link.value],
    sysctlSteps(plan, context.sysctl, options.gateway),
    [...addressSteps(plan), ...routeSteps(plan)],
    ruleSteps(plan),
  ];
  for (const group of groups) {
    if (group.length === 0) continue;
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
  }
  return ok();
}

function linkStep(plan: NetworkPlan, netlink: RtnetlinkClient): Result<LinkStep, Failure> {
  const link = netlink.link(plan.device);
  if (!link.ok) return link;
  if (link.value === undefined)
    return err(failure('system.call', { call: `link ${plan.device}`, errno: 'ENODEV' }));
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
    if (done.ok) {
      warnings.push(...done.value.warnings);
      return ok({ dnsStrategy: done.value.strategy });
    }
    if (options.dnsOptional !== true) return done;
    warnings.push(done.error);
    return ok({});
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
  const dns = options.dns === false ? undefined : new DnsSwitch(options.dns);
  for (const step of [...journal.steps].reverse()) {
    const undone = step.kind === 'dns' ? ((await dns?.undo(step.record)) ?? ok()) : undoStep(step, context);
    if (undone.ok) continue;
    failures.push(undone.error);
    // A file that somebody else has changed is theirs now.
    if (undone.error.code !== 'system.dns-changed') left.unshift(step);
  }
  await dns?.close();
  const kept = journal.replace(left);
  if (!kept.ok) failures.push(kept.error);
  return failures;
}

function uses6(plan: NetworkPlan): boolean {
  return plan.addresses.some((prefix) => prefix.address.family === 6);
}

function log(options: PlanOptions): LogSink {
  return options.log ?? silent;
}
