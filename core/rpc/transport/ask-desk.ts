import { type Failure, failure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { AskAnswer, AskEnd, AskRequest, ChoiceRequest, SecretRequest } from '../asks.ts';

/** Sends `ask` and `ask-closed` to the one client. */
export interface AskLine {
  /** `deadlineAt`: milliseconds since 1970. */
  sendAsk(askId: number, request: AskRequest, deadlineAt: number): void;
  sendAskClosed(askId: number, reason: AskEnd): void;
}

/** How long an ask stays open. */
export interface AskPatience {
  readonly signal?: AbortSignal;
  /** Milliseconds. `limits.askMs` when absent. */
  readonly ms?: number;
}

type Answered =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'choice'; readonly id: string };

interface OpenAsk {
  readonly request: AskRequest;
  readonly settle: (answer: Result<Answered, Failure>) => void;
}

/** What one client is asked, until it answers, goes away, time is up, or nobody wants to know any more. */
export class AskDesk {
  readonly #line: AskLine;
  readonly #open = new Map<number, OpenAsk>();
  #lastId = 0;

  constructor(line: AskLine) {
    this.#line = line;
  }

  /** As `RpcClientHandle.ask`. */
  async ask(request: SecretRequest, patience: AskPatience = {}): Promise<Result<Secret, Failure>> {
    const answer = await this.#put(request, patience);
    if (!answer.ok) return answer;
    return answer.value.kind === 'secret' ? ok(answer.value.secret) : err(failure('secret.missing'));
  }

  /** As `RpcClientHandle.choose`. */
  async choose(request: ChoiceRequest, patience: AskPatience = {}): Promise<Result<string, Failure>> {
    const answer = await this.#put(request, patience);
    if (!answer.ok) return answer;
    return answer.value.kind === 'choice' ? ok(answer.value.id) : err(failure('secret.missing'));
  }

  /**
   * Fails with `rpc.invalid` when nothing of that number is open, or this is no answer to it; then it stays open. What the user typed and
   * cannot be a password ends it with `secret.unusable`: whoever asked has closed the question.
   */
  answer(askId: number, answer: AskAnswer): Result<undefined, Failure> {
    const open = this.#open.get(askId);
    if (open === undefined) return invalid('nothing of that number is asked, or no longer');
    if (answer.kind === 'refused') {
      this.#settle(askId, err(failure('secret.missing')));
      return ok();
    }
    if (answer.kind !== open.request.kind)
      return invalid(`a ${answer.kind} does not answer an ask for a ${open.request.kind}`);
    if (answer.kind === 'choose-certificate') return this.#choose(askId, open.request, answer.id);
    const text =
      answer.kind === 'pin' ? answer.pin : answer.kind === 'passcode' ? answer.passcode : answer.password;
    const secret = secretOf(text);
    this.#settle(askId, secret.ok ? ok({ kind: 'secret', secret: secret.value }) : secret);
    return secret.ok ? ok() : secret;
  }

  /** The client is gone: every open ask fails. */
  close(): void {
    for (const askId of [...this.#open.keys()]) this.#settle(askId, err(failure('secret.missing')));
  }

  #choose(askId: number, request: AskRequest, id: string): Result<undefined, Failure<'rpc.invalid'>> {
    const known = request.kind === 'choose-certificate' && request.certificates.some((one) => one.id === id);
    if (!known) return invalid('there is no such certificate to choose');
    this.#settle(askId, ok({ kind: 'choice', id }));
    return ok();
  }

  #put(request: AskRequest, { signal, ms = limits.askMs }: AskPatience): Promise<Result<Answered, Failure>> {
    if (signal?.aborted === true) return Promise.resolve(err(failure('tunnel.cancelled')));
    const askId = ++this.#lastId;
    return new Promise((resolve) => {
      const close = (reason: AskEnd, error: Failure) => {
        this.#settle(askId, err(error));
        this.#line.sendAskClosed(askId, reason);
      };
      const onAbort = () => close('cancelled', failure('tunnel.cancelled'));
      const timer = setTimeout(
        () => close('timed-out', failure('secret.timed-out', { seconds: Math.round(ms / 1_000) })),
        ms,
      );
      this.#open.set(askId, {
        request,
        settle: (answer) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          resolve(answer);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#line.sendAsk(askId, request, Date.now() + ms);
    });
  }

  #settle(askId: number, answer: Result<Answered, Failure>): void {
    const open = this.#open.get(askId);
    this.#open.delete(askId);
    open?.settle(answer);
  }
}

/** As octets of UTF-8. */
function secretOf(text: string): Result<Secret, Failure> {
  const unusable = err(failure('secret.unusable', { octets: limits.passwordOctets }));
  if (!text.isWellFormed()) return unusable;
  const secret = Secret.fromText(text);
  if (secret.length <= limits.passwordOctets) return ok(secret);
  secret.wipe();
  return unusable;
}

function invalid(reason: string): Result<never, Failure<'rpc.invalid'>> {
  return err(failure('rpc.invalid', { reason }));
}
