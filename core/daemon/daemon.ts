import { join } from 'node:path';
import { type Failure, formatFailure } from '../base/errors.ts';
import type { LogSink } from '../base/log.ts';
import { ok, type Result } from '../base/result.ts';
import type { Secret } from '../base/secret.ts';
import { systemRandom } from '../crypto/node/random.ts';
import type { DataplaneOptions } from '../dataplane/open-dataplane.ts';
import { SpareWorkers } from '../dataplane/spare-workers.ts';
import { RevocationCache } from '../pki/revocation-cache.ts';
import { isOwn } from '../platform/file-rights.ts';
import { groupNumber, peerCredentials } from '../platform/linux/peer-credentials.ts';
import type { PlanOptions } from '../platform/linux/plan/network-plan-applier.ts';
import { recoverFromJournal } from '../platform/linux/plan/recover.ts';
import { systemClock } from '../platform/linux/system-clock.ts';
import { readPasswordFile } from '../platform/password-file.ts';
import { version } from '../platform/version.ts';
import { passwordFileOf } from '../profile/authentication/authentication.ts';
import type { Profile } from '../profile/profile.ts';
import { proofsOf } from '../profile/proofs.ts';
import { socketGroup } from '../rpc/socket-path.ts';
import { createRpcServer } from '../rpc/transport/server.ts';
import type { RpcServer } from '../rpc/transport/server-types.ts';
import { Controller, type ControllerParts } from './controller.ts';
import { createSession, type SessionParts } from './create-session.ts';
import { FlightRecorder } from './flight-recorder.ts';
import { lookIntoKeyFile } from './keys/look-into-key-file.ts';
import { keyUserOf, openCertificate } from './keys/open-certificate.ts';
import { NetworkMemory } from './network-memory.ts';
import { ProfileStore } from './profile-store.ts';
import { rehearseSoon } from './rehearsal/rehearse-soon.ts';
import { SystemDeeds } from './system-deeds.ts';

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
  let server: RpcServer | undefined;
  const publish: ControllerParts['publish'] = (event, data) => server?.publish(event, data);
  const recorder = new FlightRecorder(publish, systemClock.wall);
  const log = recorder.tee(given.log);
  const options = { ...given, log };
  const shutdown = Promise.withResolvers<void>();
  const spareWorkers = new SpareWorkers();
  const memory = await NetworkMemory.open(join(options.stateFolder, 'networks.json'), systemClock.wall, log);
  const controller = new Controller({
    version,
    clock: systemClock,
    ...{ log, publish, recorder },
    ...partsOnDisk(options),
    createSession: createSessions(options, memory, spareWorkers),
    watched: () => (server?.subscribers('sample') ?? 0) > 0,
    onShutdown: shutdown.resolve,
  });
  const rehearsals = new AbortController();
  const { connect } = controller.handlers;
  const groupId = groupNumber(socketGroup);
  const created = await createRpcServer({
    socketPath: options.socketPath,
    handlers: {
      ...controller.handlers,
      connect: (params, client) => {
        rehearsals.abort();
        return connect(params, client);
      },
    },
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
  await recover(options);
  spareWorkers.prepare();
  log({ level: 'info', event: 'listening', fields: { socket: options.socketPath, version } });
  rehearseSoon(rehearsals.signal, log);
  return ok({
    shutdownAsked: shutdown.promise,
    async stop() {
      rehearsals.abort();
      await controller.disconnect();
      await created.value.close();
      await spareWorkers.close();
      await memory.settled();
    },
  });
}

/** What the controller reads from files, or has read with the rights of a client. */
function partsOnDisk({ profilesFolder, stateFolder, log }: DaemonOptions) {
  return {
    profiles: new ProfileStore(profilesFolder, join(stateFolder, 'profiles')),
    storedPasswords,
    readSecretFile: (file) => readPasswordFile(file, isOwn),
    openCertificate: (client) => openCertificate(client.credentials, log),
    lookIntoKeyFile: (params, client) => lookIntoKeyFile(params, keyUserOf(client.credentials)),
  } satisfies Partial<ControllerParts>;
}

/** Makes the sessions of this daemon, one after the other. */
function createSessions(
  { log, device, plan, spread }: DaemonOptions,
  memory: NetworkMemory,
  spareWorkers: SpareWorkers,
): ControllerParts['createSession'] {
  const parts: SessionParts = {
    ...{ log, device },
    random: systemRandom,
    wall: systemClock.wall,
    revocations: new RevocationCache(),
    createDeeds: (answer, { onBusy }) =>
      new SystemDeeds({
        ...{ log, plan, memory, answer, onBusy, spareWorkers },
        ...(spread === undefined ? {} : { spread }),
      }),
  };
  return (profile, credentials, events) => createSession(profile, credentials, events, parts);
}

/** Takes back what an earlier daemon left. */
async function recover({ plan, log }: DaemonOptions): Promise<void> {
  for (const { journal, outcome, failures } of await recoverFromJournal(plan)) {
    const problems = failures.map(formatFailure).join('; ');
    log({
      level: outcome === 'undone' ? 'info' : 'warn',
      event: 'recover',
      fields: { journal, outcome, problems },
    });
  }
}

/** The passwords that a profile of the system has in files, by user name. Fails as `readPasswordFile`. */
async function storedPasswords(profile: Profile): Promise<Result<ReadonlyMap<string, Secret>, Failure>> {
  const stored = new Map<string, Secret>();
  for (const { authentication } of proofsOf(profile)) {
    const file = passwordFileOf(authentication);
    if (file === undefined || !('username' in authentication)) continue;
    const secret = await readPasswordFile(file, isOwn);
    if (!secret.ok) return secret;
    stored.set(authentication.username, secret.value);
  }
  return ok(stored);
}
