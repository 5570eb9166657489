import { renameSync } from 'node:fs';
import { type Failure, failure } from '../../../base/errors.ts';
import { ResolvConfStrategy } from '../dns/resolv-conf.ts';
import {
  bootId,
  Journal,
  journalDirectoryDefault,
  listJournals,
  networkNamespace,
  ownerLives,
  readJournal,
} from './journal.ts';
import { type PlanOptions, undoJournal } from './network-plan-applier.ts';

/** What was found of one earlier daemon. */
export interface Recovery {
  readonly journal: string;
  /**
   * - undone: everything it had changed is taken back
   * - incomplete: some of it could not be; it is tried again at the next start
   * - in-use: its daemon still runs, and was left alone
   * - elsewhere: it belongs to another network namespace, and was left alone
   * - refused: the file is not a journal; it was set aside under the name ending in `.bad`
   */
  readonly outcome: 'undone' | 'incomplete' | 'in-use' | 'elsewhere' | 'refused';
  readonly failures: readonly Failure[];
}

/**
 * To be called at the start, before anything is applied: takes back what a daemon left that was killed before it
 * could. Never fails as a whole; each journal says how it went.
 */
export async function recoverFromJournal(options: PlanOptions = {}): Promise<readonly Recovery[]> {
  const directory = options.journalDirectory ?? journalDirectoryDefault;
  const recoveries: Recovery[] = [];
  for (const path of listJournals(directory)) recoveries.push(await recoverOne(directory, path, options));
  const dnsInUse = recoveries.some((each) => each.outcome === 'in-use' || each.outcome === 'elsewhere');
  if (options.dns !== false && !dnsInUse && new ResolvConfStrategy(options.dns).restoreOrphan())
    recoveries.push({ journal: '', outcome: 'undone', failures: [] });
  return recoveries;
}

async function recoverOne(directory: string, path: string, options: PlanOptions): Promise<Recovery> {
  const read = readJournal(path);
  if (!read.ok) return { journal: path, outcome: 'refused', failures: [read.error, ...setAside(path)] };
  const { owner } = read.value;
  if (ownerLives(owner)) return { journal: path, outcome: 'in-use', failures: [] };
  const sameBoot = owner.bootId === bootId();
  if (sameBoot && owner.namespace !== networkNamespace())
    return { journal: path, outcome: 'elsewhere', failures: [] };
  const journal = Journal.adopt(directory, path, read.value);
  // Of an earlier boot only files are left.
  const lasting = journal.steps.filter(
    (step) => sameBoot || (step.kind === 'dns' && step.record.strategy === 'resolv-conf'),
  );
  const kept = journal.replace(lasting);
  const failures = kept.ok ? await undoJournal(journal, options) : [kept.error];
  return { journal: path, outcome: journal.steps.length === 0 ? 'undone' : 'incomplete', failures };
}

function setAside(path: string): readonly Failure[] {
  try {
    renameSync(path, `${path}.bad`);
    return [];
  } catch {
    return [failure('system.journal', { file: path, reason: 'it cannot be set aside' })];
  }
}
