import { X509Certificate } from 'node:crypto';
import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { ClientCredential } from '../../crypto/client-credential.ts';
import { parseCertificate } from '../../pki/certificate.ts';
import type { ProfileClientCertificate } from '../../profile/authentication/client-certificate.ts';
import type { CertificateAsks } from '../login-credentials.ts';
import { oneLine } from './certificate-facts.ts';
import { KeyProcess, type KeyUser } from './key-process.ts';
import type { KeyProblem, TokenChoice } from './key-protocol.ts';
import { fromPipe, toPipe } from './pipe-octets.ts';

type OnToken = Extract<ProfileClientCertificate, { readonly kind: 'pkcs11' }>;

/**
 * A certificate on a token, whose key stays there. The token stays open in a process of its own as long as the credential is,
 * so that a new login of the same connection needs no PIN. A wrong PIN is asked for again, with the tries that are left; it is
 * never repeated. Fails with a `token.*` leaf, or as the asks do.
 */
export async function openToken(
  { uri, module }: OnToken,
  asks: CertificateAsks,
  user: KeyUser | undefined,
): Promise<Result<ClientCredential, Failure>> {
  const process = new KeyProcess(user);
  const opened = await open(process, uri, module, asks);
  if (!opened.ok) process.close();
  return opened;
}

async function open(
  process: KeyProcess,
  uri: OnToken['uri'],
  module: string | undefined,
  asks: CertificateAsks,
): Promise<Result<ClientCredential, Failure>> {
  const { modulePath: _, id, ...texts } = uri;
  const wanted = {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    text: uri.text,
    ...(id === undefined ? {} : { id: toPipe(id) }),
  };
  const request = { op: 'token-open', uri: wanted, ...(module === undefined ? {} : { module }) } as const;
  const found = await process.call(request, limits.tokenMs);
  if (!found.ok) return found;
  if (!found.value.ok) return err(tokenFailure(found.value, 'the token', uri.text));
  const { token, login, triesLeft } = found.value;
  const loggedIn = await logIn(process, token, login, triesLeft, asks);
  if (!loggedIn.ok) return loggedIn;
  const listed = await process.call({ op: 'token-list' }, limits.tokenMs);
  if (!listed.ok) return listed;
  if (!listed.value.ok) return err(tokenFailure(listed.value, token, uri.text));
  const chosen = await choose(listed.value.choices, asks);
  if (!chosen.ok) return chosen;
  const used = await process.call({ op: 'token-use', id: chosen.value }, limits.tokenMs);
  if (!used.ok) return used;
  if (!used.value.ok) return err(tokenFailure(used.value, token, uri.text));
  const chain = used.value.chain.map(fromPipe);
  const own = parseCertificate(chain[0] ?? new Uint8Array(0));
  return ok({
    chain,
    // Without one nothing is ever signed.
    spki: own.ok ? own.value.spki : new Uint8Array(0),
    keyKind: used.value.keyKind,
    privateKey: undefined,
    sign: async (scheme, octets) => {
      const signed = await process.call({ op: 'sign', scheme, data: toPipe(octets) }, limits.tokenMs);
      if (!signed.ok) return signed;
      if (!signed.value.ok) return err(tokenFailure(signed.value, token, uri.text));
      return ok(fromPipe(signed.value.signature));
    },
    close: () => process.close(),
  });
}

async function logIn(
  process: KeyProcess,
  token: string,
  login: 'none' | 'pin' | 'keypad',
  tries: 'many' | 'few' | 'last',
  asks: CertificateAsks,
): Promise<Result<undefined, Failure>> {
  if (login === 'none') return ok();
  let triesLeft = tries;
  for (let retry = 0; ; retry++) {
    const pin = login === 'pin' ? await asks.secret({ kind: 'pin', token, retry, triesLeft }) : undefined;
    if (pin?.ok === false) {
      const unanswered = retry > 0 && pin.error.code === 'secret.missing';
      return unanswered ? err(failure('token.pin', { token, triesLeft })) : pin;
    }
    const given = pin === undefined ? {} : { pin: toPipe(pin.value.expose()) };
    const done = await process.call({ op: 'token-login', ...given }, limits.tokenMs);
    pin?.value.wipe();
    if (!done.ok) return done;
    if (done.value.ok) return ok();
    const { problem, detail } = done.value;
    // On a reader with keys the user sees there what is wrong; a loop would use up the tries.
    if (problem !== 'pin' || login === 'keypad') return err(tokenFailure(done.value, token, ''));
    triesLeft = detail['triesLeft'] === 'last' ? 'last' : detail['triesLeft'] === 'few' ? 'few' : 'many';
  }
}

async function choose(
  choices: readonly TokenChoice[],
  asks: CertificateAsks,
): Promise<Result<string, Failure>> {
  const [only, ...others] = choices;
  if (only !== undefined && others.length === 0) return ok(only.id);
  return await asks.choose(
    choices.map(({ id, label, certificate }) => {
      const { subject, issuer, validToDate } = new X509Certificate(Buffer.from(certificate, 'base64'));
      return {
        id,
        label,
        subject: oneLine(subject),
        issuer: oneLine(issuer),
        notAfter: Math.max(0, validToDate.getTime()),
      };
    }),
  );
}

function tokenFailure({ problem, detail }: KeyProblem, token: string, uri: string): Failure {
  switch (problem) {
    case 'module':
      return failure('token.module', { module: detail['module'] ?? '', reason: detail['reason'] ?? '' });
    case 'missing':
      return failure('token.missing', { uri, present: detail['present'] ?? 'none' });
    case 'no-certificate':
      return failure('token.no-certificate', { token, uri });
    case 'pin':
      return failure('token.pin', { token, triesLeft: detail['triesLeft'] ?? 'many' });
    case 'pin-locked':
      return failure('token.pin-locked', { token: detail['token'] ?? token });
    case 'pin-expired':
      return failure('token.pin-expired', { token });
    case 'removed':
      return failure('token.removed', { token });
    default:
      return failure('token.refused', {
        token,
        call: detail['call'] ?? problem,
        reason: detail['reason'] ?? problem,
      });
  }
}
