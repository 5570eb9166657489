import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { explain, formatFailure } from '../../../core/base/errors.ts';
import type { AskAnswer, AskRequest } from '../../../core/rpc/asks.ts';
import { connectRpc, type RpcClient } from '../../../core/rpc/transport/client.ts';
import type { JourneyEntry, Snapshot } from '../../../core/rpc/values.ts';
import type { Namespace } from '../net/lab.ts';
import type { LabProcess } from '../net/lab-process.ts';
import { differences, type NamespaceState, readState } from '../net/leftovers.ts';
import { SocketRecorder } from '../net/socket-recorder.ts';
import type { ClientProfile, ClientView, LoginResult, VpnClient } from './client.ts';

const daemonProgram = fileURLToPath(new URL('../../../core/daemon/main.ts', import.meta.url));
/** As bin/godwitd has them. */
const daemonRuntime = [
  ...['env', 'MALLOC_ARENA_MAX=2', process.execPath],
  ...['--max-semi-space-size=2', '--v8-pool-size=1', '--no-maglev'],
];
const cliProgram = fileURLToPath(new URL('../../../core/cli/main.ts', import.meta.url));

export interface PhaseTime {
  readonly name: string;
  /** From the start of the attempt to the start of this phase. */
  readonly startMs: number;
}

/** The daemon in a namespace, with a state folder and a socket of its own, driven over RPC as every client does. */
export class Godwit implements VpnClient {
  readonly name = 'godwit';
  readonly process: LabProcess;
  readonly socketPath: string;
  readonly #namespace: Namespace;
  readonly #folder: string;
  readonly #before: NamespaceState;
  readonly #rpc: RpcClient;
  #phases: PhaseTime[] = [];
  #started = 0;
  #password = '';
  #firstPassword: string | undefined;
  #pin: string | undefined;
  #whenAsked: ClientProfile['whenAsked'];
  readonly #recorder: SocketRecorder | undefined;
  #user: ScriptedUser | undefined;
  #sharedKeys: ClientProfile['sharedKeys'] = {};
  /** Told of each phase as it begins. */
  onPhase: (phase: PhaseTime) => void = () => {};

  private constructor(
    namespace: Namespace,
    folder: string,
    before: NamespaceState,
    process: LabProcess,
    rpc: RpcClient,
    recorder: SocketRecorder | undefined,
  ) {
    this.#recorder = recorder;
    this.#namespace = namespace;
    this.#folder = folder;
    this.#before = before;
    this.process = process;
    this.#rpc = rpc;
    this.socketPath = join(folder, 'godwitd.sock');
    rpc.on('ask', ({ askId, request }) => {
      const instead = this.#isLast(request) ? this.#whenAsked : undefined;
      if (instead === 'ignore') return;
      if (instead === 'disconnect') void rpc.call('disconnect', {});
      else void rpc.call('answer', { askId, answer: this.#answer(request) });
    });
    rpc.on('phase', ({ phase }) => {
      const time = { name: phase, startMs: performance.now() - this.#started };
      this.#phases.push(time);
      this.onPhase(time);
    });
  }

  /** `recorded`: whether what it says to its client is kept, which takes a program in between. Default: true. */
  static async start(
    namespace: Namespace,
    options: readonly string[] = [],
    { recorded = true } = {},
  ): Promise<Godwit> {
    const before = await readState(namespace);
    const folder = join(namespace.folder, 'godwit');
    mkdirSync(folder, { recursive: true });
    const process = startDaemonProcess(namespace, folder, options);
    const own = join(folder, 'godwitd.sock');
    const direct = await connectWhenReady(own, process);
    // A second daemon may follow on one that was killed.
    const between = join(namespace.folder, `rpc-${process.pid}.sock`);
    const recorder = recorded ? await SocketRecorder.listen(between, own) : undefined;
    if (recorder !== undefined) direct.close();
    const rpc = recorder === undefined ? direct : await connectWhenReady(recorder.path, process);
    const godwit = new Godwit(namespace, folder, before, process, rpc, recorder);
    await within(30_000, 'subscribe', rpc.call('subscribe', { events: ['state', 'phase', 'log'] }));
    return godwit;
  }

  get pid(): number {
    return this.process.pid;
  }

  get log(): string {
    return this.process.stderr;
  }

  /** The phases of the last attempt. */
  get phases(): readonly PhaseTime[] {
    return this.#phases;
  }

  #answer(request: AskRequest): AskAnswer {
    switch (request.kind) {
      case 'shared-key': {
        const password = this.#sharedKeys?.[request.use];
        return password === undefined ? { kind: 'refused' } : { kind: 'shared-key', password };
      }
      case 'password': {
        if (this.#isLast(request) && this.#whenAsked === 'refuse') return { kind: 'refused' };
        // The same again would be as wrong.
        if (request.retry > 0 && this.#firstPassword === undefined)
          return this.#user?.answer(request) ?? { kind: 'refused' };
        const first = request.retry === 0 ? this.#firstPassword : undefined;
        return { kind: 'password', password: first ?? this.#password };
      }
      case 'key-password':
        return { kind: 'key-password', password: this.#password };
      case 'pin':
        return this.#pin === undefined || request.retry > 0
          ? { kind: 'refused' }
          : { kind: 'pin', pin: this.#pin };
      default:
        return this.#user?.answer(request) ?? { kind: 'refused' };
    }
  }

  /** The question that `whenAsked` is about: after `firstPassword` the second one. */
  #isLast(request: AskRequest): boolean {
    return request.kind === 'password' && (this.#firstPassword === undefined || request.retry > 0);
  }

  /** All that the daemon has said: its log, and every message to its client. */
  get said(): Uint8Array {
    return new Uint8Array(Buffer.concat([Buffer.from(this.log), this.#recorder?.said ?? new Uint8Array(0)]));
  }

  async snapshot(): Promise<Snapshot> {
    const status = await this.#rpc.call('status', {});
    if (!status.ok) throw new Error(`status: ${formatFailure(status.error)}`);
    return status.value.snapshot;
  }

  /** What became of the path to the gateway, oldest first. */
  async journey(): Promise<readonly JourneyEntry[]> {
    const history = await this.#rpc.call('history', {});
    if (!history.ok) throw new Error(`history: ${formatFailure(history.error)}`);
    return history.value.journey;
  }

  async connect(profile: ClientProfile): Promise<LoginResult> {
    this.#phases = [];
    this.#started = performance.now();
    this.#user = new ScriptedUser(profile);
    this.#password = profile.password;
    this.#sharedKeys = profile.sharedKeys ?? {};
    this.#firstPassword = profile.firstPassword;
    this.#pin = profile.pin;
    this.#whenAsked = profile.whenAsked;
    const settled = this.#settled();
    const stored = profile.storedWith !== undefined;
    const source = stored
      ? ({ kind: 'stored', id: this.#store(profile) } as const)
      : ({ kind: 'text', text: profileText(profile), file: 'test.json' } as const);
    const accepted = await this.#rpc.call('connect', {
      source,
      canAnswer: !stored,
      ...(profile.answerSeconds === undefined ? {} : { answerSeconds: profile.answerSeconds }),
    });
    if (!accepted.ok)
      return { ok: false, failure: accepted.error.code, detail: formatFailure(accepted.error) };
    const { tunnel } = await within(90_000, 'the attempt to end', settled(accepted.value.attempt));
    if (tunnel.state === 'connected') {
      return { ok: true, addresses: tunnel.addresses, dnsServers: tunnel.dns?.servers ?? [] };
    }
    const failure = tunnel.state === 'disconnected' ? tunnel.lastFailure : undefined;
    if (failure === undefined)
      return { ok: false, failure: 'none', detail: `ended in state ${tunnel.state}` };
    const { what, next } = explain(failure);
    return { ok: false, failure: failure.code, detail: formatFailure(failure), words: `${what} ${next}` };
  }

  #store(profile: ClientProfile): string {
    const folder = join(this.#folder, 'profiles');
    mkdirSync(folder);
    for (const [name, text] of Object.entries(profile.storedWith ?? {}))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    writeFileSync(join(folder, 'test.json'), profileText(profile));
    return 'test';
  }

  async disconnect(): Promise<void> {
    const answer = await within(40_000, 'disconnect', this.#rpc.call('disconnect', {}));
    if (!answer.ok) throw new Error(`disconnect: ${formatFailure(answer.error)}`);
    rmSync(join(this.#folder, 'profiles'), { recursive: true, force: true });
  }

  async view(): Promise<ClientView> {
    const { tunnel } = await this.snapshot();
    if (tunnel.state !== 'connected') throw new Error(`Godwit is ${tunnel.state}`);
    return {
      ike: tunnel.ike.proposal,
      esp: tunnel.esp.proposal,
      addresses: tunnel.addresses,
      dnsServers: tunnel.dns?.servers ?? [],
      natDetected: tunnel.nat.local,
      inboundSpi: tunnel.esp.inboundSpi,
      outboundSpi: tunnel.esp.outboundSpi,
    };
  }

  /** What the namespace has now and had not before the daemon started, and the reverse. Empty while disconnected. */
  async leftovers(): Promise<string[]> {
    return differences(this.#before, await readState(this.#namespace));
  }

  /** Ends the daemon in an orderly way, and answers what it left, files in its folder included. */
  async stopAndLook(): Promise<string[]> {
    this.#rpc.close();
    this.#recorder?.close();
    const exit = await this.process.stop();
    const left = await this.leftovers();
    const files = readdirSync(this.#folder).map((file) => `left behind: file ${file}`);
    const status = exit.status === 0 ? [] : [`the daemon ended with ${exit.status ?? exit.signal}`];
    return [...left, ...files, ...status];
  }

  async stop(): Promise<void> {
    await this.stopAndLook();
  }

  /** Runs the command line client as a user would. */
  cli(args: readonly string[], options: { input?: string } = {}): LabProcess {
    const argv = [globalThis.process.execPath, cliProgram, '--socket', this.socketPath, ...args];
    return this.#namespace.spawn(argv, options);
  }

  /** Resolves for an attempt that is connected or has ended. */
  #settled(): (attempt: number) => Promise<Snapshot> {
    let last: Snapshot | undefined;
    let look: (snapshot: Snapshot) => void = () => {};
    const off = this.#rpc.on('state', (snapshot) => {
      last = snapshot;
      look(snapshot);
    });
    return (attempt) =>
      new Promise((resolve) => {
        look = (snapshot) => {
          const { state } = snapshot.tunnel;
          if (snapshot.attempt !== attempt || (state !== 'connected' && state !== 'disconnected')) return;
          off();
          resolve(snapshot);
        };
        if (last !== undefined) look(last);
      });
  }
}

/** Answers what the daemon asks further, as the profile of a test says. */
class ScriptedUser {
  readonly #answers: Record<'retry' | 'passcode' | 'new-password', string[]>;

  constructor({ answers = {} }: ClientProfile) {
    this.#answers = {
      retry: [...(answers.retry ?? [])],
      passcode: [...(answers.passcode ?? [])],
      'new-password': [...(answers['new-password'] ?? [])],
    };
  }

  answer({ kind }: AskRequest): AskAnswer {
    if (kind !== 'password' && kind !== 'passcode' && kind !== 'new-password') return { kind: 'refused' };
    const text = this.#answers[kind === 'password' ? 'retry' : kind].shift();
    if (text === undefined) return { kind: 'refused' };
    return kind === 'passcode' ? { kind, passcode: text } : { kind, password: text };
  }
}

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for the daemon: ${what}`)), ms);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The daemon alone, for tests of its start and its end. `wrapper`: a program that takes it as its arguments. */
export function startDaemonProcess(
  namespace: Namespace,
  folder: string,
  options: readonly string[] = [],
  wrapper: readonly string[] = [],
): LabProcess {
  const own = [
    ...['--socket', join(folder, 'godwitd.sock')],
    ...['--profiles', join(folder, 'profiles')],
    ...['--journal', folder],
    ...['--state', `${folder}-state`],
    ...['--resolv-conf', '/etc/resolv.conf'],
  ];
  // Another one than the sources' own: the bundled one.
  const program = process.env['GODWIT_DAEMON'] ?? daemonProgram;
  return namespace.spawn([...wrapper, ...daemonRuntime, program, ...own, ...options]);
}

/** The profile as its file would be. */
export function profileText(profile: ClientProfile): string {
  const { ike, esp } = profile;
  return JSON.stringify({
    name: 'Test',
    gateway: profile.gateway,
    remoteIdentity: profile.remoteIdentity,
    authentication: profile.authentication ?? { method: 'eap-mschapv2', username: profile.username },
    trust: {
      ca: pemOf(profile),
      allowSha1Signatures: profile.allowSha1Signatures ?? false,
      ...profile.trust,
    },
    ...(profile.remoteNetworks === undefined ? {} : { remoteNetworks: profile.remoteNetworks }),
    ...(profile.gateways === undefined ? {} : { gateways: profile.gateways }),
    ...(profile.children === undefined ? {} : { children: profile.children }),
    ...(profile.childless === undefined ? {} : { childless: profile.childless }),
    ...(profile.requestedAddresses === undefined ? {} : { requestedAddresses: profile.requestedAddresses }),
    ...(profile.rekey === undefined ? {} : { rekey: profile.rekey }),
    ...(profile.livenessSeconds === undefined ? {} : { livenessSeconds: profile.livenessSeconds }),
    ...(ike === undefined && esp === undefined ? {} : { proposals: { ike, esp } }),
    ...profile.profile,
  });
}

function pemOf({ ca, furtherCas = [] }: ClientProfile): string {
  return [ca, ...furtherCas].map(({ pem }) => pem).join('');
}

async function connectWhenReady(socketPath: string, process: LabProcess): Promise<RpcClient> {
  // It starts in half a second; a machine that does much else may need much longer.
  const deadline = performance.now() + 40_000;
  for (;;) {
    const connected = await connectRpc(socketPath);
    if (connected.ok) return connected.value;
    if (process.exit !== undefined || performance.now() > deadline) {
      throw new Error(`the daemon does not start: ${formatFailure(connected.error)}\n${process.stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
