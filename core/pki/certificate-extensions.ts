import { BitString, Integer } from 'asn1js';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  CertificatePolicies,
  CRLDistributionPoints,
  ExtKeyUsage,
  InfoAccess,
  PolicyConstraints,
  PolicyMappings,
} from 'pkijs';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type DerValue, decodeDer, isContext, isUniversal, readAs, smallInteger, tags } from './der.ts';
import { type CrlPoint, readCrlPoint, urlOf } from './distribution-point.ts';
import { type GeneralName, readGeneralName } from './general-name.ts';
import { readRawExtensions } from './raw-extension.ts';

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
  /** OBJECT IDENTIFIERs of the policies. */
  readonly policies?: readonly string[];
  /** Pairs: a policy of the issuer, and the policy of the subject that is as good. */
  readonly policyMappings?: readonly (readonly [string, string])[];
  readonly policyConstraints?: { readonly requireExplicit?: number; readonly inhibitMapping?: number };
  readonly inhibitAnyPolicy?: number;
  /** Where CRLs lie. @rfc 5280 4.2.1.13 */
  readonly crlPoints: readonly CrlPoint[];
  /** Addresses of OCSP responders, and of the issuer's certificate. @rfc 5280 4.2.2.1 */
  readonly ocspUrls: readonly string[];
  readonly issuerUrls: readonly string[];
  /** Critical extensions that nothing here understands: the certificate must be refused. */
  readonly unknownCritical: readonly string[];
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly nonRepudiation: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
/** False when the value is malformed. */
type Reader = (value: DerValue, into: Writable<Extensions>) => boolean;

const readers: Readonly<Record<string, Reader>> = {
  '2.5.29.14': readSubjectKeyId,
  '2.5.29.15': readKeyUsage,
  '2.5.29.17': readSubjectAltNames,
  '2.5.29.19': readBasicConstraints,
  '2.5.29.30': readNameConstraints,
  '2.5.29.31': readCrlPoints,
  '2.5.29.32': readPolicies,
  '2.5.29.33': readPolicyMappings,
  '2.5.29.35': readAuthorityKeyId,
  '2.5.29.36': readPolicyConstraints,
  '2.5.29.37': readExtendedKeyUsage,
  '2.5.29.54': readInhibitAnyPolicy,
  '1.3.6.1.5.5.7.1.1': readInfoAccess,
};

const ocspMethod = '1.3.6.1.5.5.7.48.1';
const issuersMethod = '1.3.6.1.5.5.7.48.2';

/** Reads `[3] EXPLICIT Extensions`. The error is the end of a sentence. */
export function readExtensions(field: DerValue | undefined): Result<Extensions, string> {
  const unknownCritical: string[] = [];
  const extensions: Writable<Extensions> = {
    subjectAltNames: [],
    crlPoints: [],
    ocspUrls: [],
    issuerUrls: [],
    unknownCritical,
  };
  const list = readRawExtensions(field);
  if (!list.ok) return list;
  for (const { oid, critical, value } of list.value) {
    const reader = readers[oid];
    if (reader === undefined) {
      if (critical) unknownCritical.push(oid);
      continue;
    }
    const inner = decodeDer(value);
    if (inner === undefined || !reader(inner, extensions)) return err(`its extension ${oid} is malformed`);
  }
  return ok(extensions);
}

function readSubjectKeyId(value: DerValue, into: Writable<Extensions>): boolean {
  into.subjectKeyId = value.content;
  return isUniversal(value, tags.octetString);
}

function readAuthorityKeyId(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(AuthorityKeyIdentifier, value);
  const id = read?.keyIdentifier?.valueBlock.valueHexView;
  if (id !== undefined) into.authorityKeyId = id;
  return read !== undefined;
}

function readKeyUsage(value: DerValue, into: Writable<Extensions>): boolean {
  const [bits = 0] = value.block instanceof BitString ? value.block.valueBlock.valueHexView : [];
  into.keyUsage = {
    digitalSignature: (bits & 0x80) !== 0,
    nonRepudiation: (bits & 0x40) !== 0,
    keyCertSign: (bits & 0x04) !== 0,
    crlSign: (bits & 0x02) !== 0,
  };
  return isUniversal(value, tags.bitString);
}

function readExtendedKeyUsage(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(ExtKeyUsage, value);
  into.extendedKeyUsage = read?.keyPurposes ?? [];
  return read !== undefined;
}

function readBasicConstraints(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(BasicConstraints, value);
  if (read === undefined) return false;
  const pathLength = read.pathLenConstraint;
  // A large number is no bound on anything.
  into.basicConstraints =
    pathLength === undefined || pathLength instanceof Integer ? { ca: read.cA } : { ca: read.cA, pathLength };
  return pathLength === undefined || pathLength instanceof Integer || pathLength >= 0;
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

function readPolicies(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(CertificatePolicies, value);
  into.policies = read?.certificatePolicies.map(({ policyIdentifier }) => policyIdentifier) ?? [];
  return read !== undefined && into.policies.length <= limits.certificatePolicies;
}

function readPolicyMappings(value: DerValue, into: Writable<Extensions>): boolean {
  const mappings = readAs(PolicyMappings, value)?.mappings;
  into.policyMappings = (mappings ?? []).map(
    ({ issuerDomainPolicy, subjectDomainPolicy }) => [issuerDomainPolicy, subjectDomainPolicy] as const,
  );
  return mappings !== undefined && mappings.length <= limits.certificatePolicies;
}

function readPolicyConstraints(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(PolicyConstraints, value);
  const { requireExplicitPolicy: requireExplicit, inhibitPolicyMapping: inhibitMapping } = read ?? {};
  into.policyConstraints = {
    ...(requireExplicit === undefined ? {} : { requireExplicit }),
    ...(inhibitMapping === undefined ? {} : { inhibitMapping }),
  };
  return read !== undefined && (requireExplicit ?? 0) >= 0 && (inhibitMapping ?? 0) >= 0;
}

function readInhibitAnyPolicy(value: DerValue, into: Writable<Extensions>): boolean {
  const most = smallInteger(value);
  if (most !== undefined) into.inhibitAnyPolicy = most;
  return most !== undefined;
}

function readCrlPoints(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(CRLDistributionPoints, value);
  // pkijs 4.0.0 does not read a name relative to the issuer. Not to know where a CRL lies spoils no certificate.
  into.crlPoints = read?.distributionPoints.slice(0, limits.crlPoints).map(readCrlPoint) ?? [
    { urls: [], names: [], special: true },
  ];
  return isUniversal(value, tags.sequence);
}

function readInfoAccess(value: DerValue, into: Writable<Extensions>): boolean {
  const read = readAs(InfoAccess, value);
  const urls = (method: string) =>
    (read?.accessDescriptions ?? [])
      .filter(({ accessMethod }) => accessMethod === method)
      .flatMap(({ accessLocation }) => urlOf(accessLocation))
      .slice(0, limits.crlPoints);
  into.ocspUrls = urls(ocspMethod);
  into.issuerUrls = urls(issuersMethod);
  return read !== undefined;
}
