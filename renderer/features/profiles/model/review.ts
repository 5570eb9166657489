import type { Failure } from '../../../../core/base/errors.ts';
import { type FieldProblem, fieldProblem, problemOf } from '../../../../core/profile/field-problem.ts';
import { parseProfile } from '../../../../core/profile/parse-profile.ts';
import { requireSelfContained } from '../../../../core/profile/self-contained.ts';
import { type Draft, formatDraft, valueAt } from './draft.ts';
import { splitFields } from './profile-fields.ts';

export interface Review {
  readonly text: string;
  /** What must be corrected before the daemon takes it, by the path of the field. */
  readonly problems: ReadonlyMap<string, FieldProblem>;
  /** Those of fields that are not shown, by their path. */
  readonly elsewhere: ReadonlyMap<string, FieldProblem>;
  /** Whether the daemon would take it. */
  readonly good: boolean;
}

/** What the daemon would say of a draft, without asking it. */
export function review(draft: Draft): Review {
  const text = formatDraft(draft);
  const failures = failuresOf(text);
  const { essential, changed } = splitFields(draft);
  const shown = new Set([...essential, ...changed].map(({ path }) => path));
  const problems = new Map<string, FieldProblem>();
  const elsewhere = new Map<string, FieldProblem>();
  for (const { detail } of failures) {
    const field = String(detail['field'] ?? '');
    const path = field === 'trust' ? 'trust.ca' : shownPath(field, shown);
    const found = problemOf(detail) ?? fieldProblem('not-valid');
    const problem = valueAt(draft, path) === '' ? fieldProblem('required') : found;
    const into = shown.has(path) ? problems : elsewhere;
    if (!into.has(path)) into.set(path, problem);
  }
  return { text, problems, elsewhere, good: failures.length === 0 };
}

/** The field that is shown and has the problem in it: `children` for `children.0.ports`. */
function shownPath(field: string, shown: ReadonlySet<string>): string {
  const parts = field.split(/[.[]/);
  const paths = parts.map((_, index) => parts.slice(0, parts.length - index).join('.'));
  return paths.find((path) => shown.has(path)) ?? field;
}

function failuresOf(text: string): readonly Failure[] {
  const parsed = parseProfile(text, 'profile.json');
  if (!parsed.ok) return parsed.error;
  const contained = requireSelfContained(parsed.value, 'profile.json');
  return contained.ok ? [] : [contained.error];
}
