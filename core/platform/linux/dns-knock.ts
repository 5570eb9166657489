import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { formatIpAddress, type IpAddress } from '../../base/address.ts';

const dnsPort = 53;

/**
 * Asks a name server who serves the root of all names, and does not wait for the answer: that it comes in is what matters. What cannot
 * be sent is lost, as on the way.
 */
export function knockAtNameServer(server: IpAddress): void {
  const socket = createSocket(server.family === 4 ? 'udp4' : 'udp6');
  const close = (): void => void socket.close();
  socket.on('error', close);
  socket.send(rootQuestion(), dnsPort, formatIpAddress(server), close);
}

/** NS of ".", recursion desired. @rfc 1035 4.1 */
function rootQuestion(): Uint8Array {
  const header = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const question = [0, 0, 2, 0, 1];
  return Uint8Array.of(...randomBytes(2), ...header, ...question);
}
