import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { LogSink } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import type { Duration, Instant } from '../base/time.ts';
import { noCounters } from '../dataplane/dataplane.ts';
import type { Profile } from '../profile/profile.ts';
import {
  type EventData,
  type MethodParams,
  type MethodResult,
  type ProfileSource,
  protocolVersion,
  type SubscribableEvent,
} from '../rpc/schema.ts';
import type { AskPatience } from '../rpc/transport/ask-desk.ts';
import type { RpcClientHandle, RpcHandlers } from '../rpc/transport/server-types.ts';
import type { ProfileEntry, ProfileReference, Snapshot } from '../rpc/values.ts';
import type { TunnelState } from '../tunnel/io.ts';
import { bug } from './bug.ts';
import { deviceOf, type FlightRecorder, type Reading } from './flight-recorder.ts';
import { JourneyMaker } from './journey.ts';
import { type Asker, LoginCredentials, type OpenCertificate } from './login-credentials.ts';
import type { RunningSession, SessionEvents } from './running-session.ts';
import { Sampling } from './sampling.ts';
import { type DaemonState, tunnelSnapshot } from './snapshot.ts';

/** A profile that was found and read, with what it is called by. */
export interface LoadedProfile {
  readonly profile: Profile;
  readonly reference: ProfileReference;
}

export interface ControllerParts {
  readonly version: string;
  readonly log: LogSink;
  /** Monotonic, and milliseconds since 1970 for people. */
  readonly clock: { now(): Instant; wall(): number };
  readonly profiles: {
    /** Those of the system, and those of this user. */
    list(uid: number): Promise<readonly ProfileEntry[]>;
    load(source: ProfileSource, uid: number): Promise<Result<LoadedProfile, Failure>>;
    text(id: string, uid: number): Promise<Result<{ readonly text: string; readonly own: boolean }, Failure>>;
    save(id: string | undefined, text: string, uid: number): Promise<Result<string, Failure>>;
    remove(id: string, uid: number): Promise<Result<undefined, Failure>>;
  };
  /** The passwords of a profile that names files, by user name. */
  readonly storedPasswords: (profile: Profile) => Promise<Result<ReadonlyMap<string, Secret>, Failure>>;
  /** The first line of a file of the system's own, for stored profiles. */
  readonly readSecretFile: (file: string) => Promise<Result<Secret, Failure>>;
  /** Opens the user's own certificate, with the rights of the client that connects. */
  readonly openCertificate: (client: RpcClientHandle) => OpenCertificate;
  /** Opens a key file with the rights of that client, and tells what is in it. */
  readonly lookIntoKeyFile: (
    params: MethodParams<'look-into-key-file'>,
    client: RpcClientHandle,
  ) => Promise<Result<MethodResult<'look-into-key-file'>, Failure>>;
  /** The credentials stay the controller's, which closes them when the session is finished. */
  readonly createSession: (
    profile: Profile,
    credentials: LoginCredentials,
    events: SessionEvents,
  ) => Promise<Result<RunningSession, Failure>>;
  readonly publish: <E extends SubscribableEvent>(event: E, data: EventData<E>) => void;
  readonly recorder: FlightRecorder;
  /** Whether somebody looks at the samples. */
  readonly watched: () => boolean;
  readonly onShutdown: () => void;
}

/** What is going on between an accepted `connect` and the end of it. */
interface Attempt {
  readonly profile: ProfileReference;
  /** Of the keys, as the profile has them. */
  readonly lifetimes: { readonly child: Duration; readonly ike: Duration };
  readonly startedAt: Instant;
  readonly cancel: AbortController;
  readonly ended: Promise<void>;
  session?: RunningSession;
  credentials?: LoginCredentials;
}

/** Serves the RPC methods over at most one connection at a time, and tells the present state. */
export class Controller {
  readonly #parts: ControllerParts;
  readonly #startedAt: number;
  #state: DaemonState;
  readonly #journey = new JourneyMaker();
  readonly #sampling: Sampling;
  #attempts = 0;
  #attempt: Attempt | undefined;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.wall();
    this.#sampling = new Sampling({
      recorder: parts.recorder,
      watched: parts.watched,
      session: () => this.#attempt?.session,
      reading: () => this.#reading(),
    });
    this.#state = { kind: 'disconnected', since: this.#startedAt };
  }

  readonly handlers: RpcHandlers = {
    version: () => ok({ version: this.#parts.version, protocol: protocolVersion, pid: process.pid }),
    profiles: async (_, { credentials }) => {
      const entries = await this.#parts.profiles.list(credentials.uid);
      return ok({ profiles: entries.slice(0, limits.profilesListed) });
    },
    profile: ({ id }, { credentials }) => this.#parts.profiles.text(id, credentials.uid),
    'save-profile': async ({ id, text }, { credentials }) => {
      const saved = await this.#parts.profiles.save(id, text, credentials.uid);
      return saved.ok ? ok({ id: saved.value }) : saved;
    },
    'remove-profile': async ({ id }, { credentials }) => {
      const removed = await this.#parts.profiles.remove(id, credentials.uid);
      return removed.ok ? ok({}) : removed;
    },
    'look-into-key-file': (params, client) => this.#parts.lookIntoKeyFile(params, client),
    history: () => {
      const { samples, journey } = this.#parts.recorder;
      return ok({ samples: [...samples], journey: [...journey] });
    },
    'log-tail': () => ok({ records: [...this.#parts.recorder.logLines] }),
    connect: (params, client) => this.#connect(params, client),
    disconnect: async () => ok({ wasUp: await this.disconnect() }),
    shutdown: () => {
      this.#parts.onShutdown();
      return ok({});
    },
  };

  snapshot(): Snapshot {
    return {
      daemon: { version: this.#parts.version, startedAt: this.#startedAt },
      attempt: this.#attempts,
      tunnel: tunnelSnapshot(this.#state, this.#clocks(), () => this.#liveFigures()),
    };
  }

  #clocks() {
    return { now: this.#parts.clock.now(), wall: this.#parts.clock.wall() };
  }

  /** Ends whatever runs; settles when nothing of it is left. False when nothing ran. */
  async disconnect(): Promise<boolean> {
    const attempt = this.#attempt;
    if (attempt === undefined) return false;
    attempt.cancel.abort();
    attempt.credentials?.closeAsks();
    attempt.session?.disconnect();
    await attempt.ended;
    return true;
  }

  async #connect(
    params: MethodParams<'connect'>,
    client: RpcClientHandle,
  ): Promise<Result<MethodResult<'connect'>, Failure>> {
    const loaded = await this.#parts.profiles.load(params.source, client.credentials.uid);
    if (!loaded.ok) return loaded;
    // Asked only now: another `connect` may have come while the profile was read.
    if (this.#attempt !== undefined)
      return err(failure('tunnel.busy', { profile: this.#attempt.profile.name }));
    const { profile, reference } = loaded.value;
    const { child, ike } = profile.rekey;
    let end: () => void = () => undefined;
    const attempt: Attempt = {
      profile: reference,
      lifetimes: { child, ike },
      startedAt: this.#parts.clock.now(),
      cancel: new AbortController(),
      ended: new Promise((resolve) => {
        end = resolve;
      }),
    };
    this.#attempt = attempt;
    this.#attempts += 1;
    const number = this.#attempts;
    this.#parts.log({
      level: 'info',
      event: 'connect',
      fields: { profile: reference.name, attempt: number },
    });
    const since = this.#parts.clock.wall();
    this.#enter({ kind: 'connecting', profile: reference, since, phase: 'resolving', phaseSince: since });
    this.#run(attempt, profile, client, params)
      .catch(bug)
      .then((error) => {
        attempt.credentials?.close();
        this.#attempt = undefined;
        this.#enterDisconnected(error);
        end();
      });
    return ok({ attempt: number });
  }

  /** From the first question to the end of the connection. Returns why it ended, `undefined` for a wanted end. */
  async #run(
    attempt: Attempt,
    profile: Profile,
    client: RpcClientHandle,
    { canAnswer, answerSeconds }: MethodParams<'connect'>,
  ): Promise<Failure | undefined> {
    const stored = await this.#parts.storedPasswords(profile);
    if (!stored.ok) return stored.error;
    const credentials = new LoginCredentials({
      profile,
      asker: canAnswer ? askerWithin(answerSeconds, client) : undefined,
      stored: stored.value,
      openCertificate: this.#parts.openCertificate(client),
      readFile: this.#parts.readSecretFile,
    });
    attempt.credentials = credentials;
    if (attempt.cancel.signal.aborted) return failure('tunnel.cancelled');
    const prepared = await credentials.prepare();
    if (!prepared.ok) return prepared.error;
    let last: Failure | undefined;
    const onState = (state: TunnelState): void => {
      if (isLoginOver(state)) credentials.closeAsks();
      if (state.kind === 'connected' && isLoginOver(state)) credentials.accepted();
      if (state.kind === 'disconnected') last = state.lastFailure;
      else this.#follow(attempt, state);
    };
    const onBusy = (): void => this.sampleOn();
    const session = await this.#parts.createSession(profile, credentials, { onState, onBusy });
    if (!session.ok) return session.error;
    attempt.session = session.value;
    session.value.connect();
    if (attempt.cancel.signal.aborted) session.value.disconnect();
    await session.value.finished;
    return last;
  }

  #follow(attempt: Attempt, state: Exclude<TunnelState, { kind: 'disconnected' }>): void {
    const { profile } = attempt;
    const now = this.#parts.clock.wall();
    switch (state.kind) {
      case 'connecting': {
        const since = this.#state.since;
        this.#enter({ kind: 'connecting', profile, since, phase: state.phase, phaseSince: now });
        return this.#parts.publish('phase', { attempt: this.#attempts, phase: state.phase, at: now });
      }
      case 'connected': {
        // Told again when an SA was replaced: the connection is as old as before.
        if (this.#state.kind === 'connected')
          return this.#enter({ ...this.#state, details: state.connected });
        const from = this.#state.kind === 'reconnecting' ? this.#state.loss.since : attempt.startedAt;
        const connectMs = this.#parts.clock.now() - from;
        return this.#enter({ kind: 'connected', profile, since: now, connectMs, details: state.connected });
      }
      case 'reconnecting': {
        const since = this.#state.kind === 'reconnecting' ? this.#state.since : now;
        const { loss, phase } = state;
        return this.#enter({
          kind: 'reconnecting',
          profile,
          since,
          loss,
          ...(phase === undefined ? {} : { phase }),
        });
      }
      case 'disconnecting':
        return this.#enter({ kind: 'disconnecting', profile, since: now });
    }
  }

  #enterDisconnected(error: Failure | undefined): void {
    const since = this.#parts.clock.wall();
    this.#enter({ kind: 'disconnected', since, ...(error === undefined ? {} : { lastFailure: error }) });
  }

  #enter(state: DaemonState): void {
    this.#note(state);
    this.#state = state;
    if (state.kind === 'connected') this.sampleOn();
    else this.#sampling.off();
    const fields = fieldsOf(state);
    this.#parts.log({ level: 'info', event: `state.${state.kind}`, fields });
    this.#parts.publish('state', this.snapshot());
  }

  #note(state: DaemonState): void {
    const session = this.#attempt?.session;
    const entry = this.#journey.next(this.#state, state, {
      ...this.#clocks(),
      attempt: this.#attempts,
      provenAt: session?.provenAt(),
      doubt: session?.doubt(),
      deviceOf,
    });
    if (entry !== undefined) this.#parts.recorder.note(entry);
  }

  /** Takes samples from now on while a connection stands; see `Sampling.on`. */
  sampleOn(): void {
    if (this.#state.kind === 'connected') this.#sampling.on();
  }

  #reading(): Reading {
    const { now, provenAgeMs, counters } = this.#liveFigures();
    return {
      now,
      wall: this.#parts.clock.wall(),
      attempt: this.#attempts,
      outboundOctets: counters.outbound.octets,
      inboundOctets: counters.inbound.octets,
      provenAgeMs,
    };
  }

  #liveFigures() {
    const session = this.#attempt?.session;
    const provenAt = session?.provenAt();
    return {
      now: this.#parts.clock.now(),
      // Without a session there is no proof to age; the state is about to change.
      provenAgeMs: provenAt === undefined ? 0 : Math.max(0, this.#parts.clock.now() - provenAt),
      counters: session?.counters() ?? noCounters,
      pairs: session?.pairCounters() ?? [],
      ikeDrops: session?.ikeDrops() ?? {},
      lifetimes: this.#attempt?.lifetimes,
    };
  }
}

/** `seconds`: the patience of the client, where it is shorter than that of whoever asks. */
function askerWithin(seconds: number | undefined, client: RpcClientHandle): Asker {
  const most = seconds === undefined ? limits.askMs : seconds * 1_000;
  const within = (patience: AskPatience = {}): AskPatience => ({
    ...patience,
    ms: Math.min(most, patience.ms ?? limits.askMs),
  });
  return {
    ask: (request, patience) => client.ask(request, within(patience)),
    choose: (request, patience) => client.choose(request, within(patience)),
  };
}

/** Nobody waits for what a login asked any more. */
function isLoginOver(state: TunnelState): boolean {
  if (state.kind === 'connected') return state.renewing !== true;
  return state.kind !== 'connecting' && !(state.kind === 'reconnecting' && state.phase !== undefined);
}

function fieldsOf(state: DaemonState): Readonly<Record<string, string | number>> {
  switch (state.kind) {
    case 'connecting':
      return { phase: state.phase };
    case 'connected': {
      const { ike, child, rekeyFailure } = state.details.history;
      const rekeys = { ikeRekeys: ike.rekeys, espRekeys: child.rekeys };
      return rekeyFailure === undefined ? rekeys : { ...rekeys, rekeyFailure: rekeyFailure.error.code };
    }
    case 'disconnected':
      return state.lastFailure === undefined ? {} : { failure: state.lastFailure.code };
    case 'reconnecting': {
      const { cause, lastFailure, tries } = state.loss;
      return {
        cause: cause.code,
        tries,
        phase: state.phase ?? 'waiting',
        ...(lastFailure === undefined ? {} : { lastFailure: lastFailure.code }),
      };
    }
    case 'disconnecting':
      return {};
  }
}
