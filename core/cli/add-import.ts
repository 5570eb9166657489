import { type Command, Option } from 'commander';
import type { CliIo } from './cli-io.ts';
import type { CommonOptions } from './commands.ts';
import { type ImportOptions, importFile } from './import-command.ts';

/** The command `import` with its options. */
export function addImport(
  program: Command,
  io: CliIo,
  finish: (exitCode: number) => void,
  common: (command: Command) => CommonOptions,
): void {
  program
    .command('import')
    .summary('keep a profile that you were given, from any file that Godwit knows')
    .description(
      "Makes a profile of your own from a file: Godwit's own JSON, with what stands in the files that it names; .sswan of strongSwan; or a certificate with its key (.p12, .pfx), which stays behind its password. What the file does not say is asked for on a terminal, or comes from the options. The password of a .p12 comes from a prompt or from --password-stdin, and is not kept.",
    )
    .argument('<file>', 'the file')
    .option('--name <name>', 'what to call the profile, in place of what the file says')
    .option('--gateway <host>', 'host name or IP address of the gateway')
    .option('--username <name>', 'the user name of the login')
    .option('--method <method>', 'how to log in, as `authentication.method` in a profile')
    .addOption(
      new Option(
        '--ca <file>',
        'a PEM file with the CA certificates that may vouch for the gateway',
      ).conflicts('systemCas'),
    )
    .option('--system-cas', 'the CAs that this computer trusts may vouch for the gateway')
    .option('--password-stdin', 'read the password of the file from the first line of standard input')
    .option('--replace <profile>', 'put it in place of a profile of yours, such as own:office')
    .option('--print', 'write the profile to standard output and keep nothing')
    .option('--json', 'print the result as one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  godwit import office.sswan                                what the file says, and questions for the rest
  godwit import alice.p12 --gateway vpn.example.org         a certificate; its password is asked for
  godwit import office.sswan --print > office.json          the same as a file, to look at or to hand on`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const given = command.opts<Partial<Omit<ImportOptions, 'json' | 'socket'>>>();
      const { name, gateway, username, method, ca, replace } = given;
      const { systemCas = false, passwordStdin = false, print = false } = given;
      const additions = { name, gateway, username, method, ca, replace };
      finish(
        await importFile(file, { ...common(command), ...additions, systemCas, passwordStdin, print }, io),
      );
    });
}
