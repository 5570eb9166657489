import { createSocket, type Socket } from 'node:dgram';

/**
 * An address translator in user space, for machines without nftables. Whoever sends to a relayed port here gets a
 * socket of its own towards the target, from another port, just as a NAT router would give.
 *
 *   node udp-relay.ts LISTEN-ADDRESS TARGET-ADDRESS PORT…
 *
 * Prints `ready` when all ports are open.
 */
const [listen = '', target = '', ...ports] = process.argv.slice(2);
const family = listen.includes(':') ? 'udp6' : 'udp4';
/** A relay is used by one test for minutes: mappings never expire, and their number only bounds a runaway. */
const mappingsAtMost = 256;

async function relay(port: number): Promise<void> {
  const mappings = new Map<string, Promise<Socket>>();
  const inner = await open(listen, port);
  inner.on('message', (octets, from) => {
    const key = `${from.address} ${from.port}`;
    let mapping = mappings.get(key);
    if (mapping === undefined) {
      if (mappings.size >= mappingsAtMost) return;
      mapping = open('', 0);
      mappings.set(key, mapping);
      void mapping.then((outer) =>
        outer.on('message', (answer, { address, port: source }) => {
          if (address === target && source === port) inner.send(answer, from.port, from.address);
        }),
      );
    }
    void mapping.then((outer) => outer.send(octets, port, target));
  });
}

/** An error on a datagram socket (say, an unreachable port) is what a router would drop too. */
async function open(address: string, port: number): Promise<Socket> {
  const socket = createSocket({ type: family, recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address === '' ? undefined : address, resolve);
  });
  socket.removeAllListeners('error').on('error', () => {});
  return socket;
}

await Promise.all(ports.map((port) => relay(Number(port))));
process.stdout.write('ready\n');
