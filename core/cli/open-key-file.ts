import { encodeBase64 } from '../base/base64.ts';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import type { ImportedKeyFile } from '../profile/importers/importer.ts';
import type { OpenedKeyFile } from '../profile/importers/key-file-profile.ts';
import type { RpcClient } from '../rpc/transport/client.ts';
import type { CliIo } from './cli-io.ts';
import { readPasswordStdin } from './given-answers.ts';
import type { Progress } from './progress.ts';
import { promptSecret } from './prompt-line.ts';
import { escapeText } from './text.ts';

/** How often a password may be typed; nothing locks, and Ctrl-C ends it. */
const tries = 5;

/**
 * Has the daemon look into a key file, with its password from standard input or from a prompt, if it has one. Fails with
 * `credential.*`, `secret.*`, or `tunnel.cancelled`.
 */
export async function openKeyFile(
  { name, octets }: ImportedKeyFile,
  passwordStdin: boolean,
  rpc: RpcClient,
  io: CliIo,
  progress: Progress,
): Promise<Result<OpenedKeyFile, Failure>> {
  const look = (password: string | undefined) =>
    rpc.call('look-into-key-file', {
      name,
      file: encodeBase64(octets),
      ...(password === undefined ? {} : { password }),
    });
  let looked = await look(undefined);
  for (let turn = 0; turn < tries; turn++) {
    if (looked.ok && looked.value.state === 'open') return ok(looked.value);
    const wrong = !looked.ok && looked.error.code === 'credential.password';
    if (!looked.ok && (!wrong || (passwordStdin && turn > 0))) return looked;
    if (wrong && turn > 0) io.stderr.write('That password does not open the file.\n');
    const password = passwordStdin ? await given(io) : await prompted(name, io, progress);
    if (!password.ok) return password;
    looked = await look(password.value);
  }
  return looked.ok && looked.value.state === 'open'
    ? ok(looked.value)
    : err(failure('credential.password', { file: name }));
}

async function given(io: CliIo): Promise<Result<string, Failure>> {
  const read = await readPasswordStdin(io);
  if (!read.ok) return read;
  const text = utf8.decode(read.value.expose());
  read.value.wipe();
  return ok(text);
}

async function prompted(name: string, io: CliIo, progress: Progress): Promise<Result<string, Failure>> {
  progress.pause();
  const typed = await promptSecret(`Password of ${escapeText(name, 120)}: `, io);
  progress.resume();
  return typed;
}
