import type { Certificate } from './certificate.ts';
import { type ChainContext, findChain } from './chain.ts';
import { type Crl, findInCrl } from './crl.ts';
import { clockSkew, type RevocationStatus, unknownStatus } from './revocation-status.ts';

/**
 * What a CRL says of `certificate`, which `issuer` has issued. The CRL must be signed by the issuer, or by another certificate of the
 * issuer's name that itself leads to an anchor. Delta and indirect CRLs are not used. @rfc 5280 6.3
 */
export function crlStatus(
  certificate: Certificate,
  issuer: Certificate,
  crl: Crl,
  context: ChainContext,
): RevocationStatus {
  const problem = problemWith(crl, certificate, context.at);
  if (problem !== undefined) return unknownStatus(problem);
  if (!isSigned(crl, issuer, context)) return unknownStatus('the CRL is not signed by the CA');
  const found = findInCrl(crl, certificate.serial);
  if (!found.ok) return unknownStatus(`the CRL can't be used: ${found.error}`);
  if (found.value !== undefined) return { kind: 'revoked', ...found.value };
  if (crl.scope?.someReasons === true) return unknownStatus('the CRL speaks of some reasons only');
  return { kind: 'good', until: crl.nextUpdate ?? context.at };
}

function problemWith(crl: Crl, certificate: Certificate, at: number): string | undefined {
  const { scope, unknownCritical, thisUpdate, nextUpdate } = crl;
  if (crl.issuer.key !== certificate.issuer.key) return 'the CRL is from another CA';
  if (thisUpdate > at + clockSkew) return 'the CRL is from the future';
  if (nextUpdate === undefined) return 'the CRL does not say how long it is good for';
  if (nextUpdate < at) return 'the CRL is out of date';
  if (crl.delta) return 'the CRL holds only changes';
  if (unknownCritical.length > 0)
    return `the CRL has the critical extension ${unknownCritical[0]}, which is unknown here`;
  if (scope === undefined) return undefined;
  const isCa = certificate.extensions.basicConstraints?.ca === true;
  if (scope.special) return 'the CRL is for certificates of other issuers';
  if (isCa ? !scope.authorities : !scope.users) return 'the CRL is for other kinds of certificates';
  const points = certificate.extensions.crlPoints
    .filter(({ special }) => !special)
    .flatMap(({ names }) => names);
  if (scope.names !== undefined && !scope.names.some((name) => points.includes(name)))
    return 'the CRL is for other certificates of the CA';
  return undefined;
}

function isSigned(crl: Crl, issuer: Certificate, context: ChainContext): boolean {
  const { signatureAlgorithm: algorithm, tbs, signature } = crl;
  if (algorithm.kind !== 'scheme') return false;
  const maySign = ({ extensions: { keyUsage } }: Certificate) => keyUsage?.crlSign !== false;
  const others = context.intermediates.filter(
    ({ subject, spki }) => subject.key === issuer.subject.key && spki !== issuer.spki,
  );
  const signer = [issuer, ...others]
    .filter(maySign)
    .find(({ spki }) => context.signatures.verify(algorithm.scheme, spki, tbs, signature));
  return signer !== undefined && (signer === issuer || findChain(signer, context).ok);
}
