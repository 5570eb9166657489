/**
 * One end of many TCP connections that carry octets both ends can make by themselves, so that each is compared as it comes.
 *
 *   node flow.ts serve ADDRESS PORT                                     prints `ready`
 *   node flow.ts run ADDRESS PORT FLOWS SECONDS OCTETS-PER-SECOND       prints one JSON object, FlowsReport
 */
import { type Cipheriv, createCipheriv } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';

export interface FlowsReport {
  readonly up: number;
  readonly down: number;
  /** Pieces that differed from what they should be. */
  readonly corrupt: number;
  /** Connections that ended before their time. */
  readonly broken: number;
}

interface Checked {
  readonly octets: number;
  readonly corrupt: number;
}

const headerOctets = 12;
const pieceOctets = 65_536;
const zeros = Buffer.alloc(1_048_576);

const [mode = '', address = '', port = '', ...numbers] = process.argv.slice(2);
/** The octets of flow `index` in one direction. */
function streamOf(index: number, way: 'up' | 'down'): Cipheriv {
  const key = Buffer.alloc(16, `${way} ${index} `);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
}

/** Compares what comes with what should. */
class Check {
  readonly #expected: Cipheriv;
  octets = 0;
  corrupt = 0;

  constructor(expected: Cipheriv) {
    this.#expected = expected;
  }

  take(piece: Buffer): void {
    this.octets += piece.length;
    if (!this.#expected.update(zeros.subarray(0, piece.length)).equals(piece)) this.corrupt++;
  }
}

/** Writes the stream at a rate, as far as the other end takes it, until `until` or the connection's end. */
async function pour(socket: Socket, stream: Cipheriv, rate: number, until: number): Promise<number> {
  const start = performance.now();
  let octets = 0;
  while (performance.now() < until && socket.writable) {
    const ahead = (octets / rate) * 1_000 - (performance.now() - start);
    if (ahead > 0)
      await new Promise((resolve) => setTimeout(resolve, Math.min(ahead, until - performance.now())));
    octets += pieceOctets;
    if (!socket.write(stream.update(zeros.subarray(0, pieceOctets)))) await drained(socket);
  }
  return octets;
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

function serve(): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    let header = Buffer.alloc(0);
    let check: Check | undefined;
    socket.on('data', (piece: Buffer) => {
      if (check !== undefined) return check.take(piece);
      header = Buffer.concat([header, piece]);
      if (header.length < headerOctets) return;
      const [index, rate] = [header.readUInt32LE(0), header.readUInt32LE(4)];
      const isUp = header.readUInt32LE(8) === 1;
      check = new Check(streamOf(index, 'up'));
      if (header.length > headerOctets) check.take(header.subarray(headerOctets));
      if (!isUp) void pour(socket, streamOf(index, 'down'), rate, Number.POSITIVE_INFINITY);
    });
    socket.on('end', () => {
      const { octets = 0, corrupt = 0 } = check ?? {};
      socket.end(JSON.stringify({ octets, corrupt } satisfies Checked));
    });
  });
  server.listen(Number(port), address, () => process.stdout.write('ready\n'));
}

async function run([flows = 2, seconds = 1, rate = 1]: number[]): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  let broken = 0;
  const note = () => {
    broken++;
    return { octets: 0, corrupt: 0 };
  };
  const one = async (index: number): Promise<Checked> => {
    const way = index % 2 === 0 ? up : down;
    return await way(index, Math.ceil(rate / flows), until).catch(note);
  };
  const all = await Promise.all(Array.from({ length: flows }, (_, index) => one(index)));
  const sum = (what: keyof Checked, parity: number) =>
    all.reduce((total, checked, i) => total + (i % 2 === parity ? checked[what] : 0), 0);
  const report: FlowsReport = {
    up: sum('octets', 0),
    down: sum('octets', 1),
    corrupt: sum('corrupt', 0) + sum('corrupt', 1),
    broken,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(0);
}

async function open(index: number, rate: number, isUp: boolean): Promise<Socket> {
  const socket = connect({ host: address, port: Number(port), allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const header = Buffer.alloc(headerOctets);
  header.writeUInt32LE(index, 0);
  header.writeUInt32LE(rate, 4);
  header.writeUInt32LE(isUp ? 1 : 0, 8);
  socket.write(header);
  return socket;
}

async function up(index: number, rate: number, until: number): Promise<Checked> {
  const socket = await open(index, rate, true);
  const answer: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => socket.on('end', resolve).on('error', reject));
  socket.on('data', (piece: Buffer) => answer.push(piece));
  const sent = await pour(socket, streamOf(index, 'up'), rate, until);
  socket.end();
  await ended;
  const checked: Checked = JSON.parse(Buffer.concat(answer).toString());
  if (checked.octets !== sent) throw new Error('octets are missing');
  return checked;
}

async function down(index: number, rate: number, until: number): Promise<Checked> {
  const socket = await open(index, rate, false);
  const check = new Check(streamOf(index, 'down'));
  socket.on('data', (piece: Buffer) => check.take(piece));
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('it was closed')));
    setTimeout(resolve, until - performance.now());
  });
  socket.removeAllListeners('close').destroy();
  return check;
}

if (mode === 'serve') serve();
else if (mode === 'run') await run(numbers.map(Number));
