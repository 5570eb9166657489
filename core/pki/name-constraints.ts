import type { Certificate } from './certificate.ts';
import { emailAddressOid } from './distinguished-name.ts';
import { formatGeneralName, type GeneralName, isWithin, sameKind } from './general-name.ts';

/**
 * Checks every certificate of `path` (but self-issued CAs) against the name constraints of `issuer`. Yields the end
 * of a sentence, or `undefined` when all names are allowed. @rfc 5280 4.2.1.10
 */
export function problemWithConstraints(
  path: readonly Certificate[],
  issuer: Certificate,
): string | undefined {
  const constraints = issuer.extensions.nameConstraints;
  if (constraints === undefined) return undefined;
  const { permitted, excluded } = constraints;
  for (const [at, certificate] of path.entries()) {
    if (at > 0 && certificate.subject.key === certificate.issuer.key) continue;
    for (const name of namesOf(certificate)) {
      const bases = permitted.filter((base) => sameKind(name, base));
      const allowed = bases.length === 0 || bases.some((base) => isWithin(name, base) === true);
      // What can't be judged counts as excluded.
      const forbidden = excluded.some((base) => sameKind(name, base) && isWithin(name, base) !== false);
      if (!allowed || forbidden)
        return `${issuer.subjectText} may not issue for the name ${formatGeneralName(name)}`;
    }
  }
  return undefined;
}

/** All names that constraints apply to: alternative names, the subject, and mail addresses inside it. */
function namesOf({ subject, extensions }: Certificate): GeneralName[] {
  const mails = subject.rdns
    .flat()
    .flatMap(({ oid, text }) => (oid === emailAddressOid && text !== undefined ? [text] : []))
    .map((text) => ({ kind: 'mail' as const, text }));
  const directory = subject.rdns.length > 0 ? [{ kind: 'directory' as const, name: subject }] : [];
  return [...extensions.subjectAltNames, ...directory, ...mails];
}
