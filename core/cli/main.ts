import { errnoOf } from '../platform/errno.ts';
import { runCli } from './run-cli.ts';

// A reader that went away (`godwit status | head -1`) is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (errnoOf(error) !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  uid: process.getuid?.() ?? 0,
  now: () => Date.now(),
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    process.on('SIGTERM', listener);
    return () => {
      process.removeListener('SIGINT', listener);
      process.removeListener('SIGTERM', listener);
    };
  },
});
// Standard input may still be open, a terminal or a pipe that nobody closes: it must not hold the process.
process.stdin.destroy();
