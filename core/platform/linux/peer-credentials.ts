import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { call } from './libc.ts';
import { levelSocket } from './socket-option.ts';

const optionPeerCredentials = 17;
const optionPeerGroups = 59;
const groupsMax = 65_536;

/** Who holds the other end of a Unix socket, as the kernel noted it when the connection was made. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  /** The process's own group first, then its supplementary groups. */
  readonly gids: readonly number[];
}

/** The peer of a connected Unix socket. Fails with `system.call` when the socket is closed or of another kind. */
export function peerCredentials(socket: Socket): Result<PeerCredentials, Failure> {
  const fd = descriptorOf(socket);
  if (fd === undefined) return err(failure('system.call', { call: 'getsockopt', errno: 'EBADF' }));
  // struct ucred: pid, uid, gid. SO_PEERCRED answers for TCP too, with zeros for the pid and -1 for the rest.
  const credentials = new Uint32Array(3);
  const length = Uint32Array.of(credentials.byteLength);
  const got = call('getsockopt', fd, levelSocket, optionPeerCredentials, bytes(credentials), bytes(length));
  if (!got.ok) return got;
  const [pid = 0, uid = 0, gid = 0] = credentials;
  if (pid === 0) return err(failure('system.call', { call: 'getsockopt', errno: 'ENOTCONN' }));
  return ok({ pid, uid, gids: [gid, ...supplementaryGroups(fd)] });
}

/** The number of a local group, `undefined` when there is none. @see group(5) */
export function groupNumber(name: string, groupFile = '/etc/group'): number | undefined {
  let lines: readonly string[];
  try {
    lines = readFileSync(groupFile, 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const fields = lines.map((line) => line.split(':')).find(([first]) => first === name);
  const number = fields?.[2] ?? '';
  return /^\d{1,10}$/.test(number) ? Number(number) : undefined;
}

/** Kernels before 4.13 do not tell; then only the process's own group counts. */
function supplementaryGroups(fd: number): readonly number[] {
  const groups = new Uint32Array(groupsMax);
  const length = Uint32Array.of(groups.byteLength);
  const got = call('getsockopt', fd, levelSocket, optionPeerGroups, bytes(groups), bytes(length));
  return got.ok ? [...groups.subarray(0, (length[0] ?? 0) / 4)] : [];
}

/** node:net keeps the descriptor to itself; it is where Node's own modules look for it. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

function bytes(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
