import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { keyringSecretStore } from '../platform/secrets/keyring-secret-store.ts';
import type { SecretKey, SecretStore } from '../platform/secrets/secret-store.ts';
import type { CliIo } from './cli-io.ts';
import { readPasswordStdin } from './given-answers.ts';
import { promptLine } from './prompt-line.ts';
import { Report } from './report.ts';
import { escapeText, formatCount } from './text.ts';

export interface SecretOptions {
  readonly json: boolean;
  readonly kind: SecretKey['kind'];
  readonly passwordStdin: boolean;
}

/** Each command returns its exit code and has printed everything. A secret itself is never printed. */

export async function secretSet(
  profile: string,
  of: string,
  options: SecretOptions,
  io: CliIo,
  store: SecretStore = keyringSecretStore,
): Promise<number> {
  const report = new Report(io, options.json);
  const secret = await secretFrom(of, options, io);
  if (!secret.ok) return report.failure([secret.error]);
  const kept = await store.set({ profile, kind: options.kind, of }, secret.value);
  secret.value.wipe();
  if (!kept.ok) return report.failure([kept.error]);
  const line = `Kept in ${store.name} for ${escapeText(of, 128)} in ${escapeText(profile, 128)}.`;
  return report.success([line], { profile, kind: options.kind, of });
}

export async function secretForget(
  profile: string,
  of: string | undefined,
  { json }: Pick<SecretOptions, 'json'>,
  io: CliIo,
  store: SecretStore = keyringSecretStore,
): Promise<number> {
  const report = new Report(io, json);
  const listed = await store.list();
  if (!listed.ok) return report.failure([listed.error]);
  const wanted = listed.value.filter((key) => key.profile === profile && (of === undefined || key.of === of));
  for (const key of wanted) {
    const forgotten = await store.forget(key);
    if (!forgotten.ok) return report.failure([forgotten.error]);
  }
  const line =
    wanted.length === 0
      ? `${store.name} held nothing for that.`
      : `${formatCount(wanted.length, 'secret')} forgotten.`;
  return report.success([line.charAt(0).toUpperCase() + line.slice(1)], { forgotten: wanted });
}

export async function secretList(
  { json }: Pick<SecretOptions, 'json'>,
  io: CliIo,
  store: SecretStore = keyringSecretStore,
): Promise<number> {
  const report = new Report(io, json);
  const listed = await store.list();
  if (!listed.ok) return report.failure([listed.error]);
  const lines = listed.value.map(
    ({ profile, kind, of }) => `${escapeText(profile, 128)}  ${kind} of ${escapeText(of, 128)}`,
  );
  const empty = `Nothing is kept in ${store.name}.`;
  return report.success(lines.length === 0 ? [empty] : lines, { secrets: listed.value });
}

async function secretFrom(
  of: string,
  { passwordStdin, kind }: SecretOptions,
  io: CliIo,
): Promise<Result<Secret, Failure>> {
  if (passwordStdin) {
    const given = await readPasswordStdin(io);
    if (!given.ok) return given;
    return ok(given.value.get('password') ?? Secret.fromText(''));
  }
  if (!io.stdin.isTTY) return err(failure('secret.missing'));
  const what = kind === 'pin' ? 'PIN' : 'Password';
  const typed = await promptLine(`${what} of ${escapeText(of, 128)}: `, io, new AbortController().signal);
  if (typed.kind === 'interrupted') return err(failure('tunnel.cancelled'));
  return typed.kind === 'typed' && typed.text !== ''
    ? ok(Secret.fromText(typed.text))
    : err(failure('secret.missing'));
}
