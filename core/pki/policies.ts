import type { Certificate } from './certificate.ts';

const anyPolicy = '2.5.29.32.0';

/** The policies that are still good below a CA, and the counters of RFC 5280 6.1.2. */
interface PolicyState {
  /** What the next certificate may say; `anyPolicy` for all. */
  readonly expected: ReadonlySet<string>;
  readonly explicit: number;
  readonly inhibitMapping: number;
  readonly inhibitAny: number;
}

/**
 * Checks the policies along a path, the leaf first and the anchor last. No policy is asked for, so that a path breaks this rule
 * only where a CA demands a policy (requireExplicitPolicy) and none is good all the way. Then it is enough to keep the set of
 * policies of each level in place of RFC 5280's tree, which hostile mappings can make grow without end.
 * Yields the end of a sentence, or `undefined` when all is well. @rfc 5280 6.1.3
 */
export function problemWithPolicies(path: readonly Certificate[]): string | undefined {
  const below = path.slice(0, -1).reverse();
  const { length } = below;
  let state: PolicyState = {
    expected: new Set([anyPolicy]),
    explicit: length + 1,
    inhibitMapping: length + 1,
    inhibitAny: length + 1,
  };
  for (const [at, certificate] of below.entries()) {
    const last = at === length - 1;
    const selfIssued = certificate.subject.key === certificate.issuer.key;
    if ((certificate.extensions.policyMappings ?? []).some((pair) => pair.includes(anyPolicy)))
      return `${certificate.subjectText} maps all policies at once`;
    const valid = validPolicies(certificate, state, selfIssued && !last);
    if (state.explicit === 0 && valid.size === 0) return breaks(certificate);
    state = last
      ? { ...state, expected: valid, explicit: explicitAtEnd(certificate, state.explicit) }
      : prepare(certificate, { ...state, expected: valid }, selfIssued);
  }
  const [leaf] = path;
  return state.explicit === 0 && state.expected.size === 0 && leaf !== undefined ? breaks(leaf) : undefined;
}

function breaks({ subjectText }: Certificate): string {
  return `a CA demands a certificate policy, and that of ${subjectText} has none that it allows`;
}

/** RFC 5280 6.1.3 (d) and (e). */
function validPolicies(
  { extensions: { policies } }: Certificate,
  { expected, inhibitAny }: PolicyState,
  selfIssued: boolean,
): ReadonlySet<string> {
  if (policies === undefined) return new Set();
  const named = policies.filter((policy) => policy !== anyPolicy);
  const valid = new Set(named.filter((policy) => expected.has(policy) || expected.has(anyPolicy)));
  if (policies.includes(anyPolicy) && (inhibitAny > 0 || selfIssued))
    for (const policy of expected) valid.add(policy);
  return valid;
}

/** RFC 5280 6.1.4 (a), (b), (h), (i), (j): what holds for the certificate below this CA. */
function prepare(
  { extensions: { policyMappings = [], policyConstraints, inhibitAnyPolicy } }: Certificate,
  state: PolicyState,
  selfIssued: boolean,
): PolicyState {
  const step = selfIssued ? 0 : 1;
  const lower = (counter: number, most: number | undefined) =>
    Math.min(Math.max(0, counter - step), most ?? Number.POSITIVE_INFINITY);
  return {
    expected: mapped(state, policyMappings),
    explicit: lower(state.explicit, policyConstraints?.requireExplicit),
    inhibitMapping: lower(state.inhibitMapping, policyConstraints?.inhibitMapping),
    inhibitAny: lower(state.inhibitAny, inhibitAnyPolicy),
  };
}

function mapped(
  { expected, inhibitMapping }: PolicyState,
  mappings: readonly (readonly [string, string])[],
): ReadonlySet<string> {
  const all = expected.has(anyPolicy);
  const from = new Set(mappings.map(([issuers]) => issuers));
  const kept = [...expected].filter((policy) => !from.has(policy));
  if (inhibitMapping === 0) return new Set(kept);
  const gained = mappings.filter(([issuers]) => all || expected.has(issuers)).map(([, subjects]) => subjects);
  return new Set([...kept, ...gained]);
}

/** RFC 5280 6.1.5 (a) and (b). */
function explicitAtEnd({ extensions: { policyConstraints } }: Certificate, explicit: number): number {
  return policyConstraints?.requireExplicit === 0 ? 0 : Math.max(0, explicit - 1);
}
