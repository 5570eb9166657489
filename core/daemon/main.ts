import { parseArgs } from 'node:util';
import { explain, formatFailure } from '../base/errors.ts';
import type { LogLevel } from '../base/log.ts';
import { serviceManager } from '../platform/linux/service-manager.ts';
import { version } from '../platform/version.ts';
import { defaultSocketPath } from '../rpc/socket-path.ts';
import { type DaemonOptions, startDaemon } from './daemon.ts';
import { lineLogSink } from './log-sink.ts';

const help = `Usage: godwitd [options]

The Godwit daemon. It needs root, or the capability CAP_NET_ADMIN, and stays in the foreground.
Stop it with SIGTERM: it disconnects and takes back all that it changed.

Options:
  --socket PATH        where clients reach it (default ${defaultSocketPath})
  --profiles DIR       the profiles of the system (default /etc/godwit/profiles)
  --state DIR          where it keeps the profiles that users give it, and what it learnt of networks
                       (default /var/lib/godwit)
  --journal DIR        where it notes what it changes (default /run/godwit)
  --device NAME        name of the TUN device (default godwit0)
  --resolv-conf PATH   the file that names the DNS servers, where no resolver service runs
                       (default /etc/resolv.conf); with it no such service is looked for
  --no-dns             leave name resolution alone
  --spread WHEN        when further pairs of threads get a share of the traffic, where a profile and a
                       gateway allow them: idle, while processors are (default), or always, for tests
  --log-level LEVEL    error, warn, info or debug (default info)
  --version            print the version
  --help               print this text

Exit status: 0 after an orderly end, 1 when it could not start, 2 for wrong options.
`;

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) return 2;
  if (options === 'done') return 0;
  const stopAsked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
  const manager = serviceManager(process.env);
  const tell = (word: string): void => {
    const told = manager?.tell(word);
    if (told?.ok === false)
      options.log({
        level: 'warn',
        event: 'service-manager',
        fields: { problem: formatFailure(told.error) },
      });
  };
  const daemon = await startDaemon(options);
  if (!daemon.ok) {
    const { what, next } = explain(daemon.error);
    process.stderr.write(`godwitd: ${what} ${next} [${formatFailure(daemon.error)}]\n`);
    return 1;
  }
  tell('READY=1');
  const cause = await Promise.race([stopAsked, daemon.value.shutdownAsked.then(() => 'shutdown')]);
  options.log({ level: 'info', event: 'stopping', fields: { cause } });
  tell('STOPPING=1');
  await daemon.value.stop();
  return 0;
}

function readOptions(args: readonly string[]): DaemonOptions | 'done' | undefined {
  try {
    return toOptions(parseOptions(args));
  } catch (error) {
    process.stderr.write(
      `godwitd: ${error instanceof Error ? error.message : String(error)}\nSee godwitd --help.\n`,
    );
    return undefined;
  }
}

function parseOptions(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      socket: { type: 'string', default: defaultSocketPath },
      profiles: { type: 'string', default: '/etc/godwit/profiles' },
      state: { type: 'string', default: '/var/lib/godwit' },
      journal: { type: 'string', default: '/run/godwit' },
      device: { type: 'string', default: 'godwit0' },
      'resolv-conf': { type: 'string' },
      'no-dns': { type: 'boolean', default: false },
      spread: { type: 'string', default: 'idle' },
      'log-level': { type: 'string', default: 'info' },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

function toOptions(values: ReturnType<typeof parseOptions>): DaemonOptions | 'done' {
  if (values.help || values.version) {
    process.stdout.write(values.help ? help : `${version}\n`);
    return 'done';
  }
  const level = levels.find((each) => each === values['log-level']);
  if (level === undefined) throw new Error(`no log level ${values['log-level']}`);
  const { spread } = values;
  if (spread !== 'idle' && spread !== 'always') throw new Error(`no way to spread: ${spread}`);
  if (!/^[\w.-]{1,15}$/.test(values.device))
    throw new Error('a device name has 1 to 15 letters, digits, . - or _');
  const resolvConf = values['resolv-conf'];
  const dns =
    resolvConf === undefined ? {} : { dns: { resolvConf, resolvconf: false, busAddress: '' } as const };
  const forJournal = process.env['JOURNAL_STREAM'] !== undefined;
  return {
    socketPath: values.socket,
    profilesFolder: values.profiles,
    stateFolder: values.state,
    device: values.device,
    spread,
    plan: { journalDirectory: values.journal, ...(values['no-dns'] ? { dns: false } : dns) },
    log: lineLogSink(level, (line) => process.stderr.write(line), { forJournal }),
  };
}
