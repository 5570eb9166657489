import { type DistributionPoint, GeneralName, IssuingDistributionPoint } from 'pkijs';
import { type DerValue, readAs } from './der.ts';
import { parseDistinguishedName } from './distinguished-name.ts';

/** Where a CRL lies that speaks of a certificate. @rfc 5280 4.2.1.13 */
export interface CrlPoint {
  /** Addresses with http. */
  readonly urls: readonly string[];
  /** The names of the point, so that they can be compared with those in a CRL; empty when it has none that can be. */
  readonly names: readonly string[];
  /** Its CRL speaks of some reasons only, or another CA than the issuer signs it: such a CRL is not used. */
  readonly special: boolean;
}

/** Of which certificates a CRL speaks. @rfc 5280 5.2.5 */
export interface CrlScope {
  /** The CRL is for certificates that have a point with one of these names; `undefined`: for all of them. */
  readonly names: readonly string[] | undefined;
  readonly users: boolean;
  readonly authorities: boolean;
  /** It lists those alone that were revoked for some reasons. */
  readonly someReasons: boolean;
  /** Other issuers' certificates, or attribute certificates. */
  readonly special: boolean;
}

export function readCrlPoint(point: DistributionPoint): CrlPoint {
  const names = fullName(point.distributionPoint);
  return {
    urls: (names ?? []).flatMap(urlOf),
    names: (names ?? []).flatMap(nameKey),
    special: point.reasons !== undefined || point.cRLIssuer !== undefined,
  };
}

/** `undefined` when `value` is not an IssuingDistributionPoint. */
export function readCrlScope(value: DerValue): CrlScope | undefined {
  const read = readAs(IssuingDistributionPoint, value);
  if (read === undefined) return undefined;
  const point = read.distributionPoint;
  return {
    names: point === undefined ? undefined : (fullName(point) ?? []).flatMap(nameKey),
    users: !read.onlyContainsCACerts,
    authorities: !read.onlyContainsUserCerts,
    someReasons: read.onlySomeReasons !== undefined,
    special: read.indirectCRL || read.onlyContainsAttributeCerts,
  };
}

/** The address in a GeneralName, when it is one with http. LDAP and the like are passed over; https would ask for what it is to answer. */
export function urlOf(name: GeneralName): string[] {
  const value: unknown = name.value;
  return name.type === 6 && typeof value === 'string' && /^http:\/\/[\x21-\x7e]{1,2000}$/i.test(value)
    ? [value]
    : [];
}

/** `undefined` for a name relative to the issuer's, which nobody uses. */
function fullName(point: DistributionPoint['distributionPoint']): GeneralName[] | undefined {
  return Array.isArray(point) ? point.filter((name) => name instanceof GeneralName) : undefined;
}

function nameKey({ type, value }: GeneralName): string[] {
  const held: unknown = value;
  if (type === 6 && typeof held === 'string') return [`uri ${held}`];
  if (type !== 4 || typeof held !== 'object' || held === null || !('valueBeforeDecode' in held)) return [];
  const octets = held.valueBeforeDecode;
  const name = octets instanceof ArrayBuffer ? parseDistinguishedName(new Uint8Array(octets)) : undefined;
  return name === undefined ? [] : [`name ${name.key}`];
}
