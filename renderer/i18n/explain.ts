import { type Explanation, explain, type Failure } from '../../core/base/errors.ts';
import {
  type FieldProblem,
  fieldProblems,
  fillProblem,
  problemOf,
} from '../../core/profile/field-problem.ts';
import { isolated } from '../ui/foreign-text.ts';
import type { Catalogue } from './en.ts';

/** What a user reads of a failure, in the language of the catalogue. Evidence from outside is shown, never obeyed. */
export function explainIn(text: Catalogue, error: Failure): Explanation {
  const problem = error.code === 'profile.invalid' ? problemOf(error.detail) : undefined;
  const detail = Object.fromEntries(
    Object.entries(error.detail).map(([name, value]) => [name, isolated(value)]),
  );
  const holder = String(error.detail['holder'] ?? '');
  if (Object.hasOwn(text.holders, holder)) detail['holder'] = text.holders[holder] ?? holder;
  if (problem !== undefined) detail['reason'] = problemWords(text, problem);
  const plain = explain({ ...error, detail });
  const words = Object.hasOwn(text.failures, error.code) ? text.failures[error.code] : undefined;
  if (words === undefined) return plain;
  const fill = (sentence: string) =>
    sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(detail[name] ?? '?'));
  return { what: fill(words.what), evidence: plain.evidence, next: fill(words.next) };
}

/** What is wrong with a field of a profile, in the language of the catalogue. What the profile says is shown as text. */
export function problemWords(text: Catalogue, { code, values }: FieldProblem): string {
  const plain = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isolated(value)]));
  return fillProblem(text.problems[code] ?? fieldProblems[code], plain);
}

/** How a field of a profile is called; one of a further login or certificate as in the first, with a word before. */
export function fieldWords(
  text: Catalogue,
  path: string,
): { readonly label: string; readonly help: string } | undefined {
  const words = Object.hasOwn(text.fields, path) ? text.fields[path] : undefined;
  if (words !== undefined) return words;
  const place = places.find(({ pattern }) => pattern.test(path));
  if (place === undefined) return undefined;
  const first = fieldWords(text, path.replace(place.pattern, place.like));
  const of = text.fields[place.of];
  return first && of && { label: `${of.label}: ${first.label}`, help: first.help };
}

/** Where fields stand that are called as others are. */
const places = [
  { pattern: /^secondAuthentication\./, like: 'authentication.', of: 'secondAuthentication' },
  { pattern: /^otherwise\[\]\./, like: 'authentication.', of: 'otherwise' },
  {
    pattern: /^authentication\.otherCertificates\[\]\./,
    like: 'authentication.certificate.',
    of: 'authentication.otherCertificates',
  },
] as const;

/** All of it as plain lines, for someone who helps. */
export function failureReport(text: Catalogue, error: Failure, facts: readonly string[]): string {
  const { what, evidence, next } = explainIn(text, error);
  const strip = (line: string) => line.replace(/[\u2068\u2069]/g, '');
  const lines = [what, `[${error.code}] ${evidence}`.trim(), next, ...facts];
  return lines.map(strip).join('\n');
}
