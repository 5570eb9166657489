import { explain } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { utf8 } from '../base/utf8.ts';
import type { SecretKey, SecretStore } from '../platform/secrets/secret-store.ts';
import type { AskAnswer, AskRequest } from '../rpc/asks.ts';
import { type Answerer, secretAnswer } from './answerer.ts';
import type { CliIo } from './cli-io.ts';
import { promptLine } from './prompt-line.ts';
import { capitalised, escapeText } from './text.ts';

interface Typed {
  readonly key: SecretKey;
  readonly secret: Secret;
}

/**
 * Looks into `store` before it lets `next` ask, offers to keep what was typed once the login went well, and drops what was
 * refused. Without a store that works it says nothing: the user is asked as if there were none.
 */
export function rememberedAnswers(store: SecretStore, next: Answerer, io: CliIo): Answerer {
  const taken = new Map<string, SecretKey>();
  const typed = new Map<string, Typed>();
  let works = true;

  const fromStore = async (key: SecretKey): Promise<Secret | undefined> => {
    const found = works ? await store.get(key) : undefined;
    if (found?.ok === false) works = false;
    return found?.ok === true ? found.value : undefined;
  };
  const forget = async (key: SecretKey) => {
    taken.delete(idOf(key));
    const forgotten = await store.forget(key);
    if (forgotten.ok)
      io.stderr.write(`${capitalised(store.name)} held a secret that was refused; it is forgotten.\n`);
  };
  return {
    canAnswer: true,
    async answer(request, deadlineAt, signal) {
      const key = keyOf(request);
      if (key !== undefined && request.kind !== 'choose-certificate' && request.retry === 0) {
        // What expired is not looked for: it is there, and it is old.
        const known = request.kind === 'new-password' ? undefined : await fromStore(key);
        if (known !== undefined) {
          taken.set(idOf(key), key);
          const answer = secretAnswer(request.kind, utf8.decode(known.expose()));
          known.wipe();
          return answer;
        }
      } else if (key !== undefined && taken.has(idOf(key))) await forget(key);
      const answer = await next.answer(request, deadlineAt, signal);
      note(typed, request, answer);
      return answer;
    },
    async finished(outcome) {
      await next.finished?.(outcome);
      // A password that another program changed meanwhile would be refused again and again.
      if (outcome === 'refused') for (const key of [...taken.values()]) await forget(key);
      if (outcome === 'connected' && works) for (const one of typed.values()) await offer(one, store, io);
      for (const { secret } of typed.values()) secret.wipe();
    },
  };
}

/** What an ask is kept under; `undefined` for what must not be kept, or only by `godwit secret set`. */
function keyOf(request: AskRequest): SecretKey | undefined {
  switch (request.kind) {
    case 'password':
    case 'new-password':
      return { profile: request.profile, kind: 'password', of: request.identity };
    case 'key-password':
      return { profile: request.profile, kind: 'key-password', of: request.file };
    case 'pin':
      return { profile: request.profile, kind: 'pin', of: request.token };
    default:
      return undefined;
  }
}

function note(typed: Map<string, Typed>, request: AskRequest, answer: AskAnswer | 'interrupted'): void {
  const key = keyOf(request);
  if (key === undefined || key.kind === 'pin' || answer === 'interrupted' || !('password' in answer)) return;
  typed.get(idOf(key))?.secret.wipe();
  typed.set(idOf(key), { key, secret: Secret.fromText(answer.password) });
}

async function offer({ key, secret }: Typed, store: SecretStore, io: CliIo): Promise<void> {
  if (!io.stdin.isTTY) return;
  const question = `Keep the password of ${escapeText(key.of, 128)} in ${store.name}? [y/N] `;
  const typed = await promptLine(question, io, new AbortController().signal, 'shown');
  if (typed.kind !== 'typed' || !/^y(es)?$/i.test(typed.text.trim())) return;
  const kept = await store.set(key, secret);
  if (kept.ok) return;
  const { what, next } = explain(kept.error);
  io.stderr.write(`${escapeText(what)} ${escapeText(next)}\n`);
}

function idOf({ profile, kind, of }: SecretKey): string {
  return JSON.stringify([profile, kind, of]);
}
