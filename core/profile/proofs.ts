import type { ProfileAuthentication } from './authentication/authentication.ts';
import type { ProfileLoginPlan } from './login-plan.ts';

/** Names and indices that lead to a value of the document. */
export type FieldPath = readonly (string | number)[];

/** One of the proofs that a profile may ask of its user, and where it stands in the document. */
export interface PlacedProof {
  readonly path: FieldPath;
  readonly authentication: ProfileAuthentication;
}

/** Every proof of a profile: that of the first way, its second one, and those of the other ways. */
export function proofsOf({
  authentication,
  secondAuthentication: second,
  otherwise,
}: Pick<ProfileLoginPlan, 'secondAuthentication' | 'otherwise'> & {
  readonly authentication: ProfileAuthentication;
}): readonly PlacedProof[] {
  return [
    { path: ['authentication'], authentication },
    ...(second === undefined ? [] : [{ path: ['secondAuthentication'], authentication: second }]),
    ...otherwise.map((way, index) => ({ path: ['otherwise', index], authentication: way })),
  ];
}
