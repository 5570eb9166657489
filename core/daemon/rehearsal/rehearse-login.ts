import { Duplex } from 'node:stream';
import { failure } from '../../base/errors.ts';
import { silent } from '../../base/log.ts';
import { err, ok } from '../../base/result.ts';
import { instant } from '../../base/time.ts';
import type { Random } from '../../crypto/interfaces.ts';
import { RevocationCache } from '../../pki/revocation-cache.ts';
import { type RpcClient, rpcClientOver } from '../../rpc/transport/client.ts';
import { ClientSession } from '../../rpc/transport/client-session.ts';
import { Controller, type ControllerParts } from '../controller.ts';
import { createSession } from '../create-session.ts';
import { FlightRecorder } from '../flight-recorder.ts';
import { lineLogSink } from '../log-sink.ts';
import { ProfileStore } from '../profile-store.ts';
import { type FarEnd, RehearsalDeeds } from './rehearsal-deeds.ts';

/** A login that can be done again: to whom, by which profile, and when. */
export interface RehearsedLogin {
  /** The text of a profile with all that it needs. */
  readonly profile: string;
  readonly password: string;
  /** Milliseconds since 1970: when its certificates are good. */
  readonly wall: number;
  readonly farEnd: FarEnd;
}

/**
 * Logs in to `farEnd` and out again as a client would have it done, up to what touches the machine: when somebody waits for a
 * login, its code has run before and what it uses is loaded. Answers whether the connection stood. Once `signal` aborts nothing
 * more is done; the answer is false then.
 */
export async function rehearseLogin(login: RehearsedLogin, signal: AbortSignal): Promise<boolean> {
  const [near, far] = streamPair();
  const controller = rehearsalController(login, signal, (event, data) => session.publish(event, data));
  const session = new ClientSession({
    id: 0,
    socket: near,
    credentials: { pid: process.pid, uid: process.getuid?.() ?? 0 },
    access: 'admin',
    handlers: controller.handlers,
    snapshot: () => controller.snapshot(),
    onSubscribed: undefined,
    log: silent,
  });
  const client = rpcClientOver(far);
  const abandon = (): void => client.close();
  signal.addEventListener('abort', abandon, { once: true });
  const stood = await connectAndWait(client, login);
  if (stood) await client.call('disconnect', {});
  signal.removeEventListener('abort', abandon);
  client.close();
  return stood;
}

/** Does what the command line does. */
async function connectAndWait(client: RpcClient, { profile, password }: RehearsedLogin): Promise<boolean> {
  const stood = Promise.withResolvers<boolean>();
  client.on('ask', ({ askId }) => {
    void client.call('answer', { askId, answer: { kind: 'password', password } });
  });
  client.on('state', ({ tunnel }) => {
    if (tunnel.state === 'connected') stood.resolve(true);
    if (tunnel.state === 'disconnected') stood.resolve(false);
  });
  await client.call('subscribe', { events: ['state', 'phase', 'log'] });
  const source = { kind: 'text', text: profile, file: 'rehearsal' } as const;
  await client.call('connect', { source, canAnswer: true });
  return await Promise.race([stood.promise, client.closed.then(() => false)]);
}

function rehearsalController(
  { wall, farEnd }: RehearsedLogin,
  signal: AbortSignal,
  publish: ControllerParts['publish'],
): Controller {
  const recorder = new FlightRecorder(publish, () => wall);
  const log = recorder.tee(lineLogSink('info', () => undefined, { forJournal: false }));
  const parts = {
    log,
    device: 'rehearsal',
    random: sameNumbers(),
    wall: () => wall,
    revocations: new RevocationCache(),
  };
  return new Controller({
    version: '',
    log,
    clock: { now: () => instant(0), wall: () => wall },
    profiles: new ProfileStore('', ''),
    storedPasswords: async () => ok(new Map()),
    readSecretFile: async () => err(failure('secret.missing')),
    openCertificate: () => async () => err(failure('credential.missing')),
    lookIntoKeyFile: async () => err(failure('credential.missing')),
    createSession: (profile, credentials, events) =>
      createSession(profile, credentials, events, {
        ...parts,
        createDeeds: (answer) => new RehearsalDeeds(farEnd, signal, answer),
      }),
    publish,
    recorder,
    watched: () => false,
    onShutdown: () => undefined,
  });
}

/** Two ends of one stream. Not `duplexPair`, which hands on the very octets: a client overwrites its own when they are written. */
function streamPair(): readonly [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write: (chunk: Uint8Array, _encoding, done) => {
        other().push(Buffer.from(chunk));
        done();
      },
    });
  const near = end(() => far);
  const far = end(() => near);
  far.once('close', () => near.destroy());
  return [near, far];
}

/** The same numbers each time, so that recorded answers fit. Nothing that they make is ever sent. */
function sameNumbers(): Random {
  const drawn = new Map<number, number>();
  return {
    octets(count) {
      const draw = drawn.get(count) ?? 0;
      drawn.set(count, draw + 1);
      return Uint8Array.from({ length: count }, (_, at) => (count * 31 + draw * 97 + at * 59 + 17) & 0xff);
    },
  };
}
