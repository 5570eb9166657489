import { createSocket } from 'node:dgram';

/**
 * A name server that knows some IPv4 addresses and says what it is asked.
 *
 *   node dns-server.ts ADDRESS NAME=ADDRESS …      prints `ready`, then `asked NAME` for each question
 */
const [address = '', ...pairs] = process.argv.slice(2);
const known = new Map(pairs.map((pair) => pair.split('=') as [string, string]));

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.on('message', (query, { address: to, port }) => {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const question = query.subarray(12, at + 5);
  const name = labels.join('.').toLowerCase();
  process.stdout.write(`asked ${name}\n`);
  const found = known.get(name);
  const answered = found !== undefined && type === 1;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // A response, with recursion; NXDOMAIN for a name that is not known.
  header.writeUInt16BE(0x8180 | (found === undefined ? 3 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answered ? 1 : 0, 6);
  const record = Buffer.from([
    0xc0,
    12,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    4,
    ...(found ?? '').split('.').map(Number),
  ]);
  socket.send(Buffer.concat(answered ? [header, question, record] : [header, question]), port, to);
});
socket.bind(53, address, () => process.stdout.write('ready\n'));
