import { Socket } from 'node:net';
import type { Endpoint } from '../../base/address.ts';
import type { Failure } from '../../base/errors.ts';
import { ok, type Result } from '../../base/result.ts';
import { closeOnExec, nonBlocking } from './descriptor-flags.ts';
import { call, errnoFailure, libc } from './libc.ts';
import { addressFamilies, socketAddressOctets, writeSocketAddress } from './socket-address.ts';
import { setMark } from './socket-option.ts';

const typeStream = 1;

/**
 * A TCP connection to `remote` that is being made, with SO_MARK set before the first packet, which node:net has no way to do. What
 * becomes of it is told by the events of the socket. Owned by the caller.
 */
export function openTcpSocket(remote: Endpoint, mark: number | undefined): Result<Socket, Failure> {
  const type = typeStream | nonBlocking | closeOnExec;
  const created = call('socket', addressFamilies[remote.address.family], type, 0);
  if (!created.ok) return created;
  const fd = created.value;
  const started = start(fd, remote, mark);
  if (!started.ok) {
    libc.close(fd);
    return started;
  }
  // While it connects, a write is refused with EAGAIN and comes again when the socket is writable.
  return ok(new Socket({ fd, readable: true, writable: true }));
}

function start(fd: number, remote: Endpoint, mark: number | undefined): Result<unknown, Failure> {
  if (mark !== undefined) {
    const marked = setMark(fd, mark);
    if (!marked.ok) return marked;
  }
  const name = new Uint8Array(socketAddressOctets);
  const length = writeSocketAddress(name, 0, remote);
  if (libc.connect(fd, name, length) === 0) return ok();
  const failed = errnoFailure('connect');
  return failed.detail['errno'] === 'EINPROGRESS' ? ok() : { ok: false, error: failed };
}
