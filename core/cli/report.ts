import { explain, type Failure } from '../base/errors.ts';
import { type CliIo, colorsFor } from './cli-io.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { escapeText } from './text.ts';

/** Ends a command: prints its result or its failures, for a reader or as one JSON object, and gives the exit code. */
export class Report {
  readonly #io: CliIo;
  readonly #json: boolean;

  constructor(io: CliIo, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  /** `lines` are for readers and must be escaped already; `fields` go into the JSON object beside `ok`. */
  success(lines: readonly string[], fields: Readonly<Record<string, unknown>>): number {
    if (this.#json) this.#printJson({ ok: true, ...fields });
    else for (const line of lines) this.#io.stdout.write(`${line}\n`);
    return exitCodes.ok.code;
  }

  failure(failures: readonly Failure[]): number {
    const first = failures[0];
    const exitCode = first === undefined ? exitCodes.misuse.code : exitCodeOf(first);
    if (this.#json) {
      const [error, ...others] = failures.map((one) => ({ ...one, ...explain(one) }));
      this.#printJson({ ok: false, exitCode, error, ...(others.length > 0 ? { others } : {}) });
    } else {
      for (const one of failures) this.#explain(one);
    }
    return exitCode;
  }

  #explain(failure: Failure): void {
    const { stderr, env } = this.#io;
    const colors = colorsFor(stderr, env);
    const { what, evidence, next } = explain(failure);
    stderr.write(`${colors.red('✗')} ${colors.bold(escapeText(what))}\n`);
    stderr.write(
      colors.dim(`  ${escapeText(evidence === '' ? failure.code : `${failure.code}: ${evidence}`)}\n`),
    );
    stderr.write(`  → ${escapeText(next)}\n`);
  }

  #printJson(value: unknown): void {
    this.#io.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
