import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { closeOnExec, dontWait } from './descriptor-flags.ts';
import { call, libc } from './libc.ts';

const familyUnix = 1;
const typeDatagram = 2;
/** MSG_NOSIGNAL and MSG_DONTWAIT: a manager that does not read holds nobody up. */
const sendFlags = 0x4000 | dontWait;
/** Octets of `sun_path`. */
const pathMax = 108;

/** The service manager that started this process and waits for word of it. */
export interface ServiceManager {
  /** Says e.g. `READY=1`. Fails with `system.call` when the manager cannot be reached. @see sd_notify(3) */
  tell(word: string): Result<unknown, Failure>;
}

/**
 * The manager that the environment names (NOTIFY_SOCKET); `undefined` where none waits. The name is taken out of the environment, so
 * that no child of ours speaks for us.
 */
export function serviceManager(environment: NodeJS.ProcessEnv): ServiceManager | undefined {
  const path = environment['NOTIFY_SOCKET'];
  delete environment['NOTIFY_SOCKET'];
  return path === undefined || path === '' ? undefined : { tell: (word) => tell(path, word) };
}

/** One datagram from a socket of its own: Node has no Unix sockets for datagrams. */
function tell(path: string, word: string): Result<unknown, Failure> {
  const address = unixAddress(path);
  if (address === undefined) return err(failure('system.call', { call: 'sendto', errno: 'EINVAL' }));
  const created = call('socket', familyUnix, typeDatagram | closeOnExec, 0);
  if (!created.ok) return created;
  const octets = Buffer.from(word);
  const sent = call('sendto', created.value, octets, octets.length, sendFlags, address, address.length);
  libc.close(created.value);
  return sent.ok ? ok() : sent;
}

/** A sockaddr_un as long as its name; `@` stands for the zero octet in front of an abstract one. @see unix(7) */
function unixAddress(path: string): Uint8Array | undefined {
  const name = Buffer.from(path);
  const abstract = path.startsWith('@');
  if ((!abstract && !path.startsWith('/')) || name.length > (abstract ? pathMax : pathMax - 1))
    return undefined;
  if (abstract) name[0] = 0;
  const head = new Uint8Array(Uint16Array.of(familyUnix).buffer);
  return Buffer.concat([head, name, new Uint8Array(abstract ? 0 : 1)]);
}
