import { createSocket, type Socket } from 'node:dgram';
import { type Endpoint, formatIpAddress, type IpAddress } from '../../base/address.ts';
import { type Failure, failure } from '../../base/errors.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { PathCandidate } from '../../tunnel/paths/path.ts';
import { errnoOf } from '../errno.ts';
import { sourceTowards } from './source-address.ts';
import { openUdpSocket } from './udp-socket.ts';

/** Sockets for a few IKE messages each, beside the data plane's: they ask an address whether a gateway is there. */
export class ScoutSockets {
  readonly #mark: number;
  readonly #sockets = new Map<number, Socket>();

  /** `mark`: of the packets, which keeps them out of the tunnel. */
  constructor(mark: number) {
    this.#mark = mark;
  }

  /** By `via`, or as the machine prefers. Fails with `system.network` when no way leads to `remote`, and as `openUdpSocket` does. */
  async open(
    id: number,
    remote: IpAddress,
    onDatagram: (octets: Uint8Array) => void,
    via?: PathCandidate,
  ): Promise<Result<Endpoint, Failure>> {
    const source = via === undefined ? sourceTowards(remote, this.#mark) : ok(via);
    if (!source.ok) return source;
    const way = via === undefined ? {} : { address: via.local, device: via.interfaceName };
    const opened = openUdpSocket({ family: remote.family, mark: this.#mark, offload: false, ...way });
    if (!opened.ok) return opened;
    const { fd, local } = opened.value;
    const socket = createSocket(remote.family === 4 ? 'udp4' : 'udp6');
    socket.on('message', (octets) => onDatagram(octets));
    const bound = await bind(socket, fd);
    if (!bound.ok) return bound;
    this.#sockets.set(id, socket);
    return ok({ address: source.value.local, port: local.port });
  }

  /** What the network refuses is lost like a datagram on the way. */
  send(id: number, octets: Uint8Array, to: Endpoint): void {
    this.#sockets.get(id)?.send(octets, to.port, formatIpAddress(to.address));
  }

  close(id: number): void {
    const socket = this.#sockets.get(id);
    this.#sockets.delete(id);
    socket?.removeAllListeners('message');
    socket?.close();
  }
}

async function bind(socket: Socket, fd: number): Promise<Result<undefined, Failure>> {
  const bound = Promise.withResolvers<Result<undefined, Failure>>();
  const fail = (cause: Error): void =>
    bound.resolve(err(failure('system.call', { call: 'bind', errno: errnoOf(cause) })));
  socket.on('error', fail);
  socket.bind({ fd }, () => bound.resolve(ok()));
  return await bound.promise;
}
