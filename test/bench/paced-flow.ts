import { connect, createServer, type Socket } from 'node:net';

/**
 * `listen ADDRESS PORT` or `connect ADDRESS PORT`: one TCP connection on which both ends send a little every few
 * milliseconds. Each end prints `gap START LENGTH`, in milliseconds of the monotonic clock, for each time in which nothing arrived.
 */
const everyMs = 5;
const reportedMs = 30;
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
  let last = now();
  let started = false;
  socket.on('data', () => {
    const at = now();
    if (started && at - last >= reportedMs) process.stdout.write(`gap ${last} ${at - last}\n`);
    if (!started) process.stdout.write('flowing\n');
    started = true;
    last = at;
  });
  socket.on('error', (error) => process.stdout.write(`broken ${now()} ${error.message}\n`));
  const timer = setInterval(() => socket.write(piece), everyMs);
  socket.on('close', () => clearInterval(timer));
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
