import { availableParallelism } from 'node:os';
import { type Failure, failure } from '../base/errors.ts';
import type { LogSink } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Random } from '../crypto/interfaces.ts';
import { nodeCryptoProvider } from '../crypto/node/node-crypto-provider.ts';
import { isChaChaQuicker } from '../crypto/openssl/cipher-speed.ts';
import type { IkeAnswer, IkeAsk } from '../ike/io.ts';
import type { RevocationCache } from '../pki/revocation-cache.ts';
import { readTrust } from '../pki/trust.ts';
import { loginServerOf, type ProfileAuthentication } from '../profile/authentication/authentication.ts';
import type { ProfileLoginServer } from '../profile/authentication/login-server.ts';
import type { Profile } from '../profile/profile.ts';
import { proofsOf } from '../profile/proofs.ts';
import { judge } from './certificate-judge.ts';
import { connectionConfig, identity, type LoginTerms, loginTerms } from './connection-config.ts';
import type { LoginCredentials } from './login-credentials.ts';
import { judgeLoginServer, type LoginServerTerms } from './login-server-judge.ts';
import { eapOf } from './login-ways.ts';
import type { RunningSession, SessionEvents } from './running-session.ts';
import { Session } from './session.ts';
import type { SessionDeeds } from './session-deeds.ts';
import type { SystemDeeds } from './system-deeds.ts';
import { TlsDesk } from './tls-desk.ts';
import { anchorsOf, readTrustTerms } from './trust-terms.ts';

/** What all sessions of the daemon have in common. */
export interface SessionParts {
  readonly log: LogSink;
  /** Name of the TUN device. */
  readonly device: string;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** What is known of revocation, from one login to the next. */
  readonly revocations: RevocationCache;
  readonly createDeeds: (answer: SessionDeeds['answer'], events: SessionEvents) => DeedsOfSession;
}

/** The deeds of a session, and what is told of them. */
export type DeedsOfSession = SessionDeeds & Pick<SystemDeeds, 'counters' | 'pairCounters' | 'busy'>;

/** One connection by a profile. Fails with what the profile or its files have wrong. */
export async function createSession(
  profile: Profile,
  credentials: LoginCredentials,
  events: SessionEvents,
  parts: SessionParts,
): Promise<Result<RunningSession, Failure>> {
  const trust = await readTrustTerms(profile);
  const terms = trust.ok
    ? loginTerms(profile, trust.value, (proof) => credentials.certificatesFor(proof))
    : trust;
  if (!terms.ok) return terms;
  const crypto = nodeCryptoProvider();
  const { random, wall, log } = parts;
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
    const means = { crypto, random, cache: parts.revocations, log, resolve };
    return await judge(ask, profile, terms.value, means, wall(), gateway);
  };
  const deeds = parts.createDeeds(answer, events);
  const config = connectionConfig(profile, terms.value, parts.device, {
    crypto,
    random,
    chaChaQuicker: isChaChaQuicker,
    cores: availableParallelism(),
  });
  const session = new Session(config, deeds, log, events.onState);
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
