import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { EventData, ProfileSource } from '../rpc/schema.ts';
import type { RpcClient } from '../rpc/transport/client.ts';
import type { Snapshot } from '../rpc/values.ts';
import type { Answerer } from './answerer.ts';
import type { CliIo } from './cli-io.ts';

import type { Progress } from './progress.ts';

/** Failures that a secret which was right before may be the reason of. */
const refusals: ReadonlySet<string> = new Set([
  'auth.password',
  'auth.refused',
  'auth.refused-psk',
  'credential.password',
  'token.pin',
]);

/** One `connect`, from the call to the moment when it is up or has failed. Ctrl-C ends it and cleans up. */
export class ConnectAttempt {
  readonly #rpc: RpcClient;
  readonly #io: CliIo;
  readonly #answerer: Answerer;
  readonly #progress: Progress;
  readonly #outcome = Promise.withResolvers<Result<Snapshot, Failure>>();
  /** Open prompts by ask. */
  readonly #prompts = new Map<number, AbortController>();
  #attempt: number | undefined;
  /** What came before the answer to `connect` did: a quick daemon is steps ahead by then. */
  #early: (() => void)[] = [];
  #interrupts = 0;

  constructor(rpc: RpcClient, io: CliIo, answerer: Answerer, progress: Progress) {
    this.#rpc = rpc;
    this.#io = io;
    this.#answerer = answerer;
    this.#progress = progress;
  }

  async run(source: ProfileSource, answerSeconds?: number): Promise<Result<Snapshot, Failure>> {
    const stops = [
      this.#io.onInterrupt(() => this.#interrupt()),
      this.#rpc.on('state', (snapshot) => this.#whenAccepted(() => this.#onState(snapshot))),
      this.#rpc.on('phase', (phase) => this.#whenAccepted(() => this.#onPhase(phase))),
      this.#rpc.on('ask', (ask) => void this.#onAsk(ask)),
      this.#rpc.on('ask-closed', (closed) => this.#onAskClosed(closed)),
    ];
    void this.#rpc.closed.then((reason) => this.#settle(err(reason ?? failure('tunnel.cancelled'))));
    const started = await this.#start(source, answerSeconds);
    if (!started.ok) this.#settle(started);
    const outcome = await this.#outcome.promise;
    for (const stop of stops) stop();
    for (const prompt of this.#prompts.values()) prompt.abort();
    this.#progress.finish(outcome.ok);
    const refused = !outcome.ok && refusals.has(outcome.error.code);
    await this.#answerer.finished?.(outcome.ok ? 'connected' : refused ? 'refused' : 'other');
    return outcome;
  }

  async #start(
    source: ProfileSource,
    answerSeconds: number | undefined,
  ): Promise<Result<undefined, Failure>> {
    const subscribed = await this.#rpc.call('subscribe', { events: ['state', 'phase'] });
    if (!subscribed.ok) return subscribed;
    const { canAnswer } = this.#answerer;
    const within = answerSeconds === undefined ? {} : { answerSeconds };
    const accepted = await this.#rpc.call('connect', { source, canAnswer, ...within });
    if (!accepted.ok) return accepted;
    this.#attempt = accepted.value.attempt;
    for (const handle of this.#early) handle();
    this.#early = [];
    return ok();
  }

  #whenAccepted(handle: () => void): void {
    if (this.#attempt !== undefined) handle();
    else if (this.#early.length < limits.rpcQueuedFrames) this.#early.push(handle);
  }

  #onPhase({ attempt, phase, at }: EventData<'phase'>): void {
    if (attempt === this.#attempt) this.#progress.phase(phase, at);
  }

  #onState(snapshot: Snapshot): void {
    const { tunnel, attempt } = snapshot;
    const ours = this.#attempt ?? 0;
    if (attempt < ours) return;
    // Someone else's attempt: ours was ended before.
    if (attempt > ours) this.#settle(err(failure('tunnel.cancelled')));
    else if (tunnel.state === 'connecting') this.#progress.phase(tunnel.phase, tunnel.phaseSince);
    // After Ctrl-C a connection that just came up is on its way down.
    else if (tunnel.state === 'connected' && this.#interrupts === 0) this.#settle(ok(snapshot));
    else if (tunnel.state === 'disconnected') {
      // A cancelled attempt may report whatever it was cut off in.
      const cancelled = this.#interrupts > 0 || tunnel.lastFailure === undefined;
      this.#settle(
        err(cancelled ? failure('tunnel.cancelled') : (tunnel.lastFailure ?? failure('tunnel.cancelled'))),
      );
    }
  }

  async #onAsk({ askId, request, deadlineAt }: EventData<'ask'>): Promise<void> {
    const prompt = new AbortController();
    this.#prompts.set(askId, prompt);
    this.#progress.pause();
    const answer = await this.#answerer.answer(request, deadlineAt, prompt.signal);
    this.#prompts.delete(askId);
    this.#progress.resume();
    if (answer === 'interrupted') {
      // An ask that the daemon closed needs no answer; its reason comes as a state.
      if (!prompt.signal.aborted) this.#interrupt();
      return;
    }
    const accepted = await this.#rpc.call('answer', { askId, answer });
    // `rpc.invalid`: the daemon had stopped waiting, and says so by its state.
    if (!accepted.ok && accepted.error.code !== 'rpc.invalid') this.#settle(accepted);
  }

  #onAskClosed({ askId, reason }: EventData<'ask-closed'>): void {
    const prompt = this.#prompts.get(askId);
    prompt?.abort();
    if (prompt !== undefined && reason === 'timed-out')
      this.#progress.note('Too late: nobody waits any more.');
  }

  /** Once: end the attempt and wait until nothing of it is left. Twice: stop waiting. */
  #interrupt(): void {
    this.#interrupts++;
    const cancelled = err(failure('tunnel.cancelled'));
    if (this.#interrupts > 1) {
      this.#settle(cancelled);
      return;
    }
    this.#progress.note('Cancelling.');
    void this.#rpc.call('disconnect', {}).then(() => this.#settle(cancelled));
  }

  #settle(outcome: Result<Snapshot, Failure>): void {
    this.#outcome.resolve(outcome);
  }
}
