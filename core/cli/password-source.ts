import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import type { AskAnswer, AskRequest } from '../rpc/values.ts';
import type { CliIo } from './cli-io.ts';
import { promptPassword } from './password-prompt.ts';
import { readBoundedFile } from './read-file.ts';
import { escapeText } from './text.ts';

/** Where the password of an `up` comes from. */
export interface PasswordSource {
  /** Whether an ask can be answered at all. */
  readonly canAnswer: boolean;
  /** `interrupted`: the user pressed Ctrl-C at the prompt, or `signal` aborted. */
  answer(request: AskRequest, signal: AbortSignal): Promise<AskAnswer | 'interrupted'>;
}

export interface PasswordOptions {
  readonly passwordStdin: boolean;
  /** `--password-file`, else the `passwordFile` of the profile. */
  readonly passwordFile: string | undefined;
}

/**
 * Standard input, then a file, then a prompt. The first two are read here, before anything is connected, so that their
 * mistakes show at once.
 */
export async function passwordSource(
  options: PasswordOptions,
  io: CliIo,
): Promise<Result<PasswordSource, Failure>> {
  if (options.passwordStdin || options.passwordFile !== undefined) {
    const read =
      options.passwordStdin || options.passwordFile === undefined
        ? await readStandardInput(io)
        : await readPasswordFile(options.passwordFile, io);
    return read.ok ? ok(knownPassword(read.value)) : read;
  }
  return ok(io.stdin.isTTY ? prompt(io) : { canAnswer: false, answer: async () => ({ kind: 'refused' }) });
}

/** The same password would only be refused again, and lock the account in the end: it is given once. */
function knownPassword(password: string): PasswordSource {
  return {
    canAnswer: true,
    answer: async ({ retry }) => (retry > 0 ? { kind: 'refused' } : { kind: 'password', password }),
  };
}

function prompt(io: CliIo): PasswordSource {
  return {
    canAnswer: true,
    async answer({ identity, retry }, signal) {
      if (retry > 0) io.stderr.write('The user name or the password is wrong. Type it again.\n');
      const typed = await promptPassword(`Password for ${escapeText(identity, 128)}: `, io, signal);
      if (typed.kind === 'interrupted') return 'interrupted';
      if (typed.kind === 'ended' || typed.text === '') return { kind: 'refused' };
      return { kind: 'password', password: typed.text };
    },
  };
}

async function readPasswordFile(file: string, io: CliIo): Promise<Result<string, Failure>> {
  const contents = await readBoundedFile(file, limits.passwordOctets + 2);
  if (!contents.ok) return err(failure('secret.unreadable', { source: file, reason: contents.error }));
  const { stats, octets } = contents.value;
  if (!isOwn(stats.uid, io)) return err(failure('secret.file-owner', { file }));
  if ((stats.mode & 0o077) !== 0) {
    return err(
      failure('secret.file-mode', { file, mode: (stats.mode & 0o777).toString(8).padStart(4, '0') }),
    );
  }
  const password = firstLine(octets, file);
  octets.fill(0);
  return password;
}

/** The user's own, or under sudo that of the user who called it. */
function isOwn(owner: number, { uid, env }: CliIo): boolean {
  return owner === uid || (uid === 0 && String(owner) === env['SUDO_UID']);
}

async function readStandardInput(io: CliIo): Promise<Result<string, Failure>> {
  const source = 'standard input';
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of io.stdin) {
      const octets = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(octets instanceof Uint8Array)) continue;
      chunks.push(Buffer.from(octets));
      length += octets.length;
      if (octets.includes(0x0a) || length > limits.passwordOctets + 2) break;
    }
  } catch (error) {
    return err(failure('secret.unreadable', { source, reason: String(error) }));
  }
  return firstLine(Buffer.concat(chunks), source);
}

function firstLine(octets: Uint8Array, source: string): Result<string, Failure> {
  const text = utf8.decodeStrict(octets);
  if (text === undefined) return err(failure('secret.unreadable', { source, reason: 'it is not UTF-8' }));
  const line = text.split(/\r?\n/, 1)[0] ?? '';
  if (line === '') return err(failure('secret.unreadable', { source, reason: 'its first line is empty' }));
  if (utf8.encode(line).length > limits.passwordOctets) {
    return err(failure('secret.unreadable', { source, reason: `more than ${limits.passwordOctets} octets` }));
  }
  return ok(line);
}
