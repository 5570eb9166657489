import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { filesOf } from './authentication/authentication.ts';
import { fieldProblem, profileInvalid } from './field-problem.ts';
import { parseProfile } from './parse-profile.ts';
import type { Profile } from './profile.ts';
import { type FieldPath, proofsOf } from './proofs.ts';

/** PEM text of CA certificates, read for the files that a profile names. */
export interface ProfileCas {
  /** Absent when the profile names no file for it. */
  readonly gateway?: string;
  /** PEM text of CRLs. */
  readonly crl?: string;
  readonly ocspSigner?: string;
  /** PEM text of public keys. */
  readonly publicKey?: string;
}

/** What stands in the files of one proof of the user. */
export interface ProofContents {
  /** Of the proof in the document. */
  readonly path: FieldPath;
  /** CA certificates of the login server (PEM); absent when the proof names no file for it. */
  readonly loginServer?: string;
  /** Each with its place under `path`. */
  readonly certificates?: readonly { readonly path: FieldPath; readonly certificate: InlineCertificate }[];
}

/** What stands in place of the files of the user's certificate. */
export type InlineCertificate =
  | { readonly pem: string; readonly name: string }
  | { readonly pkcs12: string; readonly name: string };

/**
 * The text of a valid profile with the CA certificates and the user's own certificate inside it, and without the files of
 * passwords: what a client sends to the daemon, so that the daemon never opens a path that a user named. Without
 * `proofs` those parts of the profile stay as they are.
 */
export function makeSelfContained(
  text: string,
  cas: ProfileCas,
  proofs: readonly ProofContents[] = [],
): string {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const inline = (path: FieldPath, field: string, value: string | undefined) =>
    value === undefined
      ? []
      : ([
          [[...path, `${field}File`], undefined],
          [[...path, field], value],
        ] as const);
  const edits: readonly (readonly [path: FieldPath, value: unknown])[] = [
    ...inline(['trust'], 'ca', cas.gateway),
    ...inline(['trust'], 'publicKey', cas.publicKey),
    ...inline(['trust', 'revocation'], 'crl', cas.crl),
    ...inline(['trust', 'revocation'], 'ocspSigner', cas.ocspSigner),
    [['preSharedKeyFile'], undefined],
    [['ppk', 'file'], undefined],
    ...everyProof.map((path) => [[...path, 'passwordFile'], undefined] as const),
    ...proofs.flatMap(({ path, loginServer, certificates = [] }) => [
      ...inline([...path, 'server'], 'ca', loginServer),
      ...certificates.map((each) => [[...path, ...each.path], each.certificate] as const),
    ]),
  ];
  return edits.reduce((source, [path, value]) => edit(source, path, value), plain);
}

/** Where proofs may stand. */
const everyProof: readonly FieldPath[] = [
  ['authentication'],
  ['secondAuthentication'],
  ...Array.from({ length: limits.loginWays }, (_, index) => ['otherwise', index]),
];

function edit(source: string, path: FieldPath, value: unknown): string {
  const tree = parseTree(source);
  // What is not there cannot be taken out.
  if (value === undefined && (tree === undefined || findNodeAtLocation(tree, [...path]) === undefined))
    return source;
  return applyEdits(source, modify(source, [...path], value, {}));
}

/** As `parseProfile`, of a profile that a user gave the daemon: it must name no files. */
export function parseSelfContained(
  text: string,
  file: string,
): Result<Profile, readonly Failure<'profile.invalid'>[]> {
  const parsed = parseProfile(text, file);
  if (!parsed.ok) return parsed;
  const contained = requireSelfContained(parsed.value, file);
  return contained.ok ? contained : err([contained.error]);
}

/** For the daemon: refuses a profile from a client that names files. */
export function requireSelfContained(
  profile: Profile,
  file: string,
): Result<Profile, Failure<'profile.invalid'>> {
  const [field] = filesNamedBy(profile);
  return field === undefined
    ? ok(profile)
    : err(profileInvalid(file, { line: 1, field, problem: fieldProblem('names-file') }));
}

/** The fields of a profile that name a file, as `trust.caFile`. */
export function filesNamedBy(profile: Profile): readonly string[] {
  const { trust, publicKeys, revocation, preSharedKeyFile, ppk } = profile;
  const named: readonly (readonly [field: string, is: boolean])[] = [
    ['trust.caFile', trust.kind === 'file'],
    ['trust.publicKeyFile', publicKeys?.kind === 'file'],
    ['trust.revocation.crlFile', revocation.crl?.kind === 'file'],
    ['trust.revocation.ocspSignerFile', revocation.ocspSigner?.kind === 'file'],
    ['preSharedKeyFile', preSharedKeyFile !== undefined],
    ['ppk.file', ppk?.file !== undefined],
  ];
  const proofs = proofsOf(profile).flatMap(({ path, authentication }) =>
    filesOf(authentication).map((field) => [...path, ...field].join('.')),
  );
  return [...named.flatMap(([field, is]) => (is ? [field] : [])), ...proofs];
}
