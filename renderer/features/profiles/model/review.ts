import type { Failure } from '../../../../core/base/errors.ts';
import { parseProfile } from '../../../../core/profile/parse-profile.ts';
import { requireSelfContained } from '../../../../core/profile/self-contained.ts';
import { type Draft, formatDraft } from './profile-fields.ts';

export interface Review {
  readonly text: string;
  /** What must be corrected before the daemon takes it, by the path of the field. */
  readonly problems: ReadonlyMap<string, string>;
  /** The same for a reader, with those that belong to no field that is shown. */
  readonly failures: readonly Failure[];
}

/** What the daemon would say of a draft, without asking it. */
export function review(draft: Draft): Review {
  const text = formatDraft(draft);
  const parsed = parseProfile(text, 'profile.json');
  const contained = parsed.ok ? requireSelfContained(parsed.value, 'profile.json') : undefined;
  const failures = parsed.ok
    ? contained === undefined || contained.ok
      ? []
      : [contained.error]
    : parsed.error;
  const problems = new Map<string, string>();
  for (const { detail } of failures) {
    const field = String(detail['field'] ?? '');
    const path = field === 'trust' ? 'trust.ca' : field.replace(/[.[]\d+\]?$/, '');
    if (!problems.has(path)) problems.set(path, String(detail['reason'] ?? ''));
  }
  return { text, problems, failures };
}
