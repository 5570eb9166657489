import type { Failure } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { readPasswordFile } from '../platform/password-file.ts';
import { keyringSecretStore } from '../platform/secrets/keyring-secret-store.ts';
import { type Answerer, refusing } from './answerer.ts';
import type { CliIo } from './cli-io.ts';
import {
  type GivenKind,
  type GivenSecrets,
  givenAnswers,
  readAnswersStdin,
  readPasswordStdin,
} from './given-answers.ts';
import { promptedAnswers } from './prompted-answers.ts';
import { rememberedAnswers } from './remembered-answers.ts';

/** Where the answers of an `up` come from. */
export interface AnswerOptions {
  readonly passwordStdin: boolean;
  readonly answersStdin: boolean;
  /** `--password-file`: for the first account that is asked for. */
  readonly passwordFile: string | undefined;
  /** `passwordFile` of each proof of the profile, by user name; and of each certificate, by what its file is called. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly keyPasswords: ReadonlyMap<string, string>;
  /** The files of the keys that user and gateway share. */
  readonly pskFile: string | undefined;
  readonly ppkFile: string | undefined;
  readonly keyring: boolean;
}

/**
 * Standard input, then files, then the keyring, then a prompt. The first two are read here, before anything is connected, so
 * that their mistakes show at once.
 */
export async function answerer(options: AnswerOptions, io: CliIo): Promise<Result<Answerer, Failure>> {
  const given = await givenSecrets(options, io);
  if (!given.ok) return given;
  const prompts = io.stdin.isTTY ? promptedAnswers(io) : refusing;
  const keyring = options.keyring && mayHaveKeyring(io);
  const others = keyring ? rememberedAnswers(keyringSecretStore, prompts, io) : prompts;
  const passwords = await secretsIn(options.passwords, io, given.value.has('password'));
  if (!passwords.ok) return passwords;
  const keyPasswords = await secretsIn(options.keyPasswords, io, given.value.has('key-password'));
  if (!keyPasswords.ok) return keyPasswords;
  const filed = { password: passwords.value, 'key-password': keyPasswords.value };
  return ok(givenAnswers(given.value, others, filed));
}

/** Without a session bus there is none, and no need to load anything to find that out. */
function mayHaveKeyring({ env }: CliIo): boolean {
  const off = env['GODWIT_KEYRING'] === 'off';
  return !off && (env['DBUS_SESSION_BUS_ADDRESS'] !== undefined || env['XDG_RUNTIME_DIR'] !== undefined);
}

async function givenSecrets(options: AnswerOptions, io: CliIo): Promise<Result<GivenSecrets, Failure>> {
  const given = new Map<GivenKind, Secret>();
  if (options.passwordStdin) {
    const read = await readPasswordStdin(io);
    if (!read.ok) return read;
    given.set('password', read.value);
  } else if (options.answersStdin) {
    const read = await readAnswersStdin(io);
    if (!read.ok) return read;
    for (const [kind, secret] of read.value) given.set(kind, secret);
  }
  for (const [kind, file] of [
    ['password', options.passwordFile],
    ['psk', options.pskFile],
    ['ppk', options.ppkFile],
  ] as const) {
    if (file === undefined || given.has(kind)) continue;
    const read = await readPasswordFile(file, (owner) => isOwn(owner, io));
    if (!read.ok) return read;
    given.set(kind, read.value);
  }
  return ok(given);
}

/** The secrets in the files of the profile's proofs, by whose they are. `spare`: another source may stand in for a file. */
async function secretsIn(
  files: ReadonlyMap<string, string>,
  io: CliIo,
  spare: boolean,
): Promise<Result<ReadonlyMap<string, Secret>, Failure>> {
  const secrets = new Map<string, Secret>();
  for (const [of, file] of files) {
    const read = await readPasswordFile(file, (owner) => isOwn(owner, io));
    if (!read.ok && !spare) return read;
    if (read.ok) secrets.set(of, read.value);
  }
  return ok(secrets);
}

/** The user's own, or under sudo that of the user who called it. */
function isOwn(owner: number, { uid, env }: CliIo): boolean {
  return owner === uid || (uid === 0 && String(owner) === env['SUDO_UID']);
}
