import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  completeDraft,
  type DraftAdditions,
  type DraftLack,
  lacksOf,
} from '../profile/importers/complete-draft.ts';
import { readCertificates } from './ca-files.ts';
import type { CliIo } from './cli-io.ts';
import type { Progress } from './progress.ts';
import { promptLine } from './prompt-line.ts';
import { escapeText } from './text.ts';

/** The option that says what a draft lacks. */
export function optionOf(lack: DraftLack): string {
  return { gateway: '--gateway HOST', username: '--username NAME', trust: '--ca FILE or --system-cas' }[lack];
}

/** On a terminal, asks for what the draft lacks. `owner` is proposed as the user name. Fails with `tunnel.cancelled`. */
export async function askForLacks(
  text: string,
  owner: string | undefined,
  io: CliIo,
  progress: Progress,
): Promise<Result<string, Failure>> {
  if (!io.stdin.isTTY) return ok(text);
  let draft = text;
  progress.pause();
  for (const lack of lacksOf(text)) {
    const added = await ask(lack, owner, io);
    if (!added.ok) return added;
    draft = completeDraft(draft, added.value);
  }
  progress.resume();
  return ok(draft);
}

async function ask(
  lack: DraftLack,
  owner: string | undefined,
  io: CliIo,
): Promise<Result<DraftAdditions, Failure>> {
  switch (lack) {
    case 'gateway': {
      const typed = await line('Gateway (host name or IP address): ', io);
      return typed.ok ? ok({ gateway: typed.value }) : typed;
    }
    case 'username': {
      const proposed = owner === undefined ? '' : ` [${escapeText(owner, 128)}]`;
      const typed = await line(`User name${proposed}: `, io);
      return typed.ok ? ok({ username: typed.value === '' ? owner : typed.value }) : typed;
    }
    case 'trust':
      return await askForTrust(io);
  }
}

async function askForTrust(io: CliIo): Promise<Result<DraftAdditions, Failure>> {
  for (;;) {
    const typed = await line('PEM file with the CA of the gateway (empty: the CAs of this computer): ', io);
    if (!typed.ok) return typed;
    if (typed.value === '') return ok({ trust: { system: true } });
    const read = await readCertificates(typed.value);
    if (read.ok) return ok({ trust: { ca: read.value } });
    io.stderr.write(`${escapeText(typed.value, 256)}: ${escapeText(read.error)}\n`);
  }
}

async function line(label: string, io: CliIo): Promise<Result<string, Failure>> {
  const typed = await promptLine(label, io, new AbortController().signal, 'shown');
  return typed.kind === 'typed' ? ok(typed.text.trim()) : err(failure('tunnel.cancelled'));
}
