import type { Failure } from '../../base/errors.ts';
import type { Result } from '../../base/result.ts';
import { call } from './libc.ts';

/** SOL_SOCKET. */
export const levelSocket = 1;

const optionMark = 36;

/** Sets an option that is an int. Fails as `call`. */
export function setNumber(fd: number, level: number, name: number, value: number): Result<number, Failure> {
  return call('setsockopt', fd, level, name, new Uint8Array(Int32Array.of(value).buffer), 4);
}

/** Marks what the socket sends (SO_MARK), so that rules can tell it apart. Needs CAP_NET_ADMIN. Fails as `call`. */
export function setMark(fd: number, mark: number): Result<number, Failure> {
  return setNumber(fd, levelSocket, optionMark, mark);
}
