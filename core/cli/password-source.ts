import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import { passwordLine, readPasswordFile } from '../platform/password-file.ts';
import type { AskAnswer, AskRequest } from '../rpc/asks.ts';
import type { CliIo } from './cli-io.ts';
import { promptPassword } from './password-prompt.ts';
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
        : await readPasswordFile(options.passwordFile, (owner) => isOwn(owner, io));
    return read.ok ? ok(knownPassword(read.value)) : read;
  }
  return ok(io.stdin.isTTY ? prompt(io) : { canAnswer: false, answer: async () => ({ kind: 'refused' }) });
}

/** The same password would only be refused again, and lock the account in the end: it is given once. */
function knownPassword(password: Secret): PasswordSource {
  return {
    canAnswer: true,
    answer: async (request) =>
      request.kind !== 'password' || request.retry > 0
        ? { kind: 'refused' }
        : { kind: 'password', password: utf8.decode(password.expose()) },
  };
}

function prompt(io: CliIo): PasswordSource {
  return {
    canAnswer: true,
    async answer(request, signal) {
      if (request.kind !== 'password') return { kind: 'refused' };
      const { identity, retry } = request;
      if (retry > 0) io.stderr.write('The user name or the password is wrong. Type it again.\n');
      const typed = await promptPassword(`Password for ${escapeText(identity, 128)}: `, io, signal);
      if (typed.kind === 'interrupted') return 'interrupted';
      if (typed.kind === 'ended' || typed.text === '') return { kind: 'refused' };
      return { kind: 'password', password: typed.text };
    },
  };
}

/** The user's own, or under sudo that of the user who called it. */
function isOwn(owner: number, { uid, env }: CliIo): boolean {
  return owner === uid || (uid === 0 && String(owner) === env['SUDO_UID']);
}

async function readStandardInput(io: CliIo): Promise<Result<Secret, Failure>> {
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
  return passwordLine(Buffer.concat(chunks), source);
}
