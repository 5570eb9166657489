import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type DerValue, decodeDer, isContext, isUniversal, smallInteger, tags } from './der.ts';
import { type GeneralName, readGeneralName } from './general-name.ts';

/** What the extensions of a certificate say; `undefined` where the extension is absent. @rfc 5280 4.2 */
export interface Extensions {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: KeyUsage;
  /** OBJECT IDENTIFIERs of the purposes. */
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltNames: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  /** Critical extensions that nothing here understands: the certificate must be refused. */
  readonly unknownCritical: readonly string[];
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly nonRepudiation: boolean;
  readonly keyCertSign: boolean;
}

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Reader = (value: DerValue, into: Writable<Extensions>) => boolean;

/** Certificate policies may be critical: no policy is asked for, so each is as good as any. */
const certificatePolicies = '2.5.29.32';
const mostExtensions = 64;

const readers: Readonly<Record<string, Reader>> = {
  '2.5.29.14': readSubjectKeyId,
  '2.5.29.15': readKeyUsage,
  '2.5.29.17': readSubjectAltNames,
  '2.5.29.19': readBasicConstraints,
  '2.5.29.30': readNameConstraints,
  '2.5.29.35': readAuthorityKeyId,
  '2.5.29.37': readExtendedKeyUsage,
};

/** Reads `[3] EXPLICIT Extensions`. The error is the end of a sentence. */
export function readExtensions(field: DerValue | undefined): Result<Extensions, string> {
  const unknownCritical: string[] = [];
  const extensions: Writable<Extensions> = { subjectAltNames: [], unknownCritical };
  const list = field?.parts[0]?.parts ?? [];
  if (list.length > mostExtensions) return err(`it has ${list.length} extensions`);
  const seen = new Set<string>();
  for (const extension of list) {
    const [oid, ...others] = extension.parts;
    const value = others.at(-1);
    if (!isUniversal(oid, tags.oid) || oid.text === undefined || !isUniversal(value, tags.octetString))
      return err('an extension of it is malformed');
    if (seen.has(oid.text)) return err(`it has the extension ${oid.text} twice`);
    seen.add(oid.text);
    const flag = others.length === 2 ? others[0] : undefined;
    const critical = isUniversal(flag, tags.boolean) && flag.content[0] !== 0;
    const reader = readers[oid.text];
    if (reader === undefined) {
      if (critical && oid.text !== certificatePolicies) unknownCritical.push(oid.text);
      continue;
    }
    const inner = decodeDer(value.content);
    if (inner === undefined || !reader(inner, extensions))
      return err(`its extension ${oid.text} is malformed`);
  }
  return ok(extensions);
}

function readSubjectKeyId(value: DerValue, into: Writable<Extensions>): boolean {
  into.subjectKeyId = value.content;
  return isUniversal(value, tags.octetString);
}

function readAuthorityKeyId(value: DerValue, into: Writable<Extensions>): boolean {
  const id = value.parts.find((part) => isContext(part, 0));
  if (id !== undefined) into.authorityKeyId = id.content;
  return isUniversal(value, tags.sequence);
}

function readKeyUsage(value: DerValue, into: Writable<Extensions>): boolean {
  const bits = value.content[1] ?? 0;
  into.keyUsage = {
    digitalSignature: (bits & 0x80) !== 0,
    nonRepudiation: (bits & 0x40) !== 0,
    keyCertSign: (bits & 0x04) !== 0,
  };
  return isUniversal(value, tags.bitString);
}

function readExtendedKeyUsage(value: DerValue, into: Writable<Extensions>): boolean {
  into.extendedKeyUsage = value.parts.map(({ text }) => text ?? '');
  return isUniversal(value, tags.sequence) && value.parts.every((part) => isUniversal(part, tags.oid));
}

function readBasicConstraints(value: DerValue, into: Writable<Extensions>): boolean {
  const [first, second] = value.parts;
  const hasFlag = isUniversal(first, tags.boolean);
  const ca = hasFlag && first.content[0] !== 0;
  const length = hasFlag ? second : first;
  const pathLength = smallInteger(length);
  into.basicConstraints = pathLength === undefined ? { ca } : { ca, pathLength };
  return isUniversal(value, tags.sequence) && (length === undefined || pathLength !== undefined);
}

function readSubjectAltNames(value: DerValue, into: Writable<Extensions>): boolean {
  if (!isUniversal(value, tags.sequence) || value.parts.length > limits.subjectAltNames) return false;
  const names = value.parts.map(readGeneralName);
  into.subjectAltNames = names.filter((name) => name !== undefined);
  return names.every((name) => name !== undefined);
}

function readNameConstraints(value: DerValue, into: Writable<Extensions>): boolean {
  if (value.parts.some((part) => part.parts.length > limits.subjectAltNames)) return false;
  const subtrees = (tag: number) =>
    (value.parts.find((part) => isContext(part, tag))?.parts ?? []).map((subtree) => {
      // Minimum and maximum must be absent. @rfc 5280 4.2.1.10
      const [base] = subtree.parts;
      return base === undefined || subtree.parts.length > 1 ? undefined : readGeneralName(base);
    });
  const [permitted, excluded] = [subtrees(0), subtrees(1)];
  into.nameConstraints = {
    permitted: permitted.filter((name) => name !== undefined),
    excluded: excluded.filter((name) => name !== undefined),
  };
  return isUniversal(value, tags.sequence) && [...permitted, ...excluded].every((name) => name !== undefined);
}
