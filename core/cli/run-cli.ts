import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { limits } from '../base/limits.ts';
import { version } from '../platform/version.ts';
import { defaultSocketPath } from '../rpc/socket-path.ts';
import { addImport } from './add-import.ts';
import type { CliIo } from './cli-io.ts';
import { type CommonOptions, down, licenses, profiles, status, up } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { givenKinds } from './given-answers.ts';
import { type SecretOptions, secretForget, secretList, secretSet } from './secret-commands.ts';
import { escapeText } from './text.ts';
import { ui } from './ui/ui-command.ts';

/** Runs one command line (without the names of the runtime and the script) and returns its exit code. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let exitCode: number = exitCodes.ok.code;
  const program = makeProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
  }
}

function makeProgram(io: CliIo, finish: (exitCode: number) => void): Command {
  const program = new Command('godwit')
    .description('Connects this computer to an IKEv2 VPN gateway and keeps it connected.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'explain a command')
    .helpCommand(false)
    .addOption(
      new Option('--socket <path>', 'where the daemon listens')
        .env('GODWIT_SOCKET')
        .default(defaultSocketPath),
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) =>
        write(
          text
            .split('\n')
            .map((line) => escapeText(line))
            .join('\n'),
        ),
    })
    .showHelpAfterError('(`godwit --help` explains.)')
    .addHelpText('after', afterHelp());
  addUp(program, io, finish);
  addOthers(program, io, finish);
  addImport(program, io, finish, common);
  addSecret(program, io, finish);
  addUi(program, io, finish);
  addLicenses(program, io, finish);
  // Commands are made with what their parent has, except for this.
  for (const command of program.commands) command.helpOption('-h, --help', 'explain this command');
  return program;
}

function addUp(program: Command, io: CliIo, finish: (exitCode: number) => void): void {
  program
    .command('up')
    .summary('connect, and return when the connection stands')
    .description(
      'Connects and returns when the connection stands; the daemon keeps it up. Ctrl-C cancels. The password comes from --password-stdin, from --answers-stdin, from --password-file, from the file that the profile names, from the keyring of the desktop (see `godwit secret`), or from a prompt.',
    )
    .argument(
      '<profile>',
      'name of a stored profile, or path of a profile file (with a slash, or ending in .json)',
    )
    .addOption(
      new Option('--password-stdin', 'read the password from the first line of standard input').conflicts(
        'passwordFile',
      ),
    )
    .addOption(
      new Option(
        '--answers-stdin',
        `read what may be asked from standard input, a line each: ${givenKinds.join('=, ')}=`,
      ).conflicts(['passwordFile', 'passwordStdin']),
    )
    .option('--no-keyring', 'neither look into the keyring of the desktop nor offer to keep anything in it')
    .option(
      '--password-file <file>',
      'read the password from the first line of a file of yours with mode 0600',
    )
    .addOption(
      new Option('--answer-within <seconds>', 'give up when a question is not answered in time').argParser(
        (text) => {
          const seconds = Number(text);
          if (Number.isInteger(seconds) && seconds >= 1 && seconds <= limits.askMs / 1_000) return seconds;
          throw new InvalidArgumentError(`It must be 1 to ${limits.askMs / 1_000}.`);
        },
      ),
    )
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  godwit up office                                     a stored profile; asks for the password
  godwit up ./office.json                              a profile file of your own
  pass show vpn | godwit up office --password-stdin    the password from a password manager
  godwit up office --json | jq .snapshot.tunnel.addresses`,
    )
    .action(async (profile: string, _: unknown, command: Command) => {
      const given = command.opts<{
        passwordStdin?: boolean;
        answersStdin?: boolean;
        passwordFile?: string;
        keyring: boolean;
        answerWithin?: number;
      }>();
      const { passwordStdin = false, answersStdin = false, passwordFile, keyring, answerWithin } = given;
      const answers = { passwordStdin, answersStdin, passwordFile, keyring, answerWithin };
      finish(await up(profile, { ...common(command), ...answers }, io));
    });
}

function addOthers(program: Command, io: CliIo, finish: (exitCode: number) => void): void {
  program
    .command('down')
    .summary('disconnect, and return when nothing of it is left')
    .description('Ends the connection, or the attempt to connect, and returns when nothing of it is left.')
    .option('--json', 'print the result as one JSON object')
    .action(async (_: unknown, command: Command) => finish(await down(common(command), io)));
  program
    .command('status')
    .summary('show the state, its algorithms, addresses and counters')
    .description(
      'Shows what the daemon knows: the state, when the gateway last proved to be there, algorithms, addresses, routes, DNS and counters. Exits with 0 whenever the daemon answers.',
    )
    .option('--json', 'print the state as one JSON object; moments are milliseconds since 1970')
    .action(async (_: unknown, command: Command) => finish(await status(common(command), io)));
  program
    .command('profiles')
    .summary('list the profiles of this computer and your own')
    .description(
      'Lists the profiles of this computer (/etc/godwit/profiles) and those that you imported (own:NAME), and what is wrong with those that cannot be used.',
    )
    .option('--json', 'print the list as one JSON object')
    .action(async (_: unknown, command: Command) => finish(await profiles(common(command), io)));
}

function addLicenses(program: Command, io: CliIo, finish: (exitCode: number) => void): void {
  program
    .command('licenses')
    .summary('print the licences of the libraries that Godwit brings')
    .description(
      'Prints what is in a package of Godwit and made by others: name, version, licence and its text. Godwit itself is under the Apache License 2.0.',
    )
    .option('--json', 'print the text in one JSON object')
    .action(async (_: unknown, command: Command) => finish(await licenses(common(command), io)));
}

function addSecret(program: Command, io: CliIo, finish: (exitCode: number) => void): void {
  const secret = program
    .command('secret')
    .summary('keep passwords in the keyring of the desktop, list and forget them')
    .description(
      'Keeps passwords in the keyring of the desktop (GNOME Keyring, KWallet, KeePassXC). `godwit up` looks there before it asks, offers to keep what was typed, and forgets what was refused. <profile> is the `name` in the profile.',
    );
  const kinds = new Option('--kind <kind>', 'what it opens: the account, the file of a key, or a token')
    .choices(['password', 'key-password', 'pin'])
    .default('password');
  secret
    .command('set')
    .summary('keep a secret, which is asked for')
    .argument('<profile>', 'the name in the profile')
    .argument('<of>', 'the user name, the name of the key file, or the label of the token')
    .addOption(kinds)
    .option('--password-stdin', 'read it from the first line of standard input')
    .option('--json', 'print the result as one JSON object')
    .action(async (profile: string, of: string, _: unknown, command: Command) => {
      const given = command.opts<{ kind: SecretOptions['kind']; passwordStdin?: boolean }>();
      const { kind, passwordStdin = false } = given;
      finish(await secretSet(profile, of, { kind, passwordStdin, json: common(command).json }, io));
    });
  secret
    .command('forget')
    .summary('forget the secrets of a profile, or those of one user in it')
    .argument('<profile>', 'the name in the profile')
    .argument('[of]', 'only that of this user, key file or token')
    .option('--json', 'print the result as one JSON object')
    .action(async (profile: string, of: string | undefined, _: unknown, command: Command) =>
      finish(await secretForget(profile, of, common(command), io)),
    );
  secret
    .command('list')
    .summary('list what is kept, without the secrets')
    .option('--json', 'print the list as one JSON object')
    .action(async (_: unknown, command: Command) => finish(await secretList(common(command), io)));
}

function addUi(program: Command, io: CliIo, finish: (exitCode: number) => void): void {
  program
    .command('ui')
    .summary('open the interface in your browser')
    .description(
      'Serves the interface on the loopback address until Ctrl-C, to whoever opens the one-time address that it prints. It can do what this user can do with the other commands.',
    )
    .option('--port <number>', 'listen on this port; any that is free when absent', portOf, 0)
    .option('--no-open', 'do not open a browser')
    .option('--json', 'print the address as one JSON object')
    .action(async (_: unknown, command: Command) => {
      const { port, open } = command.opts<{ port: number; open: boolean }>();
      finish(await ui({ ...common(command), port, open }, io));
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function common(command: Command): CommonOptions {
  const { socket, json } = command.optsWithGlobals<{ socket: string; json?: boolean }>();
  return { socket, json: json === true };
}

function afterHelp(): string {
  const codes = Object.values(exitCodes).map(({ code, says }) => `  ${String(code).padStart(3)}  ${says}`);
  return `
Examples:
  godwit up office         connect with the stored profile /etc/godwit/profiles/office.json
  godwit up ./home.json    connect with a profile file of your own
  godwit import vpn.sswan  keep a profile that you were given
  godwit up own:vpn        connect with it
  godwit status            see whether it is up, and since when the gateway has been silent
  godwit down              disconnect
  godwit ui                the same with the mouse, in your browser

Exit codes:
${codes.join('\n')}

A profile is a JSON file; docs/profile.md lists its fields. NO_COLOR=1 turns colours off.`;
}
