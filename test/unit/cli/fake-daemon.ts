import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Failure, failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import type { ChoiceRequest, SecretRequest } from '../../../core/rpc/asks.ts';
import type { ProfileSource } from '../../../core/rpc/schema.ts';
import type { RpcClientHandle, RpcServer } from '../../../core/rpc/transport/server-types.ts';
import {
  type ConnectPhase,
  connectPhases,
  type Snapshot,
  type TunnelSnapshot,
} from '../../../core/rpc/values.ts';
import { connectedTunnel, idleSnapshot, snapshotOf } from '../rpc/snapshots.ts';
import { plainHandlers, startServer } from '../rpc/transport/harness.ts';

/** How the fake daemon's next attempt goes. */
export interface Script {
  /** Passwords that it takes; without this it asks for none. */
  readonly password?: string;
  /** How often a wrong one may be typed. */
  readonly tries?: number;
  /** Asked in the middle of the login; what comes is in `answers`. */
  readonly asks?: readonly SecretRequest[];
  /** How long an ask of `asks` waits. */
  readonly askMs?: number;
  /** Certificates to choose from in the middle of the login. */
  readonly choose?: ChoiceRequest['certificates'];
  /** Instead of the connection at the end. */
  readonly failure?: Failure;
  /** The phase in which nothing goes on until `disconnect`. */
  readonly hangIn?: ConnectPhase;
  /** What it is connected to in the end. */
  readonly connected?: TunnelSnapshot;
}

export interface FakeDaemon {
  readonly server: RpcServer;
  readonly sources: ProfileSource[];
  readonly passwords: string[];
  readonly answers: string[];
  readonly disconnects: () => number;
  /** Settles when an attempt hangs in its phase. */
  readonly hanging: Promise<void>;
}

const profile = { id: 'office', name: 'Office', gateway: 'vpn.example.org' };

/** A daemon without a tunnel: the real server on a real socket, with attempts that follow a script. */
export async function startFakeDaemon(t: TestContext, script: Script = {}): Promise<FakeDaemon> {
  let current: Snapshot = idleSnapshot();
  let attempt = 0;
  let disconnects = 0;
  let cancel = new AbortController();
  const hanging = Promise.withResolvers<void>();
  const sources: ProfileSource[] = [];
  const passwords: string[] = [];
  const answers: string[] = [];

  const become = (tunnel: TunnelSnapshot) => {
    current = snapshotOf(tunnel, attempt);
    server.publish('state', current);
  };
  const fail = (lastFailure: Failure) => become({ state: 'disconnected', since: Date.now(), lastFailure });
  const login = async (client: RpcClientHandle): Promise<Failure | undefined> => {
    for (let retry = 0; retry < (script.tries ?? 1); retry++) {
      const secret = await client.ask(
        { kind: 'password', identity: 'alice', profile: 'Office', retry },
        { signal: cancel.signal },
      );
      if (!secret.ok) return secret.error;
      const password = new TextDecoder().decode(secret.value.expose());
      passwords.push(password);
      if (password === script.password) return undefined;
    }
    return failure('auth.password', { side: 'local' });
  };
  const attemptOnce = async (client: RpcClientHandle) => {
    for (const phase of connectPhases) {
      const since = Date.now();
      become({ state: 'connecting', profile, since, phase, phaseSince: since });
      server.publish('phase', { attempt, phase, at: since });
      if (phase === script.hangIn) {
        hanging.resolve();
        return;
      }
      if (phase === 'logging-in') {
        for (const request of script.asks ?? []) {
          const ms = script.askMs === undefined ? {} : { ms: script.askMs };
          const secret = await client.ask(request, { signal: cancel.signal, ...ms });
          if (!secret.ok) return fail(secret.error);
          answers.push(new TextDecoder().decode(secret.value.expose()));
        }
        if (script.choose !== undefined) {
          const certificates = script.choose;
          const id = await client.choose({ kind: 'choose-certificate', profile: 'Office', certificates });
          if (!id.ok) return fail(id.error);
          answers.push(id.value);
        }
      }
      if (phase === 'logging-in' && script.password !== undefined) {
        const refused = await login(client);
        if (refused !== undefined) return fail(refused);
      }
    }
    if (script.failure !== undefined) fail(script.failure);
    else become(script.connected ?? connectedTunnel);
  };
  const { server } = await startServer(t, {
    snapshot: () => current,
    handlers: {
      ...plainHandlers,
      profiles: () =>
        ok({
          profiles: [
            {
              id: 'office',
              file: '/etc/godwit/profiles/office.json',
              name: 'Office',
              gateway: 'vpn.example.org',
              failures: [],
            },
            {
              id: 'broken',
              file: '/etc/godwit/profiles/broken.json',
              failures: [
                failure('profile.invalid', {
                  file: 'broken.json',
                  line: 3,
                  field: 'mtu',
                  reason: 'must be 1280 to 1500',
                }),
              ],
            },
          ],
        }),
      connect: ({ source }, client) => {
        if (current.tunnel.state !== 'disconnected')
          return err(failure('tunnel.busy', { profile: 'Office' }));
        if (source.kind === 'stored' && source.id !== 'office') {
          return err(failure('profile.missing', { profile: source.id }));
        }
        sources.push(source);
        attempt++;
        cancel = new AbortController();
        void attemptOnce(client);
        return ok({ attempt });
      },
      disconnect: () => {
        disconnects++;
        const wasUp = current.tunnel.state !== 'disconnected';
        cancel.abort();
        if (wasUp) become({ state: 'disconnected', since: Date.now() });
        return ok({ wasUp });
      },
    },
  });
  return { server, sources, passwords, answers, disconnects: () => disconnects, hanging: hanging.promise };
}

export interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const godwit = fileURLToPath(new URL('../../../bin/godwit', import.meta.url));

export interface RunOptions {
  /** Written to standard input, which is then closed; without it standard input is empty. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs on a terminal of its own; what it shows is `stdout`. Called with what was shown so far. */
  readonly terminal?: (shown: string, type: (keys: string) => void) => void;
  readonly signal?: { readonly name: NodeJS.Signals; readonly after: Promise<void> };
}

/** Runs the command line as a user does. */
export async function godwitRuns(
  daemon: { readonly server: { readonly socketPath: string } } | undefined,
  args: readonly string[],
  { input, env = {}, terminal, signal }: RunOptions = {},
): Promise<Run> {
  const words = [godwit, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const [command, commandArgs] =
    terminal === undefined ? [godwit, args] : ['script', ['-qec', words, '/dev/null']];
  const child = spawn(command, commandArgs, {
    env: {
      PATH: process.env['PATH'] ?? '',
      TERM: 'xterm',
      GODWIT_SOCKET: daemon?.server.socketPath ?? '/nonexistent/godwitd.sock',
      ...env,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    terminal?.(stdout, (keys) => child.stdin.write(keys));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  if (terminal === undefined) child.stdin.end(input ?? '');
  void signal?.after.then(() => child.kill(signal.name));
  const [exitCode] = await once(child, 'close');
  return { exitCode: typeof exitCode === 'number' ? exitCode : null, stdout, stderr };
}
