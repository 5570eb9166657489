import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { groupNumber, peerCredentials } from '../../../../core/platform/linux/peer-credentials.ts';

const folder = mkdtempSync(join(tmpdir(), 'peer-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function listen(where: string | number): Promise<{ server: Server; accepted: Promise<Socket> }> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(where, () => resolve()));
  return { server, accepted };
}

test('the other end of a Unix socket is this process', async () => {
  const path = join(folder, 'own');
  const { server, accepted } = await listen(path);
  const client = connect(path);
  const socket = await accepted;
  const peer = peerCredentials(socket);
  assert.ok(peer.ok);
  assert.equal(peer.value.pid, process.pid);
  assert.equal(peer.value.uid, process.getuid?.());
  assert.equal(peer.value.gids[0], process.getgid?.());
  assert.deepEqual(new Set(peer.value.gids), new Set([process.getgid?.(), ...(process.getgroups?.() ?? [])]));
  client.destroy();
  socket.destroy();
  server.close();
});

const notRoot = process.getuid?.() === 0 ? false : 'only root can become somebody else';

test('another account with its groups', { skip: notRoot }, async () => {
  const path = join(folder, 'other');
  chmodSync(folder, 0o755);
  const { server, accepted } = await listen(path);
  chmodSync(path, 0o666);
  const program = `require('node:net').connect(${JSON.stringify(path)}); setTimeout(() => {}, 60000)`;
  const options = ['--reuid', '65534', '--regid', '65533', '--groups', '4321,4322'];
  const child = spawn('setpriv', [...options, process.execPath, '-e', program], { stdio: 'ignore' });
  const socket = await accepted;
  const peer = peerCredentials(socket);
  assert.ok(peer.ok);
  assert.deepEqual(peer.value, { pid: child.pid, uid: 65534, gids: [65533, 4321, 4322] });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  socket.destroy();
  server.close();
});

test('a closed socket, or one that is not of this machine, has no peer', async () => {
  const { server, accepted } = await listen(0);
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = connect(address.port, '127.0.0.1');
  const socket = await accepted;
  const peer = peerCredentials(socket);
  assert.equal(!peer.ok && peer.error.code, 'system.call');
  socket.destroy();
  const closed = peerCredentials(socket);
  assert.equal(!closed.ok && closed.error.detail['errno'], 'EBADF');
  client.destroy();
  server.close();
});

test('a group file that is odd or missing names no group', () => {
  const groups = join(folder, 'odd');
  writeFileSync(groups, 'a\n:::\nb:x:-1:\nc:x:12x:\nd:x:5:\n');
  assert.equal(groupNumber('a', groups), undefined);
  assert.equal(groupNumber('b', groups), undefined);
  assert.equal(groupNumber('c', groups), undefined);
  assert.equal(groupNumber('d', groups), 5);
  assert.equal(groupNumber('d', join(folder, 'nowhere')), undefined);
});
