import { type Explanation, explain, type Failure } from '../../core/base/errors.ts';
import { isolated } from '../ui/foreign-text.ts';
import type { Catalogue } from './en.ts';

/** What a user reads of a failure, in the language of the catalogue. Evidence from outside is shown, never obeyed. */
export function explainIn(text: Catalogue, error: Failure): Explanation {
  const detail = Object.fromEntries(
    Object.entries(error.detail).map(([name, value]) => [name, isolated(value)]),
  );
  const plain = explain({ ...error, detail });
  const words = Object.hasOwn(text.failures, error.code) ? text.failures[error.code] : undefined;
  if (words === undefined) return plain;
  const fill = (sentence: string) =>
    sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(detail[name] ?? '?'));
  return { what: fill(words.what), evidence: plain.evidence, next: fill(words.next) };
}

/** All of it as plain lines, for someone who helps. */
export function failureReport(text: Catalogue, error: Failure, facts: readonly string[]): string {
  const { what, evidence, next } = explainIn(text, error);
  const strip = (line: string) => line.replace(/[\u2068\u2069]/g, '');
  const lines = [what, `[${error.code}] ${evidence}`.trim(), next, ...facts];
  return lines.map(strip).join('\n');
}
