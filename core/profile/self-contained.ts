import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import type { Failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { filesOf } from './authentication/authentication.ts';
import { fieldProblem, profileInvalid } from './field-problem.ts';
import type { Profile } from './profile.ts';

/** PEM text of CA certificates, read for the files that a profile names. */
export interface ProfileCas {
  /** Absent when the profile names no file for it. */
  readonly gateway?: string;
  /** Of the login server; absent when the profile names no file for it. */
  readonly loginServer?: string;
  /** PEM text of CRLs. */
  readonly crl?: string;
  readonly ocspSigner?: string;
}

/** What stands in place of the files of the user's certificate. */
export type InlineCertificate =
  | { readonly pem: string; readonly name: string }
  | { readonly pkcs12: string; readonly name: string };

/**
 * The text of a valid profile with the CA certificates and the user's own certificate inside it, and without the files of
 * passwords: what a client sends to the daemon, so that the daemon never opens a path that a user named. Without
 * `certificate` that part of the profile stays as it is.
 */
export function makeSelfContained(text: string, cas: ProfileCas, certificate?: InlineCertificate): string {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const inline = (path: readonly string[], field: string, value: string | undefined) =>
    value === undefined
      ? []
      : ([
          [[...path, `${field}File`], undefined],
          [[...path, field], value],
        ] as const);
  const edits: readonly (readonly [path: readonly string[], value: unknown])[] = [
    ...inline(['trust'], 'ca', cas.gateway),
    ...inline(['trust', 'revocation'], 'crl', cas.crl),
    ...inline(['trust', 'revocation'], 'ocspSigner', cas.ocspSigner),
    ...inline(['authentication', 'server'], 'ca', cas.loginServer),
    [['preSharedKeyFile'], undefined],
    [['ppk', 'file'], undefined],
    [['authentication', 'passwordFile'], undefined],
    ...(certificate === undefined ? [] : ([[['authentication', 'certificate'], certificate]] as const)),
  ];
  return edits.reduce((source, [path, value]) => edit(source, path, value), plain);
}

function edit(source: string, path: readonly string[], value: unknown): string {
  const tree = parseTree(source);
  // What is not there cannot be taken out.
  if (value === undefined && (tree === undefined || findNodeAtLocation(tree, [...path]) === undefined))
    return source;
  return applyEdits(source, modify(source, [...path], value, {}));
}

/** For the daemon: refuses a profile from a client that names files. */
export function requireSelfContained(
  profile: Profile,
  file: string,
): Result<Profile, Failure<'profile.invalid'>> {
  const refuse = (field: string) =>
    err(profileInvalid(file, { line: 1, field, problem: fieldProblem('names-file') }));
  if (profile.trust.kind === 'file') return refuse('trust.caFile');
  if (profile.revocation.crl?.kind === 'file') return refuse('trust.revocation.crlFile');
  if (profile.revocation.ocspSigner?.kind === 'file') return refuse('trust.revocation.ocspSignerFile');
  if (profile.preSharedKeyFile !== undefined) return refuse('preSharedKeyFile');
  if (profile.ppk?.file !== undefined) return refuse('ppk.file');
  const [path] = filesOf(profile.authentication);
  if (path !== undefined) return refuse(['authentication', ...path].join('.'));
  return ok(profile);
}
