import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { utf8 } from '../../base/utf8.ts';
import type { KeyFileLook } from '../../rpc/key-files.ts';
import type { MethodParams } from '../../rpc/schema.ts';
import { KeyProcess, type KeyUser } from './key-process.ts';
import { fileFailure } from './open-credential.ts';
import { toPipe } from './pipe-octets.ts';

/** Looks under way, in all: each is a process, and a client could ask for many. */
let under: Promise<unknown> = Promise.resolve();

/**
 * Opens a file that the client sent, in a process with the rights of `user`, and tells what is in it. The private key never
 * leaves that process; neither file nor password is kept. One after the other. Fails with a `credential.*` leaf.
 */
export function lookIntoKeyFile(
  params: MethodParams<'look-into-key-file'>,
  user: KeyUser | undefined,
): Promise<Result<KeyFileLook, Failure>> {
  const looked = under.then(() => look(params, user));
  under = looked.catch(() => undefined);
  return looked;
}

async function look(
  { name, file, password }: MethodParams<'look-into-key-file'>,
  user: KeyUser | undefined,
): Promise<Result<KeyFileLook, Failure>> {
  const process = new KeyProcess(user);
  const given = password === undefined ? {} : { password: toPipe(utf8.encode(password)) };
  const answer = await process.call({ op: 'look-into-file', file, ...given }, limits.keyFileMs);
  process.close();
  if (!answer.ok) return answer;
  if (!answer.value.ok) {
    const { problem } = answer.value;
    if (problem === 'password-needed') return ok({ state: 'locked' });
    if (problem === 'password') return err(failure('credential.password', { file: name }));
    return err(fileFailure(name, answer.value));
  }
  const { own, others, weakEncryption } = answer.value;
  return ok({
    state: 'open',
    certificate: own,
    others,
    protected: password !== undefined,
    ...(weakEncryption === undefined ? {} : { weakEncryption }),
  });
}
