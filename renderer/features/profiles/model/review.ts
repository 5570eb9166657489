import { type FieldProblem, fieldProblem, problemOf } from '../../../../core/profile/field-problem.ts';
import { parseSelfContained } from '../../../../core/profile/self-contained.ts';
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
  const parsed = parseSelfContained(text, 'profile.json');
  const failures = parsed.ok ? [] : parsed.error;
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
