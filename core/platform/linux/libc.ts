import koffi from 'koffi';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';

/**
 * The C library, bound by FFI. `koffi.load(null)` is the process itself, which has libc mapped.
 *
 * Buffers are passed as they are, and the callee sees their memory. Variadic functions (open, ioctl) are declared
 * with fixed arguments: on the Linux ABIs of x64 and arm64 integers and pointers go the same way.
 */
const library = koffi.load(null);

/** Memory that a system call reads or writes; `null` is the null pointer. */
export type Memory = Uint8Array | null;

/** System calls of the control plane. Each answers as in C: negative means failure, with the reason in errno. */
export interface Libc {
  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  read(fd: number, into: Memory, length: number): number;
  write(fd: number, from: Memory, length: number): number;
  ioctl(fd: number, request: number, argument: Memory): number;
  /** `ioctl` whose argument is a number, e.g. TUNSETOFFLOAD. */
  ioctlValue(fd: number, request: number, argument: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  socket(domain: number, type: number, protocol: number): number;
  /** `fds` takes two ints. */
  socketpair(domain: number, type: number, protocol: number, fds: Memory): number;
  bind(fd: number, address: Memory, length: number): number;
  connect(fd: number, address: Memory, length: number): number;
  getsockname(fd: number, address: Memory, length: Memory): number;
  setsockopt(fd: number, level: number, name: number, value: Memory, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Memory, length: Memory): number;
  sendto(fd: number, from: Memory, length: number, flags: number, to: Memory, toLength: number): number;
  recvfrom(fd: number, into: Memory, length: number, flags: number, from: Memory, fromLength: Memory): number;
  /** `fds` is an array of struct pollfd (8 octets each). */
  poll(fds: Memory, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  timerfd_create(clock: number, flags: number): number;
  /** `value` is a struct itimerspec (32 octets). */
  timerfd_settime(fd: number, flags: number, value: Memory, old: Memory): number;
  if_nametoindex(name: string): number;
}

export const libc: Libc = {
  open: library.func('int open(const char *path, int flags, uint32_t mode)'),
  close: library.func('int close(int fd)'),
  read: library.func('intptr_t read(int fd, void *into, size_t length)'),
  write: library.func('intptr_t write(int fd, const void *from, size_t length)'),
  ioctl: library.func('int ioctl(int fd, unsigned long request, void *argument)'),
  ioctlValue: library.func('ioctl', 'int', ['int', 'unsigned long', 'unsigned long']),
  fcntl: library.func('int fcntl(int fd, int command, long argument)'),
  socket: library.func('int socket(int domain, int type, int protocol)'),
  socketpair: library.func('int socketpair(int domain, int type, int protocol, void *fds)'),
  bind: library.func('int bind(int fd, const void *address, uint32_t length)'),
  connect: library.func('int connect(int fd, const void *address, uint32_t length)'),
  getsockname: library.func('int getsockname(int fd, void *address, void *length)'),
  setsockopt: library.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  getsockopt: library.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
  sendto: library.func(
    'intptr_t sendto(int fd, const void *from, size_t length, int flags, const void *to, uint32_t toLength)',
  ),
  recvfrom: library.func(
    'intptr_t recvfrom(int fd, void *into, size_t length, int flags, void *from, void *fromLength)',
  ),
  poll: library.func('int poll(void *fds, unsigned long count, int timeoutMs)'),
  eventfd: library.func('int eventfd(uint32_t initial, int flags)'),
  timerfd_create: library.func('int timerfd_create(int clock, int flags)'),
  timerfd_settime: library.func('int timerfd_settime(int fd, int flags, const void *value, void *old)'),
  if_nametoindex: library.func('uint32_t if_nametoindex(const char *name)'),
};

/**
 * The calls of the packet path. Memory is given as an address (`addressOf`), so that a call converts only numbers
 * and allocates nothing.
 */
export interface PacketCalls {
  read(fd: number, into: number, length: number): number;
  write(fd: number, from: number, length: number): number;
  writev(fd: number, vector: number, count: number): number;
  sendmsg(fd: number, message: number, flags: number): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number;
  poll(fds: number, count: number, timeoutMs: number): number;
}

const poll = library.func('poll', 'int', ['uintptr_t', 'unsigned long', 'int']);

/**
 * poll(2) on a thread of libuv's pool, while the event loop goes on: its answer, or -1. The process stays until it returns, and
 * the array must live so long.
 */
export function pollAside(fds: number, count: number, timeoutMs: number): Promise<number> {
  return new Promise((resolve) => {
    poll.async(fds, count, timeoutMs, (error: unknown, ready: unknown) => {
      resolve(error === null && typeof ready === 'number' ? ready : -1);
    });
  });
}

export const packetCalls: PacketCalls = {
  read: library.func('read', 'intptr_t', ['int', 'uintptr_t', 'size_t']),
  write: library.func('write', 'intptr_t', ['int', 'uintptr_t', 'size_t']),
  writev: library.func('writev', 'intptr_t', ['int', 'uintptr_t', 'int']),
  sendmsg: library.func('sendmsg', 'intptr_t', ['int', 'uintptr_t', 'int']),
  sendmmsg: library.func('sendmmsg', 'int', ['int', 'uintptr_t', 'uint32_t', 'int']),
  recvmmsg: library.func('recvmmsg', 'int', ['int', 'uintptr_t', 'uint32_t', 'int', 'uintptr_t']),
  poll,
};

/**
 * The address of a buffer's first octet, as a number (user addresses have at most 47 bits). It stays right as long
 * as the buffer lives and its ArrayBuffer was allocated on its own: `new Uint8Array(n)` below 65 octets may move.
 *
 * @throws RangeError for a buffer that may move.
 */
export function addressOf(octets: Uint8Array): number {
  if (octets.buffer.byteLength <= 64)
    throw new RangeError('a small buffer may move; take at least 65 octets');
  return Number(koffi.address(octets));
}

/**
 * Calls libc, turning a negative result into a Failure: `system.permission` for EPERM and EACCES, else `system.call`.
 * The detail holds the call and the errno's name.
 */
export function call<Name extends keyof Libc>(
  name: Name,
  ...args: Parameters<Libc[Name]>
): Result<number, Failure> {
  const run = libc[name] as (...all: Parameters<Libc[Name]>) => number;
  const result = run(...args);
  return result < 0 ? err(errnoFailure(name === 'ioctlValue' ? 'ioctl' : name)) : ok(result);
}

/** The Failure for the errno that the last call of this thread left. */
export function errnoFailure(name: string, errno: number = koffi.errno()): Failure {
  const denied = errno === errnoNumber('EPERM') || errno === errnoNumber('EACCES');
  return failure(denied ? 'system.permission' : 'system.call', { call: name, errno: errnoName(errno) });
}

/** The errno that the last call of this thread left. Only meaningful after a failed one. */
export function lastErrno(): number {
  return koffi.errno();
}

/** The symbolic name, e.g. `ENODEV` for 19; the number itself for one without a name. */
export function errnoName(errno: number): string {
  return errnoNames.get(errno) ?? String(errno);
}

/** The number of an errno by its name, e.g. 11 for `EAGAIN`; -1 where the system has no such error. */
export function errnoNumber(name: string): number {
  return koffi.os.errno[name] ?? -1;
}

const errnoNames = new Map<number, string>();
for (const [name, number] of Object.entries(koffi.os.errno)) {
  // EWOULDBLOCK and friends are second names; the first one listed is the usual one.
  if (!errnoNames.has(number)) errnoNames.set(number, name);
}
