import { authenticationLeaves } from './failures/authentication.ts';
import { credentialLeaves } from './failures/credential.ts';
import type { Family } from './failures/leaf.ts';
import { localLeaves } from './failures/local.ts';
import { peerLeaves } from './failures/peer.ts';
import { systemLeaves } from './failures/system.ts';

export type { Family } from './failures/leaf.ts';

/** Every way to fail that Godwit knows, by its stable code. */
export const failureCatalogue = {
  ...peerLeaves,
  ...authenticationLeaves,
  ...credentialLeaves,
  ...localLeaves,
  ...systemLeaves,
} as const;

export type FailureCode = keyof typeof failureCatalogue;

/** Evidence: numbers and names that make the sentence exact. Never a secret. */
export type FailureDetail = Readonly<Record<string, string | number>>;

/** An expected failure, as a value. It crosses workers and RPC as it is (plain JSON). */
export interface Failure<Code extends FailureCode = FailureCode> {
  readonly code: Code;
  readonly family: Family;
  readonly detail: FailureDetail;
}

export type MalformedError = Failure<'malformed'>;

export function failure<Code extends FailureCode>(code: Code, detail: FailureDetail = {}): Failure<Code> {
  return { code, family: failureCatalogue[code].family, detail };
}

/** Octets that do not have the structure they should: `what` names the structure. */
export function malformed(
  what: string,
  where: { readonly offset: number; readonly need?: number; readonly got?: number; readonly reason?: string },
): MalformedError {
  return failure('malformed', { what, ...where });
}

/** What a user reads: what happened, the evidence, what to do next. */
export interface Explanation {
  readonly what: string;
  readonly evidence: string;
  readonly next: string;
}

export function explain(error: Failure): Explanation {
  const leaf = failureCatalogue[error.code];
  const evidence = Object.entries(error.detail)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  return { what: fill(leaf.what, error.detail), evidence, next: fill(leaf.next, error.detail) };
}

/** One line for logs: the code and its evidence. */
export function formatFailure(error: Failure): string {
  const { evidence } = explain(error);
  return evidence === '' ? error.code : `${error.code} (${evidence})`;
}

/** Puts `detail.name` where the text says `{name}`; a missing one reads "unknown". */
function fill(text: string, detail: FailureDetail): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(detail[name] ?? 'unknown'));
}
