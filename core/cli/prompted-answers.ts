import type { AskAnswer, ChoiceRequest, SecretRequest } from '../rpc/asks.ts';
import { type Answerer, secretAnswer } from './answerer.ts';
import type { CliIo } from './cli-io.ts';
import { type PromptResult, promptLine } from './prompt-line.ts';
import { escapeText, formatDuration } from './text.ts';

/** Asks on the terminal. Standard input must be one. */
export function promptedAnswers(io: CliIo): Answerer {
  return {
    canAnswer: true,
    async answer(request, deadlineAt, signal) {
      if (request.kind === 'choose-certificate') return await choose(request, io, signal);
      for (const line of introduction(request)) io.stderr.write(`${line}\n`);
      const left = deadlineAt - io.now();
      // Minutes need not be counted.
      if (left < worthTelling) io.stderr.write(`(There are ${formatDuration(left)} to answer.)\n`);
      if (request.kind === 'new-password') return await chooseNewPassword(io, signal);
      const typed = await promptLine(labelOf(request), io, signal);
      return answerOf(request, typed);
    },
  };
}

const worthTelling = 180_000;

function answerOf({ kind }: SecretRequest, typed: PromptResult): AskAnswer | 'interrupted' {
  if (typed.kind === 'interrupted') return 'interrupted';
  if (typed.kind === 'ended' || typed.text === '') return { kind: 'refused' };
  return secretAnswer(kind, typed.text);
}

function labelOf(request: SecretRequest): string {
  switch (request.kind) {
    case 'password':
      return `Password for ${escapeText(request.identity, 128)}: `;
    case 'passcode':
      return `Code for ${escapeText(request.identity, 128)}: `;
    case 'new-password':
      return 'New password: ';
    case 'key-password':
      return `Password for the key in ${escapeText(request.file, 128)}: `;
    case 'shared-key':
      return request.use === 'psk'
        ? `Pre-shared key for ${escapeText(request.identity, 128)}: `
        : `Post-quantum pre-shared key ${escapeText(request.identity, 128)}: `;
    case 'pin':
      return `PIN of ${escapeText(request.token, 128)}: `;
  }
}

/** What the user should know before typing. A login server's words are shown as its words. */
function introduction(request: SecretRequest): readonly string[] {
  const lines: string[] = [];
  if (request.retry > 0) lines.push(refusals[request.kind]);
  if (request.kind === 'pin' && request.triesLeft === 'few')
    lines.push('Only a few tries are left for this PIN.');
  if (request.kind === 'pin' && request.triesLeft === 'last')
    lines.push('This is the last try: a wrong PIN locks the token.');
  if (request.kind === 'new-password' && request.retry === 0)
    lines.push(`The password of ${escapeText(request.identity, 128)} has expired; choose a new one.`);
  if ('message' in request && request.message !== undefined)
    lines.push(`The login server says: ${escapeText(request.message, 6_000)}`);
  return lines;
}

const refusals: Readonly<Record<SecretRequest['kind'], string>> = {
  password: 'The user name or the password is wrong. Type it again.',
  passcode: 'The code was not accepted.',
  'new-password': 'The new password was not accepted.',
  'key-password': 'That password does not open the key.',
  'shared-key': 'The key is wrong.',
  pin: 'The PIN is wrong.',
};

async function chooseNewPassword(io: CliIo, signal: AbortSignal): Promise<AskAnswer | 'interrupted'> {
  for (;;) {
    const first = await promptLine('New password: ', io, signal);
    if (first.kind !== 'typed' || first.text === '') return answerOf(newPassword, first);
    const second = await promptLine('The same once more: ', io, signal);
    if (second.kind !== 'typed') return answerOf(newPassword, second);
    if (first.text === second.text) return answerOf(newPassword, first);
    io.stderr.write('They differ. Once more from the beginning.\n');
  }
}

const newPassword: SecretRequest = { kind: 'new-password', identity: '', profile: '', retry: 0 };

async function choose(
  { certificates }: ChoiceRequest,
  io: CliIo,
  signal: AbortSignal,
): Promise<AskAnswer | 'interrupted'> {
  io.stderr.write('Several certificates fit:\n');
  certificates.forEach(({ label, subject, issuer, notAfter }, index) => {
    const until = new Date(notAfter).toISOString().slice(0, 10);
    const named = label === '' ? '' : `${escapeText(label, 64)}: `;
    io.stderr.write(
      `  ${index + 1}  ${named}${escapeText(subject, 256)}, by ${escapeText(issuer, 256)}, until ${until}\n`,
    );
  });
  for (;;) {
    const typed = await promptLine('Number: ', io, signal, 'shown');
    if (typed.kind === 'interrupted') return 'interrupted';
    if (typed.kind === 'ended' || typed.text === '') return { kind: 'refused' };
    const chosen = certificates[Number(typed.text) - 1];
    if (chosen !== undefined) return { kind: 'choose-certificate', id: chosen.id };
    io.stderr.write(`Type a number from 1 to ${certificates.length}.\n`);
  }
}
