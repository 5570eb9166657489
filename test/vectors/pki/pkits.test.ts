import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { explain } from '../../../core/base/errors.ts';
import { nodeSignatures } from '../../../core/crypto/node/signatures.ts';
import { type Certificate, parseCertificate } from '../../../core/pki/certificate.ts';
import { type ChainContext, criticalFailure, findChain, validityFailure } from '../../../core/pki/chain.ts';
import { type Crl, parseCrl } from '../../../core/pki/crl.ts';
import { crlStatus } from '../../../core/pki/crl-status.ts';

/*
 * NIST's PKITS: some 200 paths, each said to be valid or not, with CRLs. The name of the last certificate tells which. Every path is
 * searched among all of the suite's certificates, and each certificate of it must be good by one of all CRLs.
 */

/** What we refuse although it is valid, and why. */
const tooStrict: Readonly<Record<string, string>> = {
  ValidDSASignaturesTest4: 'DSA with SHA-1 is not trusted',
  ValidDSAParameterInheritanceTest5: 'DSA with SHA-1 is not trusted',
  ValidIDPwithindirectCRLTest22: 'indirect CRLs are not used',
  ValidIDPwithindirectCRLTest24: 'indirect CRLs are not used',
  ValidIDPwithindirectCRLTest25: 'indirect CRLs are not used',
  ValidcRLIssuerTest28: 'indirect CRLs are not used',
  ValidcRLIssuerTest29: 'indirect CRLs are not used',
  ValidcRLIssuerTest30: 'indirect CRLs are not used',
  ValidcRLIssuerTest33: 'indirect CRLs are not used',
  ValiddistributionPointTest5: 'names relative to the issuer are not read',
  ValiddistributionPointTest4: 'names relative to the issuer are not read',
  ValiddistributionPointTest7: 'names relative to the issuer are not read',
  ValiddeltaCRLTest5: 'a hold that only a delta CRL lifts stands',
  ValidonlySomeReasonsTest18: 'CRLs for some reasons are not put together',
  ValidonlySomeReasonsTest19: 'CRLs for some reasons are not put together',
};

/** What we take although it is not valid, and why. */
const tooLenient: Readonly<Record<string, string>> = {
  InvaliddeltaCRLTest4: 'what only a delta CRL says is not known',
  InvalidSeparateCertificateandCRLKeysTest21: 'whether the key that signed the CRL is revoked is not asked',
};

const at = Date.UTC(2020, 0, 1);
const certificates = new Map<string, Certificate>();
const crls: Crl[] = [];
for (const line of readFileSync(new URL('pkits.txt', import.meta.url), 'utf8').split('\n')) {
  const [, folder, name, base64 = ''] = /^(certs|crls)\/(\S+) (\S+)$/.exec(line) ?? [];
  const octets = new Uint8Array(Buffer.from(base64, 'base64'));
  if (folder === 'crls') {
    const crl = parseCrl(octets);
    if (crl.ok) crls.push(crl.value);
  } else if (name !== undefined) {
    const certificate = parseCertificate(octets);
    if (certificate.ok) certificates.set(name, certificate.value);
  }
}
const root = certificates.get('TrustAnchorRootCertificate');
const context: ChainContext = {
  signatures: nodeSignatures,
  intermediates: [...certificates].filter(([name]) => !name.endsWith('EE')).map(([, each]) => each),
  anchors: root === undefined ? [] : [root],
  at,
};

/** What is wrong with the path of `leaf`, or `undefined`. */
function problemWith(leaf: Certificate | undefined): string | undefined {
  if (leaf === undefined) return 'unreadable';
  const path = findChain(leaf, context);
  const failure = path.ok ? (validityFailure(leaf, at) ?? criticalFailure(leaf)) : path.error;
  if (failure !== undefined) return explain(failure).what;
  return path.ok ? revocationProblem(path.value) : undefined;
}

function revocationProblem(path: readonly Certificate[]): string | undefined {
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[index + 1];
    if (issuer === undefined) continue;
    const said = crls.map((crl) => crlStatus(certificate, issuer, crl, context));
    if (said.some(({ kind }) => kind === 'revoked')) return `${certificate.subjectText} is revoked`;
    if (said.some(({ kind }) => kind === 'good')) continue;
    const reasons = said.flatMap((each) => (each.kind === 'unknown' ? [each.reason] : []));
    return `nothing is known of ${certificate.subjectText}: ${[...new Set(reasons)].join(', ')}`;
  }
  return undefined;
}

describe('PKITS', () => {
  const names = readFileSync(new URL('pkits.txt', import.meta.url), 'utf8').matchAll(
    /^certs\/((?:Valid|Invalid)\S+)EE /gm,
  );
  for (const [, name = ''] of names) {
    const expected = tooStrict[name] === undefined && (name.startsWith('Valid') || name in tooLenient);
    test(`${name}: ${tooStrict[name] ?? tooLenient[name] ?? (expected ? 'taken' : 'refused')}`, () => {
      const problem = problemWith(certificates.get(`${name}EE`));
      assert.equal(problem === undefined, expected, problem ?? 'it was taken');
    });
  }
});
