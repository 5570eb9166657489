import { createServer, type Socket } from 'node:net';
import { type Failure, failure, formatFailure } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { Access } from '../schema.ts';
import { socketGroup } from '../socket-path.ts';
import { ClientSession } from './client-session.ts';
import { listenAt, removeSocket } from './listen-path.ts';
import type { PeerCredentials, RpcServer, RpcServerOptions } from './server-types.ts';

export type {
  PeerCredentials,
  RpcClientHandle,
  RpcHandlers,
  RpcServer,
  RpcServerOptions,
} from './server-types.ts';

/**
 * The daemon's end: listens on a Unix socket, finds out who calls, checks every frame and every level of access, and
 * hands calls to `handlers`. Fails with `rpc.busy` when a daemon listens there already and `rpc.socket` otherwise.
 */
export async function createRpcServer(options: RpcServerOptions): Promise<Result<RpcServer, Failure>> {
  const { socketPath, log } = options;
  const sessions = new Set<ClientSession>();
  let lastId = 0;
  const server = createServer((socket) => {
    const session = welcome(socket, sessions.size, lastId + 1, options);
    if (session === undefined) return;
    lastId = session.id;
    sessions.add(session);
    session.gone.addEventListener('abort', () => sessions.delete(session), { once: true });
  });
  const listening = await listenAt(server, socketPath, options.groupId);
  if (!listening.ok) {
    server.close();
    return listening;
  }
  const { groupProblem } = listening.value;
  if (groupProblem !== undefined) {
    log({ level: 'warn', event: 'rpc.group', fields: { group: socketGroup, problem: groupProblem } });
  }
  server.on('error', (error) =>
    log({ level: 'error', event: 'rpc.server', fields: { problem: error.message } }),
  );

  let closing: Promise<void> | undefined;
  const close = async () => {
    await removeSocket(socketPath, listening.value);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([...sessions].map((session) => session.end()));
    await closed;
  };
  return ok({
    socketPath,
    publish: (event, data) => {
      for (const session of sessions) session.publish(event, data);
    },
    subscribers: (event) => [...sessions].filter((session) => session.subscribesTo(event)).length,
    get clients() {
      return sessions.size;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  });
}

/** A session for who has just connected; `undefined` for one who is turned away. `present`: how many are there already. */
function welcome(
  socket: Socket,
  present: number,
  id: number,
  options: RpcServerOptions,
): ClientSession | undefined {
  const { handlers, snapshot, onSubscribed, log } = options;
  if (present >= limits.rpcClients) {
    log({ level: 'warn', event: 'rpc.too-many-clients', fields: { limit: limits.rpcClients } });
    socket.destroy();
    return undefined;
  }
  const peer = admit(socket, options);
  if (peer.ok)
    return new ClientSession({ ...{ id, socket, handlers, snapshot, onSubscribed, log }, ...peer.value });
  log({ level: 'warn', event: 'rpc.turned-away', fields: { problem: formatFailure(peer.error) } });
  socket.destroy();
  return undefined;
}

function admit(
  socket: Socket,
  options: RpcServerOptions,
): Result<{ readonly credentials: PeerCredentials; readonly access: Access }, Failure> {
  const credentials = options.credentialsOf(socket);
  if (!credentials.ok) return credentials;
  const access = (options.accessOf ?? defaultAccess)(credentials.value);
  if (access === undefined)
    return err(failure('rpc.denied', { method: 'connect', uid: credentials.value.uid }));
  return ok({ credentials: credentials.value, access });
}

function defaultAccess({ uid }: PeerCredentials): Access {
  return uid === 0 || uid === process.getuid?.() ? 'admin' : 'control';
}
