import type { LogSink } from '../../base/log.ts';
import { playBack } from './play-back.ts';
import { recordedLogin } from './recorded-login.ts';
import { rehearseLogin } from './rehearse-login.ts';

/** The daemon tells first that it is there, and lets the threads of the data plane load their code. */
const waitMs = 100;
/** The first runs the code, the second finds out which of it is worth keeping compiled; more bring nothing. */
const times = 2;

/** Rehearses a login in a moment, unless `signal` aborts before. docs/decisions/0092-rehearsal.md */
export function rehearseSoon(signal: AbortSignal, log: LogSink): void {
  const timer = setTimeout(() => {
    rehearse(signal).then(
      (stood) => log({ level: 'debug', event: 'rehearsed', fields: { stood } }),
      (cause: unknown) =>
        log({ level: 'warn', event: 'rehearsal.failed', fields: { problem: String(cause) } }),
    );
  }, waitMs);
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

async function rehearse(signal: AbortSignal): Promise<boolean> {
  let stood = true;
  for (let i = 0; i < times && stood; i++) stood = await rehearseLogin(playBack(recordedLogin), signal);
  return stood;
}
