import type { Failure } from '../../../base/errors.ts';
import type { Result } from '../../../base/result.ts';
import type { DnsPlan } from '../../../tunnel/network-plan.ts';
import type { DnsRecord } from '../plan/step.ts';

/** A DnsPlan whose names were checked: they hold nothing but labels, so no line can be slipped into a file. */
export type DnsSettings = DnsPlan;

/** The TUN device. */
export interface DnsLink {
  readonly name: string;
  readonly index: number;
}

/**
 * One way to tell this machine which name servers to ask. `prepare` looks and changes nothing; what it returns goes
 * to the journal before `apply` changes anything, and is all that `undo` needs. `undo` may be called twice, and for
 * a record that was never applied.
 */
export interface DnsStrategy {
  readonly name: DnsRecord['strategy'];
  /** Is this what resolves names here? */
  detect(): Promise<boolean>;
  prepare(link: DnsLink, settings: DnsSettings): Promise<Result<DnsRecord, Failure>>;
  /** Warnings come as values beside success. */
  apply(record: DnsRecord, settings: DnsSettings): Promise<Result<readonly Failure[], Failure>>;
  undo(record: DnsRecord): Promise<Result<undefined, Failure>>;
  close(): Promise<void>;
}
