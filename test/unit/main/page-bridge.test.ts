import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { ok } from '../../../core/base/result.ts';
import { connectRpc } from '../../../core/rpc/transport/client.ts';
import { channels } from '../../../main/channels.ts';
import { PageBridge } from '../../../main/page-bridge.ts';
import { bridgeContract } from '../rpc/bridge/contract.ts';
import { temporaryFolder } from '../rpc/transport/harness.ts';
import { FakeContents, FakeElectron } from './fake-electron.ts';

const update = { state: 'off', why: 'package' } as const;
const methods = {
  host: () => ok({ kind: 'electron' as const, version: '1', preferences: [], update }),
  notices: () => ok({ text: 'NOTICES' }),
  'check-for-updates': () => ok({ update }),
  'set-preference': () => ok({ preferences: [] }),
};

function openBridge(socketPath: string) {
  const electron = new FakeElectron('');
  const contents = new FakeContents();
  const bridge = new PageBridge(electron.ipcMain, { reach: () => connectRpc(socketPath), methods });
  const toHost = (message: unknown, event = contents.event()) =>
    electron.ipcMain.emit(channels.toHost, event, message);
  return { electron, contents, bridge, toHost };
}

/* The preload script is nothing but these two functions; the real one is run by `npm run electron:smoke`. */
bridgeContract('electron', (t, socketPath) => {
  const { electron, contents, bridge, toHost } = openBridge(socketPath);
  t.after(() => bridge.close());
  const dropped = Promise.withResolvers<void>();
  contents.reload = () => dropped.resolve();
  return {
    dropped: dropped.promise,
    line: {
      send: toHost,
      listen: (onMessage) => {
        let told = 0;
        contents.on('sent', () => {
          for (; told < contents.sent.length; told++) onMessage(contents.sent[told]?.message ?? '');
        });
        electron.ipcMain.emit(channels.attach, contents.event());
        contents.emit('sent');
      },
    },
  };
});

test('one file listens to pages', () => {
  const main = new URL('../../../main/', import.meta.url).pathname;
  const listening = globSync('*.ts', { cwd: main }).filter((file) =>
    /ipcMain\s*\.\s*\w+\(/.test(readFileSync(`${main}${file}`, 'utf8')),
  );
  assert.deepEqual(listening, ['page-bridge.ts']);
});

test('only the main frame of our own page is listened to, and only texts of a sane length', async (t) => {
  const { contents, bridge, electron, toHost } = openBridge(`${await temporaryFolder(t)}/none.sock`);
  t.after(() => bridge.close());
  for (const frame of [null, { url: 'https://example.org/' }, { url: 'godwit-app://page/index.html' }])
    electron.ipcMain.emit(channels.attach, contents.event(frame));
  contents.mainFrame.url = 'godwit-app://other/index.html';
  electron.ipcMain.emit(channels.attach, contents.event());
  assert.deepEqual(contents.sent, [], 'nobody was attached');
  contents.mainFrame.url = 'godwit-app://page/index.html';
  electron.ipcMain.emit(channels.attach, contents.event());
  const before = contents.sent.length;
  assert.ok(before > 0, 'the page is told how the daemon is reached');
  const call = JSON.stringify({ id: 1, method: 'host', params: {} });
  toHost(call, contents.event({ url: 'godwit-app://page/index.html' }));
  for (const message of [undefined, 7, { id: 1 }, ' '.repeat(limits.rpcFrameOctets + 1)]) toHost(message);
  const answered = () => contents.sent.filter(({ message }) => message.includes('"id":1'));
  toHost(call);
  while (answered().length === 0) await new Promise((resolve) => contents.once('sent', resolve));
  assert.equal(answered().length, 1);
});

test('what is told before there is a page reaches the first one, and a page that goes is let go', async (t) => {
  const { contents, bridge, electron } = openBridge(`${await temporaryFolder(t)}/none.sock`);
  t.after(() => bridge.close());
  bridge.emit('show', { view: 'logs' });
  electron.ipcMain.emit(channels.attach, contents.event());
  const shown = contents.sent.filter(({ message }) => message.includes('"show"'));
  assert.deepEqual(shown, [{ channel: channels.toPage, message: '{"event":"show","data":{"view":"logs"}}' }]);
  contents.destroyed = true;
  contents.emit('destroyed');
  const before = contents.sent.length;
  bridge.emit('show', { view: 'details' });
  assert.equal(contents.sent.length, before);
});
