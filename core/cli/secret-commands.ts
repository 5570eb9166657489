import type { Failure } from '../base/errors.ts';
import { ok, type Result } from '../base/result.ts';
import { Secret } from '../base/secret.ts';
import { keyringSecretStore } from '../platform/secrets/keyring-secret-store.ts';
import type { SecretKey } from '../platform/secrets/secret-store.ts';
import type { CliIo } from './cli-io.ts';
import { readPasswordStdin } from './given-answers.ts';
import { promptSecret } from './prompt-line.ts';
import { Report } from './report.ts';
import { capitalised, escapeText, formatCount } from './text.ts';

const store = keyringSecretStore;

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

/** Of one user, key file or token (`of`), or all of the profile. */
export async function secretForget(
  profile: string,
  of: string | undefined,
  { json }: Pick<SecretOptions, 'json'>,
  io: CliIo,
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
  return report.success([capitalised(line)], { forgotten: wanted });
}

/** What is kept, without the secrets. */
export async function secretList({ json }: Pick<SecretOptions, 'json'>, io: CliIo): Promise<number> {
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
  if (passwordStdin) return await readPasswordStdin(io);
  const what = kind === 'pin' ? 'PIN' : 'Password';
  const typed = await promptSecret(`${what} of ${escapeText(of, 128)}: `, io);
  return typed.ok ? ok(Secret.fromText(typed.value)) : typed;
}
