import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Failure, failure, formatFailure } from '../base/errors.ts';
import type { LogSink } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { nodeCryptoProvider } from '../crypto/node/node-crypto-provider.ts';
import { systemRandom } from '../crypto/node/random.ts';
import { isChaChaQuicker } from '../crypto/openssl/cipher-speed.ts';
import type { DataplaneOptions } from '../dataplane/open-dataplane.ts';
import { SpareWorkers } from '../dataplane/spare-workers.ts';
import type { IkeAnswer, IkeAsk } from '../ike/io.ts';
import { RevocationCache } from '../pki/revocation-cache.ts';
import { readTrust } from '../pki/trust.ts';
import { groupNumber, peerCredentials } from '../platform/linux/peer-credentials.ts';
import type { PlanOptions } from '../platform/linux/plan/network-plan-applier.ts';
import { recoverFromJournal } from '../platform/linux/plan/recover.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { readPasswordFile } from '../platform/password-file.ts';
import { fileSecretStore } from '../platform/secrets/file-secret-store.ts';
import { version } from '../platform/version.ts';
import {
  loginServerOf,
  type ProfileAuthentication,
  passwordFileOf,
} from '../profile/authentication/authentication.ts';
import type { ProfileLoginServer } from '../profile/authentication/login-server.ts';
import type { Profile } from '../profile/profile.ts';
import { proofsOf } from '../profile/proofs.ts';
import { socketGroup } from '../rpc/socket-path.ts';
import { createRpcServer } from '../rpc/transport/server.ts';
import type { RpcServer } from '../rpc/transport/server-types.ts';
import { judge } from './certificate-judge.ts';
import { connectionConfig, identity, type LoginTerms, loginTerms } from './connection-config.ts';
import { Controller, type RunningSession, type SessionEvents } from './controller.ts';
import { FlightRecorder } from './flight-recorder.ts';
import { lookIntoKeyFile } from './keys/look-into-key-file.ts';
import { keyUserOf, openCertificate } from './keys/open-certificate.ts';
import type { LoginCredentials } from './login-credentials.ts';
import { judgeLoginServer, type LoginServerTerms } from './login-server-judge.ts';
import { eapOf } from './login-ways.ts';
import { NetworkMemory } from './network-memory.ts';
import { ProfileStore } from './profile-store.ts';
import { Session } from './session.ts';
import { SystemDeeds } from './system-deeds.ts';
import { TlsDesk } from './tls-desk.ts';
import { anchorsOf, readTrustTerms } from './trust-terms.ts';

export interface DaemonOptions {
  readonly socketPath: string;
  readonly profilesFolder: string;
  /** Where the daemon keeps the profiles that users give it, and what it learnt of networks. */
  readonly stateFolder: string;
  /** Name of the TUN device. */
  readonly device: string;
  readonly plan: PlanOptions;
  readonly log: LogSink;
  /** When several pairs of workers share the flows. Default: `idle`. */
  readonly spread?: DataplaneOptions['spread'];
}

export interface Daemon {
  /** Settles when a client with the right to do so asked the daemon to end. */
  readonly shutdownAsked: Promise<void>;
  /** Disconnects, undoes everything, closes the socket. */
  stop(): Promise<void>;
}

/** Takes back what an earlier daemon left, then listens. Fails with `rpc.busy` when another daemon listens there. */
export async function startDaemon(given: DaemonOptions): Promise<Result<Daemon, Failure>> {
  const recorder = new FlightRecorder(
    (event, data) => server?.publish(event, data),
    () => systemClock.wallClock().getTime(),
  );
  const log = recorder.tee(given.log);
  const options = { ...given, log };
  let askShutdown: () => void = () => undefined;
  const shutdownAsked = new Promise<void>((resolve) => {
    askShutdown = resolve;
  });
  const spareWorkers = new SpareWorkers();
  const wall = (): number => systemClock.wallClock().getTime();
  const memory = await NetworkMemory.open(join(options.stateFolder, 'networks.json'), wall, log);
  let server: RpcServer | undefined;
  const controller = new Controller({
    version,
    log,
    clock: { now: () => systemClock.now(), wall: () => systemClock.wallClock().getTime() },
    profiles: new ProfileStore(options.profilesFolder, join(options.stateFolder, 'profiles')),
    storedPasswords,
    readSecretFile: (file) => readPasswordFile(file, isOwn),
    openCertificate: (client) => openCertificate(client.credentials, log),
    lookIntoKeyFile: (params, client) => lookIntoKeyFile(params, keyUserOf(client.credentials)),
    createSession: (profile, credentials, events) =>
      createSession(profile, credentials, events, options, { spareWorkers, memory }),
    publish: (event, data) => server?.publish(event, data),
    recorder,
    watched: () => (server?.subscribers('sample') ?? 0) > 0,
    onShutdown: askShutdown,
  });
  const groupId = groupNumber(socketGroup);
  const created = await createRpcServer({
    socketPath: options.socketPath,
    handlers: controller.handlers,
    snapshot: () => controller.snapshot(),
    onSubscribed: (event) => {
      if (event === 'sample') controller.sampleOn();
    },
    credentialsOf: peerCredentials,
    ...(groupId === undefined ? {} : { groupId }),
    log,
  });
  if (!created.ok) return created;
  server = created.value;
  // Only the daemon that holds the socket may touch what an earlier one left.
  for (const { journal, outcome, failures } of await recoverFromJournal(options.plan)) {
    const problems = failures.map(formatFailure).join('; ');
    log({
      level: outcome === 'undone' ? 'info' : 'warn',
      event: 'recover',
      fields: { journal, outcome, problems },
    });
  }
  spareWorkers.prepare();
  log({ level: 'info', event: 'listening', fields: { socket: options.socketPath, version } });
  return ok({
    shutdownAsked,
    async stop() {
      await controller.disconnect();
      await created.value.close();
      await spareWorkers.close();
      await memory.settled();
    },
  });
}

async function storedPasswords(profile: Profile): Promise<Result<ReadonlyMap<string, Secret>, Failure>> {
  const stored = new Map<string, Secret>();
  for (const { authentication } of proofsOf(profile)) {
    const file = passwordFileOf(authentication);
    if (file === undefined || !('username' in authentication)) continue;
    const key = { profile: profile.name, kind: 'password', of: authentication.username } as const;
    const secret = await fileSecretStore(file, key, isOwn).get(key);
    if (!secret.ok) return secret;
    if (secret.value !== undefined) stored.set(key.of, secret.value);
  }
  return ok(stored);
}

/** The daemon takes the passwords of the system's profiles only from files of its own user. */
function isOwn(owner: number): boolean {
  return owner === process.getuid?.();
}

/** Of all connections, from one login to the next. */
const revocationCache = new RevocationCache();

/** What all sessions of the daemon have in common. */
interface Shared {
  readonly spareWorkers: SpareWorkers;
  readonly memory: NetworkMemory;
}

async function createSession(
  profile: Profile,
  credentials: LoginCredentials,
  events: SessionEvents,
  options: DaemonOptions,
  { spareWorkers, memory }: Shared,
): Promise<Result<RunningSession, Failure>> {
  const trust = await readTrustTerms(profile);
  const terms = trust.ok
    ? loginTerms(profile, trust.value, (proof) => credentials.certificatesFor(proof))
    : trust;
  if (!terms.ok) return terms;
  const crypto = nodeCryptoProvider();
  const wall = (): number => systemClock.wallClock().getTime();
  const servers = await loginServersOf(profile, terms.value);
  if (!servers.ok) return servers;
  const tls = new TlsDesk({
    judge: async (chain, run) => {
      const proof = eapOf(profile, run);
      const server = proof === undefined ? undefined : servers.value.get(proof);
      if (server === undefined) return err(failure('misuse', { reason: 'TLS in a round without a server' }));
      return judgeLoginServer(chain, server, crypto, wall());
    },
    clientCertificate: (run) => {
      const proof = eapOf(profile, run);
      return proof === undefined ? undefined : credentials.certificatesFor(proof)[0];
    },
  });
  const answer = async (ask: IkeAsk, gateway: string): Promise<IkeAnswer> => {
    if (ask.kind === 'credential') return await credentials.answer(ask);
    if (ask.kind === 'tls-step') return { kind: 'tls-step', result: await tls.answer(ask.request, ask) };
    if (ask.kind === 'signature') return await credentials.sign(ask);
    if (ask.kind === 'shared-secret') return await credentials.shared(ask);
    const resolve = (host: string) => deeds.resolve(host);
    const parts = { crypto, random: systemRandom, cache: revocationCache, log: options.log, resolve };
    return await judge(ask, profile, terms.value, parts, wall(), gateway);
  };
  const deeds = new SystemDeeds({
    log: options.log,
    plan: options.plan,
    memory,
    answer,
    onBusy: events.onBusy,
    spareWorkers,
    ...(options.spread === undefined ? {} : { spread: options.spread }),
  });
  const config = connectionConfig(profile, terms.value, options.device, {
    crypto,
    random: systemRandom,
    chaChaQuicker: isChaChaQuicker,
    cores: availableParallelism(),
  });
  const session = new Session(config, deeds, options.log, events.onState);
  return ok({
    connect: () => session.connect(),
    disconnect: () => session.disconnect(),
    finished: session.finished.finally(() => tls.close()),
    provenAt: () => session.provenAt(),
    counters: () => deeds.counters(),
    pairCounters: () => deeds.pairCounters(),
    busy: () => deeds.busy,
    ikeDrops: () => session.ikeDrops(),
    takeRoundTrip: () => session.takeRoundTrip(),
    doubt: () => session.doubt,
    probe: () => session.probe(),
  });
}

/** The login server of each proof that has one. */
async function loginServersOf(
  profile: Profile,
  gateway: LoginTerms,
): Promise<Result<ReadonlyMap<ProfileAuthentication, LoginServerTerms>, Failure>> {
  const servers = new Map<ProfileAuthentication, LoginServerTerms>();
  for (const { path, authentication } of proofsOf(profile)) {
    const server = loginServerOf(authentication);
    if (server === undefined) continue;
    const terms = await loginServerTerms(profile, server, `${path.join('.')}.server`, gateway);
    if (!terms.ok) return terms;
    servers.set(authentication, terms.value);
  }
  return ok(servers);
}

/** Its own name and CAs where the profile has them, else the gateway's. */
async function loginServerTerms(
  profile: Profile,
  server: ProfileLoginServer,
  field: string,
  gateway: LoginTerms,
): Promise<Result<LoginServerTerms, Failure>> {
  const nameOfGateway = gateway.expected(profile.gateway.host);
  const expected =
    server.name === undefined ? ok(nameOfGateway) : identity(profile, `${field}.name`, server.name);
  if (!expected.ok) return expected;
  if (server.trust === undefined) return ok({ trust: gateway.trust, expected: expected.value });
  const anchors = await anchorsOf(profile.name, field, server.trust);
  return anchors.ok ? ok({ trust: readTrust(anchors.value), expected: expected.value }) : anchors;
}
