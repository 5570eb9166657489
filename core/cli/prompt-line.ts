import { StringDecoder } from 'node:string_decoder';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { CliIo } from './cli-io.ts';
import { escapeText } from './text.ts';

/** What came of a prompt. */
export type PromptResult =
  | { readonly kind: 'typed'; readonly text: string }
  /** Ctrl-C, or `signal` aborted. */
  | { readonly kind: 'interrupted' }
  /** Ctrl-D on an empty line, or the terminal went away. */
  | { readonly kind: 'ended' };

/**
 * Asks for a line on the terminal, without echo unless it is `shown`. Standard input must be a terminal; its mode is restored
 * in every case.
 */
export function promptLine(
  label: string,
  io: CliIo,
  signal: AbortSignal,
  echo: 'hidden' | 'shown' = 'hidden',
): Promise<PromptResult> {
  const { stdin, stderr } = io;
  if (signal.aborted) return Promise.resolve({ kind: 'interrupted' });
  return new Promise((resolve) => {
    const decoder = new StringDecoder('utf8');
    const line = new TypedLine();
    const finish = (result: PromptResult) => {
      stdin.removeListener('data', onData);
      stdin.removeListener('end', onEnd);
      signal.removeEventListener('abort', onAbort);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      resolve(result);
    };
    const onAbort = () => finish({ kind: 'interrupted' });
    const onEnd = () => finish({ kind: 'ended' });
    const onData = (chunk: Buffer | string) => {
      const text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
      for (const character of text) {
        const result = line.type(character);
        if (echo === 'shown') stderr.write(`\r\u001b[2K${label}${escapeText(line.text)}`);
        if (result !== undefined) {
          finish(result);
          return;
        }
      }
    };
    // Raw before the prompt shows: what is typed at the sight of it is not echoed.
    stdin.setRawMode(true);
    stderr.write(label);
    signal.addEventListener('abort', onAbort, { once: true });
    stdin.on('end', onEnd);
    stdin.on('data', onData);
    stdin.resume();
  });
}

/**
 * A secret that is typed without echo. Fails with `secret.missing` where there is no terminal or nothing was typed, and
 * `tunnel.cancelled` on Ctrl-C.
 */
export async function promptSecret(label: string, io: CliIo): Promise<Result<string, Failure>> {
  if (!io.stdin.isTTY) return err(failure('secret.missing'));
  const typed = await promptLine(label, io, new AbortController().signal);
  if (typed.kind === 'interrupted') return err(failure('tunnel.cancelled'));
  return typed.kind === 'typed' && typed.text !== '' ? ok(typed.text) : err(failure('secret.missing'));
}

/** A line of input without echo: the keys that a terminal's own line has. */
class TypedLine {
  #characters: string[] = [];
  #escape: 'none' | 'begun' | 'sequence' = 'none';

  get text(): string {
    return this.#characters.join('');
  }

  /** The result when the line is over. */
  type(character: string): PromptResult | undefined {
    if (this.#skipEscape(character)) return undefined;
    switch (character) {
      case '\r':
      case '\n':
        return { kind: 'typed', text: this.#characters.join('') };
      case '\u0003':
        return { kind: 'interrupted' };
      case '\u0004':
        return this.#characters.length === 0 ? { kind: 'ended' } : undefined;
      case '\u0008':
      case '\u007f':
        this.#characters.pop();
        return undefined;
      case '\u0015':
        this.#characters = [];
        return undefined;
      default:
        if (character >= ' ' && this.#characters.length < limits.passwordOctets)
          this.#characters.push(character);
        return undefined;
    }
  }

  /** Arrow keys and the like: ESC, `[` or `O`, and whatever comes up to a final letter or `~`. */
  #skipEscape(character: string): boolean {
    if (this.#escape === 'none') {
      if (character !== '\u001b') return false;
      this.#escape = 'begun';
      return true;
    }
    if (this.#escape === 'begun') {
      this.#escape = character === '[' || character === 'O' ? 'sequence' : 'none';
      return this.#escape === 'sequence';
    }
    if (/[A-Za-z~]/.test(character)) this.#escape = 'none';
    return true;
  }
}
