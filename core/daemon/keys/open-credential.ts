import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { ClientCredential } from '../../crypto/client-credential.ts';
import { signerFromPrivateKey } from '../../crypto/node/signer.ts';
import { KeyProcess, type KeyUser } from './key-process.ts';
import type { KeyProblem } from './key-protocol.ts';
import { fromPipe, toPipe } from './pipe-octets.ts';

/** Gets the password of a key file, or the PIN of a token. The Secret is the caller's, to wipe. */
export type AskKeyPassword = (retry: number) => Promise<Result<Secret, Failure>>;

/**
 * A certificate with its key from the octets of a PEM or PKCS#12 file, which `name` names to the user. The password is asked for
 * only when there is one, and again while it is wrong. `bare`: the key alone, with an empty chain. It fails with a `credential.*` leaf, or as `ask` does.
 */
export async function openKeyFile(
  name: string,
  octets: Uint8Array,
  ask: AskKeyPassword,
  user: KeyUser | undefined,
  bare?: true,
): Promise<Result<ClientCredential, Failure>> {
  const process = new KeyProcess(user);
  let password: Secret | undefined;
  try {
    for (let retry = 0; ; ) {
      const answer = await process.call(
        {
          op: 'open-file',
          file: toPipe(octets),
          ...(bare === undefined ? {} : { bare }),
          ...(password === undefined ? {} : { password: toPipe(password.expose()) }),
        },
        limits.keyFileMs,
      );
      if (!answer.ok) return answer;
      if (answer.value.ok) return fileCredential(answer.value);
      const { problem } = answer.value;
      if (problem !== 'password' && problem !== 'password-needed')
        return err(fileFailure(name, answer.value));
      if (problem === 'password' && retry > limits.keyPasswordRetries)
        return err(failure('credential.password', { file: name }));
      const asked = await ask(retry++);
      // Whoever has no better answer than the wrong one: the wrong one is the reason.
      if (!asked.ok)
        return problem === 'password' && asked.error.code === 'secret.missing'
          ? err(failure('credential.password', { file: name }))
          : asked;
      password?.wipe();
      password = asked.value;
    }
  } finally {
    password?.wipe();
    process.close();
  }
}

/** What the user is told of a key file that cannot be opened. */
export function fileFailure(file: string, { problem, detail }: KeyProblem): Failure {
  if (problem === 'weak')
    return failure('credential.weak-file', { file, algorithm: detail['algorithm'] ?? 'an old cipher' });
  if (problem === 'no-key') return failure('credential.no-key', { file });
  return failure('credential.file', { file, reason: detail['reason'] ?? problem });
}

interface OpenedFile {
  readonly chain: readonly string[];
  readonly keyKind: ClientCredential['keyKind'];
  readonly privateKey: string;
}

function fileCredential({ chain, keyKind, privateKey }: OpenedFile): Result<ClientCredential, Failure> {
  const octets = Buffer.from(privateKey, 'base64');
  const key = new Secret(octets);
  octets.fill(0);
  const signer = signerFromPrivateKey(key.expose());
  if (!signer.ok) return err(failure('misuse', { reason: signer.error.reason }));
  return ok({
    spki: signer.value.spki,
    chain: chain.map(fromPipe),
    keyKind,
    privateKey: key,
    sign: async (scheme, data) => ok(signer.value.sign(scheme, data)),
    close: () => key.wipe(),
  });
}
