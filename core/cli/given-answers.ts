import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import { passwordLine } from '../platform/password-file.ts';
import type { SecretRequest } from '../rpc/asks.ts';
import { type Answerer, secretAnswer } from './answerer.ts';
import type { CliIo } from './cli-io.ts';

/** Kinds of ask that a script can answer. */
export const givenKinds = [
  'password',
  'passcode',
  'new-password',
  'key-password',
  'pin',
  'psk',
  'ppk',
] as const;
export type GivenKind = (typeof givenKinds)[number];

export type GivenSecrets = ReadonlyMap<GivenKind, Secret>;

/** What the files of a profile hold, by whose it is: a user name, or what a key file is called. */
export type FiledSecrets = Readonly<Record<'password' | 'key-password', ReadonlyMap<string, Secret>>>;

/**
 * Answers with what was given before the start, each once: the same answer again would only be refused again, and lock the
 * account in the end. `given` goes before `filed` for the first account that is asked for, and after it for others. What is in
 * neither goes to `next`.
 */
export function givenAnswers(given: GivenSecrets, next: Answerer, filed: FiledSecrets): Answerer {
  const first = new Map<GivenKind, string>();
  const find = (request: SecretRequest): Secret | undefined => {
    const kind = request.kind === 'shared-key' ? request.use : request.kind;
    const one = given.get(kind);
    if (request.kind !== 'password' && request.kind !== 'key-password') return one;
    const of = request.kind === 'password' ? request.identity : request.file;
    if (!first.has(kind)) first.set(kind, of);
    const own = filed[request.kind].get(of);
    return first.get(kind) === of ? (one ?? own) : (own ?? one);
  };
  const all = [...given.values(), ...filed.password.values(), ...filed['key-password'].values()];
  return {
    canAnswer: all.length > 0 || next.canAnswer,
    async answer(request, deadlineAt, signal) {
      if (request.kind === 'choose-certificate') return await next.answer(request, deadlineAt, signal);
      const secret = find(request);
      if (secret === undefined) return await next.answer(request, deadlineAt, signal);
      if (request.retry > 0) return { kind: 'refused' };
      return secretAnswer(request.kind, utf8.decode(secret.expose()));
    },
    finished: async (outcome) => {
      for (const secret of all) secret.wipe();
      await next.finished?.(outcome);
    },
  };
}

/** The password in the first line of standard input; the caller's to wipe. Fails with `secret.unreadable`. */
export async function readPasswordStdin(io: CliIo): Promise<Result<Secret, Failure>> {
  const read = await readStandardInput(io, (text) => text.includes(0x0a), limits.passwordOctets + 2);
  if (!read.ok) return read;
  return passwordLine(read.value, source);
}

/** Lines such as `pin=1234` up to the end of standard input: the kinds of `givenKinds`, each once. */
export async function readAnswersStdin(io: CliIo): Promise<Result<GivenSecrets, Failure>> {
  const most = givenKinds.length * (limits.passwordOctets + 16);
  const read = await readStandardInput(io, () => false, most);
  if (!read.ok) return read;
  const refuse = (reason: string) => err(failure('secret.unreadable', { source, reason }));
  if (read.value.length > most) return refuse('it is too long');
  const given = new Map<GivenKind, Secret>();
  for (const line of linesOf(read.value)) {
    const equals = line.indexOf(0x3d);
    const kind = givenKinds.find((one) => one === utf8.decode(line.subarray(0, Math.max(0, equals))));
    if (kind === undefined) return refuse(`a line does not begin with one of ${givenKinds.join('=, ')}=`);
    if (given.has(kind)) return refuse(`${kind} is there twice`);
    const secret = passwordLine(line.subarray(equals + 1), `${kind} on ${source}`);
    if (!secret.ok) return secret;
    given.set(kind, secret.value);
  }
  read.value.fill(0);
  return given.size === 0 ? refuse('it is empty') : ok(given);
}

const source = 'standard input';

function linesOf(octets: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < octets.length; ) {
    const end = octets.indexOf(0x0a, at);
    const stop = end < 0 ? octets.length : end;
    if (stop > at) lines.push(octets.subarray(at, stop));
    at = stop + 1;
  }
  return lines;
}

async function readStandardInput(
  io: CliIo,
  isEnough: (chunk: Uint8Array) => boolean,
  most: number,
): Promise<Result<Uint8Array, Failure>> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of io.stdin) {
      const octets = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(octets instanceof Uint8Array)) continue;
      chunks.push(Buffer.from(octets));
      length += octets.length;
      if (isEnough(octets) || length > most) break;
    }
  } catch (error) {
    return err(failure('secret.unreadable', { source, reason: String(error) }));
  }
  const whole = new Uint8Array(Buffer.concat(chunks));
  for (const chunk of chunks) chunk.fill(0);
  return ok(whole);
}
