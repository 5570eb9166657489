import type { Invariant } from './violation.ts';
import type { Totals } from './world.ts';

/** What a process that ran seeds says of them. */
export interface BatchReport {
  readonly failures: readonly {
    readonly seed: number;
    readonly invariant: Invariant;
    readonly what: string;
  }[];
  readonly totals: Totals;
}

export const noTotals: Totals = { logins: 0, rekeys: 0, packets: 0, events: 0, virtualMs: 0 };

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    logins: a.logins + b.logins,
    rekeys: a.rekeys + b.rekeys,
    packets: a.packets + b.packets,
    events: a.events + b.events,
    virtualMs: a.virtualMs + b.virtualMs,
  };
}
