import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import type { AskAnswer, AskRequest } from '../values.ts';

/** Sends `ask` and `ask-closed` to the one client. */
export interface AskLine {
  sendAsk(askId: number, request: AskRequest): void;
  sendAskClosed(askId: number): void;
}

/** What one client is asked, until it answers, goes away, or nobody wants to know any more. */
export class AskDesk {
  readonly #line: AskLine;
  readonly #open = new Map<number, (answer: Result<Secret, Failure>) => void>();
  #lastId = 0;

  constructor(line: AskLine) {
    this.#line = line;
  }

  /** Asks for a password. The Secret is the caller's, to wipe. Fails with `secret.missing` or `tunnel.cancelled`. */
  ask(request: AskRequest, signal?: AbortSignal): Promise<Result<Secret, Failure>> {
    if (signal?.aborted === true) return Promise.resolve(err(failure('tunnel.cancelled')));
    const askId = ++this.#lastId;
    return new Promise((resolve) => {
      const onAbort = () => {
        this.#settle(askId, err(failure('tunnel.cancelled')));
        this.#line.sendAskClosed(askId);
      };
      this.#open.set(askId, (answer) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(answer);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#line.sendAsk(askId, request);
    });
  }

  /** False when nothing of that number is open. */
  answer(askId: number, answer: AskAnswer): boolean {
    return this.#settle(
      askId,
      answer.kind === 'password' ? ok(Secret.fromText(answer.password)) : err(failure('secret.missing')),
    );
  }

  /** The client is gone: every open ask fails. */
  close(): void {
    for (const askId of [...this.#open.keys()]) this.#settle(askId, err(failure('secret.missing')));
  }

  #settle(askId: number, answer: Result<Secret, Failure>): boolean {
    const settle = this.#open.get(askId);
    this.#open.delete(askId);
    settle?.(answer);
    return settle !== undefined;
  }
}
