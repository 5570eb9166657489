import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';

/**
 * Moves octets over one TCP connection, and says their hash at both ends.
 *
 *   node file-transfer.ts serve ADDRESS PORT OCTETS      prints `ready`, then the hash of what it served
 *   node file-transfer.ts fetch ADDRESS PORT             prints one JSON object {octets, seconds, sha256}
 */
const [mode = '', address = '', port = '', octets = '0'] = process.argv.slice(2);

if (mode === 'serve') serve(Number(octets));
else fetchAll();

function serve(length: number): void {
  const file = randomBytes(length);
  const server = createServer((socket) => {
    server.close();
    socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
    socket.end(file);
  });
  server.listen(Number(port), address, () => {
    process.stdout.write(`ready ${createHash('sha256').update(file).digest('hex')}\n`);
  });
}

function fetchAll(): void {
  const chunks: Buffer[] = [];
  const start = performance.now();
  const socket = connect(Number(port), address);
  socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
  socket.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
  socket.on('end', () => {
    const seconds = (performance.now() - start) / 1000;
    const file = Buffer.concat(chunks);
    const sha256 = createHash('sha256').update(file).digest('hex');
    process.stdout.write(`${JSON.stringify({ octets: file.length, seconds, sha256 })}\n`);
  });
}
