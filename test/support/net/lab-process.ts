import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

export interface Exit {
  readonly status: number | undefined;
  readonly signal: string | undefined;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /** A file that all output is appended to as well. */
  readonly logFile?: string;
}

const keptCharacters = 1_000_000;

/** They guard against waiting for ever alone: what takes a tenth of a second may take many on a machine that does much else. */
const waitAtMostMs = 60_000;
const graceMs = 30_000;

/** A process inside a namespace, with its output. Its pid is the program's own: every wrapper has exec'ed. */
export class LabProcess {
  readonly argv: readonly string[];
  readonly exited: Promise<Exit>;
  #child: ChildProcess;
  #exit: Exit | undefined;
  #stdout = '';
  #stderr = '';
  #listeners = new Set<() => void>();

  constructor(argv: readonly string[], wrapper: readonly string[], options: SpawnOptions = {}) {
    this.argv = argv;
    const [program = '', ...args] = [...wrapper, ...argv];
    this.#child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdin?.end(options.input ?? '');
    const keep = (into: 'out' | 'err') => (text: string) => {
      if (into === 'out') this.#stdout = (this.#stdout + text).slice(-keptCharacters);
      else this.#stderr = (this.#stderr + text).slice(-keptCharacters);
      if (options.logFile !== undefined) appendFileSync(options.logFile, text);
      for (const listener of this.#listeners) listener();
    };
    this.#child.stdout?.setEncoding('utf8').on('data', keep('out'));
    this.#child.stderr?.setEncoding('utf8').on('data', keep('err'));
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        this.#exit = exit;
        resolve(exit);
        for (const listener of this.#listeners) listener();
      };
      this.#child.on('error', (error) => {
        this.#stderr += error.message;
        end({ status: 127, signal: undefined });
      });
      this.#child.on('close', (status, signal) =>
        end({ status: status ?? undefined, signal: signal ?? undefined }),
      );
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the match once standard output (or error) has one. @throws when the process ends or time is up. */
  async waitFor(pattern: RegExp, timeoutMs = waitAtMostMs): Promise<RegExpExecArray> {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
        if (match !== null) settle(() => resolve(match));
        else if (this.#exit !== undefined)
          settle(() => reject(this.#complaint(`ended before it said ${pattern}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(this.#complaint(`did not say ${pattern} within ${timeoutMs} ms`))),
        timeoutMs,
      );
      const settle = (answer: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        answer();
      };
      this.#listeners.add(look);
      look();
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks with `signal`, insists with SIGKILL in the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    if (this.#exit !== undefined) return this.#exit;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #complaint(what: string): Error {
    return new Error(
      `${this.argv.join(' ')} ${what}\n${this.#stdout.slice(-2_000)}${this.#stderr.slice(-2_000)}`,
    );
  }
}
