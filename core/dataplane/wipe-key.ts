import type { WorkerCommand } from './commands.ts';

/** Overwrites the key of an install command, after the cipher has it. */
export function wipeKey(command: WorkerCommand): void {
  if (command.kind !== 'install') return;
  const { encryption, salt, integrity } = command.sa.key;
  for (const part of [encryption, salt, integrity]) part.fill(0);
}
