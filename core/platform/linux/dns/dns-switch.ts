import { type Failure, failure } from '../../../base/errors.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import type { DnsPlan } from '../../../tunnel/network-plan.ts';
import type { Journal } from '../plan/journal.ts';
import type { DnsRecord } from '../plan/step.ts';
import type { DnsLink, DnsSettings, DnsStrategy } from './dns-strategy.ts';
import { checkDomains } from './domain-names.ts';
import { ResolvConfStrategy } from './resolv-conf.ts';
import { ResolvconfStrategy } from './resolvconf.ts';
import { ResolvedStrategy } from './resolved.ts';

/** Where each strategy looks; every field has the system's usual value. */
export interface DnsOptions {
  /** D-Bus address of the system bus. */
  readonly busAddress?: string;
  /** Path of the resolvconf command, or `false` when it is not to be used. */
  readonly resolvconf?: string | false;
  readonly resolvConf?: string;
  readonly nsswitch?: string;
  /** Patience with D-Bus and commands. */
  readonly timeoutMs?: number;
}

/**
 * Chooses how to tell this machine its name servers: systemd-resolved, else resolvconf, else the file itself. A
 * strategy that is there and fails makes room for the next one.
 */
export class DnsSwitch {
  readonly #strategies: readonly DnsStrategy[];

  constructor(options: DnsOptions = {}) {
    this.#strategies = [
      new ResolvedStrategy(options),
      new ResolvconfStrategy(options),
      new ResolvConfStrategy(options),
    ];
  }

  async apply(
    link: DnsLink,
    plan: DnsPlan,
    journal: Journal,
  ): Promise<Result<{ strategy: DnsRecord['strategy']; warnings: readonly Failure[] }, Failure>> {
    const { settings, warnings } = checked(plan);
    let last: Failure = failure('system.dns', { strategy: 'any means', reason: 'none is there' });
    for (const strategy of this.#strategies) {
      if (!(await strategy.detect())) continue;
      const done = await applyOne(strategy, link, settings, journal);
      if (done.ok) return ok({ strategy: strategy.name, warnings: [...warnings, ...done.value] });
      last = done.error;
    }
    return err(last);
  }

  async undo(record: DnsRecord): Promise<Result<undefined, Failure>> {
    const strategy = this.#strategies.find((each) => each.name === record.strategy);
    return strategy === undefined ? ok() : strategy.undo(record);
  }

  async close(): Promise<void> {
    for (const strategy of this.#strategies) await strategy.close();
  }
}

async function applyOne(
  strategy: DnsStrategy,
  link: DnsLink,
  settings: DnsSettings,
  journal: Journal,
): Promise<Result<readonly Failure[], Failure>> {
  const record = await strategy.prepare(link, settings);
  if (!record.ok) return record;
  const before = journal.steps;
  const recorded = journal.record([{ kind: 'dns', record: record.value }]);
  if (!recorded.ok) return recorded;
  const done = await strategy.apply(record.value, settings);
  if (done.ok) return done;
  const undone = await strategy.undo(record.value);
  // What could not be taken back stays in the journal.
  if (undone.ok) journal.replace(before);
  return done;
}

/** The gateway is believed about servers, but a name that is no name is left out. */
function checked(plan: DnsPlan): { settings: DnsSettings; warnings: readonly Failure[] } {
  const search = checkDomains(plan.searchDomains);
  const route = checkDomains(plan.routeDomains);
  const refused = search.refused + route.refused;
  return {
    settings: { servers: plan.servers, searchDomains: search.domains, routeDomains: route.domains },
    warnings: refused > 0 ? [failure('system.dns-name', { count: refused })] : [],
  };
}
