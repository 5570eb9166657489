import { type Failure, type FailureDetail, failure } from '../base/errors.ts';
import { toHex } from '../base/octets.ts';
import { utf8 } from '../base/utf8.ts';
import { parseCertificate } from '../pki/certificate.ts';
import { dateOf } from '../pki/chain.ts';
import { formatIdentity } from '../pki/identity.ts';
import type { Engine } from './engine.ts';
import { credentialOf, identityOf, roundOf } from './own-proof.ts';
import type { Login } from './state.ts';

/**
 * What AUTHENTICATION_FAILED means to an AUTH of ours: the gateway says no more than that, so the user is told what of his it has
 * refused. Any other failure stays as it is.
 */
export function refusedProof(engine: Engine, login: Login, refusal: Failure): Failure {
  if (refusal.code !== 'auth.refused') return refusal;
  const round = roundOf(login);
  const { detail } = refusal;
  const { ppk } = login;
  // After EAP the account is not what is wrong, and without the PPK such an AUTH is no proof.
  if (ppk.kind === 'offered' && (ppk.terms.required || round.kind === 'eap'))
    return failure('auth.refused-ppk', { ...detail, ppk: utf8.decode(ppk.terms.id) });
  const identity = formatIdentity(identityOf(engine, login));
  if (round.kind === 'eap') return refusal;
  if (round.kind === 'psk') return failure('auth.refused-psk', { ...detail, identity });
  return refusedKey(engine, login, { ...detail, identity });
}

function refusedKey(engine: Engine, login: Login, detail: FailureDetail): Failure {
  const credential = credentialOf(engine, login);
  const own = parseCertificate(credential?.chain[0] ?? new Uint8Array(0));
  if (own.ok) {
    const { subjectText: subject, issuerText: issuer, notAfter } = own.value;
    return failure('auth.refused-certificate', { ...detail, subject, issuer, notAfter: dateOf(notAfter) });
  }
  const sha256 = engine.dependencies.crypto.hash('sha256', credential?.spki ?? new Uint8Array(0));
  return failure('auth.refused-key', { ...detail, key: `key-sha256:${toHex(sha256)}` });
}
