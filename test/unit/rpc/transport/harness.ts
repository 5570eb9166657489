import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { failure } from '../../../../core/base/errors.ts';
import type { LogRecord } from '../../../../core/base/log.ts';
import { err, ok } from '../../../../core/base/result.ts';
import { connectRpc, type RpcClient } from '../../../../core/rpc/transport/client.ts';
import {
  createRpcServer,
  type RpcHandlers,
  type RpcServer,
  type RpcServerOptions,
} from '../../../../core/rpc/transport/server.ts';
import { idleSnapshot } from '../snapshots.ts';

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const plainHandlers: RpcHandlers = {
  version: () => ok({ version: '0.1.0', protocol: 1, pid: process.pid }),
  profiles: () => ok({ profiles: [] }),
  connect: () => err(failure('tunnel.busy', { profile: 'Office' })),
  disconnect: () => ok({ wasUp: false }),
  profile: ({ id }) => err(failure('profile.missing', { profile: id })),
  'save-profile': () => ok({ id: 'own:office' }),
  'remove-profile': () => ok({}),
  'look-into-key-file': () => ok({ state: 'locked' }),
  history: () => ok({ samples: [], journey: [] }),
  'log-tail': () => ok({ records: [] }),
  shutdown: () => ok({}),
};

export interface TestServer {
  readonly server: RpcServer;
  readonly log: LogRecord[];
  client(): Promise<RpcClient>;
}

/** A server on a socket in a folder of its own, as root's daemon sees a client of uid 1000. */
export async function startServer(
  t: TestContext,
  options: Partial<RpcServerOptions> = {},
): Promise<TestServer> {
  const log: LogRecord[] = [];
  const socketPath = options.socketPath ?? join(await temporaryFolder(t), 'godwitd.sock');
  const created = await createRpcServer({
    socketPath,
    handlers: plainHandlers,
    snapshot: idleSnapshot,
    credentialsOf: () => ok({ pid: 4711, uid: 1000 }),
    accessOf: () => 'control',
    log: (record) => log.push(record),
    ...options,
  });
  assert.ok(created.ok, JSON.stringify(created));
  const server = created.value;
  const clients: RpcClient[] = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await server.close();
  });
  return {
    server,
    log,
    async client() {
      const connected = await connectRpc(socketPath);
      assert.ok(connected.ok, JSON.stringify(connected));
      clients.push(connected.value);
      return connected.value;
    },
  };
}
