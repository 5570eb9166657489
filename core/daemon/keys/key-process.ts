import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { programFile } from '../../platform/program-file.ts';
import { encodeFrame, FrameDecoder } from '../../rpc/framing.ts';
import { type KeyAnswer, type KeyRequest, keyAnswerSchemas } from './key-protocol.ts';

/** Whose rights the process has. */
export interface KeyUser {
  readonly uid: number;
  readonly gid: number;
}

const program = fileURLToPath(programFile('key-main', import.meta.url));

/**
 * A process that opens a key file, or holds a token, with the rights of the user who connects. Files are the work of
 * strangers and PKCS#11 modules are foreign code: neither is let into the daemon, and what takes too long is ended.
 */
export class KeyProcess {
  readonly #child: ChildProcess;
  readonly #decoder = new FrameDecoder();
  #waiting: ((answer: unknown) => void) | undefined;
  #end: string | undefined;

  /** `user`: of whom it is; absent, or the daemon's own: it has the rights of the daemon. */
  constructor(user?: KeyUser) {
    const other = user !== undefined && user.uid !== process.getuid?.();
    this.#child = spawn(process.execPath, ['--max-old-space-size=128', program], {
      // Modules print: what they say on the standard streams has no reader.
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      cwd: '/',
      env: process.env,
      ...(other ? { uid: user.uid, gid: user.gid } : {}),
    });
    const answers = this.#child.stdio[3];
    if (answers !== null && answers !== undefined && 'on' in answers)
      answers.on('data', (chunk: Uint8Array) => this.#onData(chunk));
    this.#child.stdin?.on('error', () => undefined);
    this.#child.on('error', (error) => this.#over(error.message));
    this.#child.on('exit', (status, signal) => this.#over(`it ended with ${signal ?? status}`));
  }

  /** One request at a time. Fails with `credential.helper` when the process ends, or has to be ended after `ms`. */
  async call<R extends KeyRequest>(request: R, ms: number): Promise<Result<KeyAnswer<R['op']>, Failure>> {
    const answer = await this.#exchange(request, ms);
    if (!answer.ok) return answer;
    const checked = keyAnswerSchemas[request.op].safeParse(answer.value);
    if (checked.success) return ok(checked.data as KeyAnswer<R['op']>);
    this.#over('it does not keep to its protocol');
    return err(this.#failure());
  }

  /** Ends it. Idempotent. */
  close(): void {
    this.#over('it was closed');
  }

  #exchange(request: KeyRequest, ms: number): Promise<Result<unknown, Failure>> {
    const frame = encodeFrame(request);
    if (!frame.ok) return Promise.resolve(err(frame.error));
    if (this.#end !== undefined || this.#waiting !== undefined) return Promise.resolve(err(this.#failure()));
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#over(`no answer within ${ms / 1_000} s`), ms);
      this.#waiting = (answer) => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(answer === undefined ? err(this.#failure()) : ok(answer));
      };
      // It may hold a password or a PIN.
      this.#child.stdin?.write(frame.value, () => frame.value.fill(0));
    });
  }

  #onData(chunk: Uint8Array): void {
    const decoded = this.#decoder.push(chunk);
    if (!decoded.ok) return this.#over('it does not keep to its protocol');
    for (const value of decoded.value) this.#waiting?.(value);
  }

  #over(reason: string): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#child.kill('SIGKILL');
    this.#waiting?.(undefined);
  }

  #failure(): Failure {
    return failure('credential.helper', { reason: this.#end ?? 'it is busy' });
  }
}
