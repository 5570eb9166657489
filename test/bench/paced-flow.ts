import { connect, createServer, type Socket } from 'node:net';

/**
 * `listen ADDRESS PORT` or `connect ADDRESS PORT`: one TCP connection on which both ends send a little every few
 * milliseconds. Each end prints `at TIME`, in milliseconds of the monotonic clock, whenever something arrives.
 */
const everyMs = 5;
const piece = Buffer.alloc(1_000);

const [role, address = '', port = ''] = process.argv.slice(2);
if (role === 'listen') {
  const server = createServer((socket) => flow(socket));
  server.listen(Number(port), address, () => process.stdout.write('listening\n'));
} else {
  const socket = connect({ host: address, port: Number(port) }, () => flow(socket));
}

function flow(socket: Socket): void {
  socket.setNoDelay(true);
  socket.on('data', () => process.stdout.write(`at ${now()}\n`));
  socket.on('error', (error) => process.stdout.write(`broken ${now()} ${error.message}\n`));
  const timer = setInterval(() => socket.write(piece), everyMs);
  socket.on('close', () => clearInterval(timer));
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
