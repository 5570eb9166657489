import { explain, type Failure } from '../base/errors.ts';
import type { Result } from '../base/result.ts';
import { readNotices } from '../platform/notices.ts';
import { connectRpc, type RpcClient } from '../rpc/transport/client.ts';
import type { ProfileEntry } from '../rpc/values.ts';
import { type AnswerOptions, answerer } from './answer-sources.ts';
import { type CliIo, colorsFor } from './cli-io.ts';
import { ConnectAttempt } from './connect-attempt.ts';
import { describeTunnel } from './describe-tunnel.ts';
import { chooseProfile } from './profile-source.ts';
import { Progress } from './progress.ts';
import { Report } from './report.ts';
import { escapeText, formatDuration } from './text.ts';

/** What every command that speaks with the daemon has. */
export interface CommonOptions {
  /** Path of the daemon's socket. */
  readonly socket: string;
  /** One JSON object on standard output in place of lines for a reader. */
  readonly json: boolean;
}

/** Each command returns its exit code and has printed everything. */

export async function up(
  profile: string,
  options: CommonOptions &
    Omit<AnswerOptions, 'passwords' | 'keyPasswords' | 'pskFile' | 'ppkFile'> & {
      /** Seconds that a question stays open at the most. */
      readonly answerWithin?: number | undefined;
    },
  io: CliIo,
): Promise<number> {
  const report = new Report(io, options.json);
  const chosen = await chooseProfile(profile);
  if (!chosen.ok) return report.failure(chosen.error);
  const { source, ...files } = chosen.value;
  const answers = await answerer({ ...options, ...files }, io);
  if (!answers.ok) return report.failure([answers.error]);
  const connected = await withDaemon(options, (rpc) =>
    new ConnectAttempt(rpc, io, answers.value, new Progress(io)).run(source, options.answerWithin),
  );
  if (!connected.ok) return report.failure([connected.error]);
  const lines = describeTunnel(connected.value.tunnel, io.now(), colorsFor(io.stdout, io.env));
  return report.success(lines, { snapshot: connected.value });
}

export async function down(options: CommonOptions, io: CliIo): Promise<number> {
  const report = new Report(io, options.json);
  const started = io.now();
  const ended = await withDaemon(options, (rpc) => rpc.call('disconnect', {}));
  if (!ended.ok) return report.failure([ended.error]);
  const { wasUp } = ended.value;
  const line = wasUp ? `Disconnected in ${formatDuration(io.now() - started)}.` : 'Nothing was connected.';
  return report.success([line], { wasUp });
}

export async function status(options: CommonOptions, io: CliIo): Promise<number> {
  const report = new Report(io, options.json);
  const answer = await withDaemon(options, (rpc) => rpc.call('status', {}));
  if (!answer.ok) return report.failure([answer.error]);
  const { snapshot } = answer.value;
  return report.success(describeTunnel(snapshot.tunnel, io.now(), colorsFor(io.stdout, io.env)), {
    snapshot,
  });
}

export async function profiles(options: CommonOptions, io: CliIo): Promise<number> {
  const report = new Report(io, options.json);
  const answer = await withDaemon(options, (rpc) => rpc.call('profiles', {}));
  if (!answer.ok) return report.failure([answer.error]);
  const entries = answer.value.profiles;
  const lines =
    entries.length === 0
      ? ['There are no profiles. Keep one with `godwit import`, or give `godwit up` a file.']
      : describeProfiles(entries, io);
  return report.success(lines, { profiles: entries });
}

/** Works without the daemon. */
export async function licenses(options: Pick<CommonOptions, 'json'>, io: CliIo): Promise<number> {
  const report = new Report(io, options.json);
  const notices = await readNotices();
  if (!notices.ok) return report.failure([notices.error]);
  return report.success([notices.value.trimEnd()], { notices: notices.value });
}

function describeProfiles(entries: readonly ProfileEntry[], io: CliIo): readonly string[] {
  const colors = colorsFor(io.stdout, io.env);
  const width = Math.max(...entries.map(({ id }) => escapeText(id, 64).length));
  return entries.flatMap(({ id, name, gateway, failures }) => {
    const label = escapeText(id, 64).padEnd(width);
    if (failures.length === 0)
      return [`${colors.bold(label)}  ${escapeText(name ?? '')}, ${escapeText(gateway ?? '')}`];
    const reasons = failures.map((each) =>
      each.code === 'profile.invalid'
        ? `line ${each.detail['line']}, ${each.detail['field']}: ${each.detail['reason']}`
        : explain(each).what,
    );
    return [
      `${colors.red(label)}  cannot be used`,
      ...reasons.map((reason) => `${' '.repeat(width)}  ${escapeText(reason)}`),
    ];
  });
}

/** Runs `use` with a connection to the daemon. */
export async function withDaemon<T>(
  { socket }: CommonOptions,
  use: (rpc: RpcClient) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const rpc = await connectRpc(socket);
  if (!rpc.ok) return rpc;
  const result = await use(rpc.value);
  rpc.value.close();
  return result;
}
