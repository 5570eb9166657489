import { chmod, chown, link, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { errnoOf } from '../../platform/errno.ts';

/** `sun_path` is 108 octets with its final zero. */
const longestPath = 107;

/** Which file a socket is, whatever its name. */
export interface SocketIdentity {
  readonly device: number;
  readonly inode: number;
  /** Why the group could not be let in (as in a user namespace without it): the socket is its owner's alone. */
  readonly groupProblem: string | undefined;
}

/**
 * Listens at `path` with mode 0660, for `groupId` when given, else 0600. A dead daemon's socket is replaced; a living
 * one's, or a file that is no socket, never is. Fails with `rpc.busy` or `rpc.socket`.
 */
export async function listenAt(
  server: Server,
  path: string,
  groupId: number | undefined,
): Promise<Result<SocketIdentity, Failure>> {
  // Bound under another name and linked to its own when it is ready: so nobody sees it before its mode is right, a
  // name that someone else took is never replaced, and Node, which removes what it bound, cannot remove the wrong one.
  const birthPath = `${path}.${process.pid}`;
  if (Buffer.byteLength(birthPath) > longestPath) return refuse(path, `longer than ${longestPath} octets`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    const cleared = await clearStale(path);
    if (!cleared.ok) return cleared;
    await removeOwnSocket(birthPath);
    await bind(server, birthPath);
    const groupProblem = groupId === undefined ? undefined : await openToGroup(birthPath, groupId);
    const { dev, ino } = await lstat(birthPath);
    await link(birthPath, path);
    await unlink(birthPath);
    return ok({ device: dev, inode: ino, groupProblem });
  } catch (error) {
    const code = errnoOf(error);
    return code === 'EEXIST' ? err(failure('rpc.busy', { socket: path })) : refuse(path, code);
  }
}

/** Removes the socket unless it has become another's. */
export async function removeSocket(path: string, identity: SocketIdentity): Promise<void> {
  const now = await lstat(path).catch(() => undefined);
  if (now?.dev === identity.device && now.ino === identity.inode) await unlink(path).catch(() => undefined);
}

async function clearStale(path: string): Promise<Result<undefined, Failure>> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return ok();
  if (!found.isSocket()) return refuse(path, 'another file has this name');
  if (await answers(path)) return err(failure('rpc.busy', { socket: path }));
  // Between the probe and here another daemon may have taken the name: then the file is not the one that was probed.
  const now = await lstat(path).catch(() => undefined);
  if (now !== undefined && now.ino !== found.ino) return err(failure('rpc.busy', { socket: path }));
  if (now !== undefined) await unlink(path);
  return ok();
}

/** Whether someone listens. Doubt (a full queue, no permission) counts as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error) => resolve(errnoOf(error) !== 'ECONNREFUSED' && errnoOf(error) !== 'ENOENT'));
  });
}

/** What an earlier process of our number left. */
async function removeOwnSocket(birthPath: string): Promise<void> {
  const found = await lstat(birthPath).catch(() => undefined);
  if (found?.isSocket() === true) await unlink(birthPath);
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = () => {
      server.removeListener('error', onError);
      resolve();
    };
    const onError = (error: Error) => {
      server.removeListener('listening', onListening);
      reject(error);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    // The socket is made within `listen`, so nothing else is made with this mask.
    const before = process.umask(0o177);
    server.listen(path);
    process.umask(before);
  });
}

async function openToGroup(path: string, groupId: number): Promise<string | undefined> {
  try {
    await chown(path, process.getuid?.() ?? 0, groupId);
  } catch (error) {
    return errnoOf(error);
  }
  await chmod(path, 0o660);
  return undefined;
}

function refuse(path: string, reason: string): Result<never, Failure> {
  return err(failure('rpc.socket', { socket: path, reason }));
}
