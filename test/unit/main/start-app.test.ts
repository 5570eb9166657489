import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { err, ok } from '../../../core/base/result.ts';
import { connectRpc } from '../../../core/rpc/transport/client.ts';
import type { ProfileEntry, Snapshot, TunnelSnapshot } from '../../../core/rpc/values.ts';
import { channels } from '../../../main/channels.ts';
import { pageScheme } from '../../../main/page-address.ts';
import { type App, type AppSurroundings, startApp } from '../../../main/start-app.ts';
import { connectedTunnel, snapshotOf } from '../rpc/snapshots.ts';
import { plainHandlers, startServer, temporaryFolder } from '../rpc/transport/harness.ts';
import { FakeElectron, type FakeWindow } from './fake-electron.ts';

const { profile } = connectedTunnel;
const down = (lastFailure?: ReturnType<typeof failure>): TunnelSnapshot => ({
  state: 'disconnected',
  since: 1_760_000_100_000,
  ...(lastFailure === undefined ? {} : { lastFailure }),
});
const lost: TunnelSnapshot = {
  state: 'reconnecting',
  profile,
  since: 1_760_000_200_000,
  cause: failure('peer.silent'),
  tries: 1,
};

interface Stage {
  readonly electron: FakeElectron;
  readonly app: App;
  readonly folder: string;
  readonly disconnects: () => number;
  /** The daemon's new state; resolves when the app has heard it. */
  readonly become: (tunnel: TunnelSnapshot) => Promise<void>;
  readonly window: () => FakeWindow;
  /** Ids of the stored profiles that were connected. */
  readonly connects: readonly string[];
  /** What the daemon lists from now on. */
  readonly profiles: ProfileEntry[];
}

/** The app with a daemon on a real socket. */
async function start(t: TestContext, more: Partial<AppSurroundings> = {}): Promise<Stage> {
  const folder = await temporaryFolder(t);
  const electron = new FakeElectron(folder);
  let current: Snapshot = snapshotOf(down());
  let disconnects = 0;
  const connects: string[] = [];
  const profiles: ProfileEntry[] = [];
  const { server } = await startServer(t, {
    snapshot: () => current,
    handlers: {
      ...plainHandlers,
      disconnect: () => {
        disconnects++;
        return { ok: true, value: { wasUp: true } };
      },
      profiles: () => ok({ profiles: [...profiles] }),
      connect: ({ source }) => {
        if (source.kind === 'stored' && source.id === 'gone')
          return err(failure('profile.missing', { profile: 'gone' }));
        connects.push(source.kind === 'stored' ? source.id : '');
        return ok({ attempt: 1 });
      },
    },
  });
  const app = await startApp(electron.apis, {
    argv: ['godwit'],
    program: '/opt/Godwit "x"/godwit',
    autostartFolder: join(folder, 'autostart'),
    preload: '/preload.cjs',
    icons: '/icons',
    files: new Map([
      ['/index.html', { type: 'text/html', octets: Buffer.from('hello'), gzip: undefined, lasting: false }],
    ]),
    notices: join(folder, 'THIRD-PARTY-NOTICES'),
    reach: () => connectRpc(server.socketPath),
    updates: {
      appImage: undefined,
      resources: folder,
      updater: async () => assert.fail('no package looks for updates'),
      now: () => 1,
    },
    ...more,
  });
  assert.ok(app !== undefined);
  t.after(() => {
    electron.answer = 0;
    electron.app.quit();
  });
  const heard = async (state: string): Promise<void> => {
    while (!electron.trays[0]?.toolTip.includes(state))
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  if (more.reach === undefined) await heard('Not connected');
  return {
    electron,
    app,
    folder,
    connects,
    profiles,
    disconnects: () => disconnects,
    become: async (tunnel) => {
      current = snapshotOf(tunnel);
      server.publish('state', current);
      const words = {
        connected: 'Connected',
        reconnecting: 'Reconnecting',
        disconnected: 'Not connected',
      } as const;
      await heard(tunnel.state in words ? words[tunnel.state as keyof typeof words] : 'Connecting');
    },
    window: () => {
      const window = electron.windows.at(-1);
      assert.ok(window !== undefined, 'there is a window');
      return window;
    },
  };
}

test('the window is locked down: sandbox, isolation, no way out of the page', async (t) => {
  const { electron, window } = await start(t);
  const { webPreferences } = window().options;
  assert.equal(webPreferences?.sandbox, true);
  assert.equal(webPreferences?.contextIsolation, true);
  assert.equal(webPreferences?.nodeIntegration, false);
  assert.equal(webPreferences?.webviewTag, false);
  assert.deepEqual(window().loaded, [`${pageScheme}://page/index.html`]);
  const { webContents } = window();
  assert.deepEqual(webContents.windowOpen?.(), { action: 'deny' });
  for (const event of ['will-navigate', 'will-attach-webview'] as const) {
    let prevented = 0;
    webContents.emit(event, { url: 'https://example.org/', preventDefault: () => prevented++ });
    assert.equal(prevented, 1, event);
  }
  const granted: boolean[] = [];
  electron.permissions.request?.({}, 'media', (allowed) => granted.push(allowed));
  assert.deepEqual(granted, [false]);
  assert.equal(electron.permissions.check?.(), false);
  assert.equal(electron.permissions.device?.(), false);
  const verdicts: boolean[] = [];
  for (const url of ['https://example.org/', 'file:///etc/passwd', `${pageScheme}://page/assets/x.js`])
    electron.permissions.load?.({ url }, ({ cancel }) => verdicts.push(cancel));
  assert.deepEqual(verdicts, [true, true, false]);
});

test('the page is served from its files alone, under a policy that lets it load nothing else', async (t) => {
  const { electron } = await start(t);
  const handle = electron.handlers.get(pageScheme);
  const get = async (url: string, method = 'GET') => await handle?.(new Request(url, { method }));
  const page = await get(`${pageScheme}://page/index.html`);
  assert.equal(await page?.text(), 'hello');
  assert.match(page?.headers.get('Content-Security-Policy') ?? '', /default-src 'none'.*connect-src 'none'/);
  assert.equal((await get(`${pageScheme}://page/../../etc/passwd`))?.status, 404);
  assert.equal((await get(`${pageScheme}://other/index.html`))?.status, 403);
  assert.equal((await get(`${pageScheme}://page/index.html`, 'POST'))?.status, 403);
});

test('the tray follows the state in icon and words, and offers what can be done', async (t) => {
  const { electron, become, disconnects } = await start(t);
  const tray = electron.trays[0];
  assert.ok(tray !== undefined);
  assert.equal(tray.image, '/icons/tray-disconnected.png');
  await become(connectedTunnel);
  assert.equal(tray.image, '/icons/tray-connected.png');
  assert.equal(tray.toolTip, 'Godwit: Connected: Office');
  tray.menu.find(({ label }) => label === 'Disconnect')?.click?.(...([] as never as [never, never, never]));
  while (disconnects() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await become(lost);
  assert.equal(tray.image, '/icons/tray-reconnecting.png');
});

const entry = (id: string, name: string): ProfileEntry => ({
  id,
  file: `${id}.json`,
  name,
  gateway: 'g',
  failures: [],
});

/** The page of the app, as far as it matters here: it connects what the host wants, once it has a line to the daemon. */
function pageOf(electron: FakeElectron, window: FakeWindow): void {
  const { webContents } = window;
  let heard = 0;
  let calls = 0;
  let up = false;
  const wanted: string[] = [];
  webContents.on('sent', () => {
    for (const { message } of webContents.sent.slice(heard)) {
      heard++;
      const { event, data } = JSON.parse(message);
      if (event === 'link') up = data.state === 'up';
      if (event === 'connect-wanted') wanted.push(data.id);
    }
    if (!up) return;
    for (const id of wanted.splice(0)) {
      const params = { source: { kind: 'stored', id }, canAnswer: true };
      const message = JSON.stringify({ id: ++calls, method: 'connect', params });
      setImmediate(() => electron.ipcMain.emit(channels.toHost, webContents.event(), message));
    }
  });
  electron.ipcMain.emit(channels.attach, webContents.event());
}

test('the tray connects the only profile, the last one, or the one that is chosen, without a window', async (t) => {
  const { electron, become, profiles, connects, window, folder } = await start(t, {
    argv: ['godwit', '--hidden'],
  });
  const tray = electron.trays[0];
  assert.ok(tray !== undefined);
  const labels = () => tray.menu.map(({ label }) => label).filter((label) => label?.includes('onnect'));
  const click = (label: string, menu: typeof tray.menu = tray.menu) =>
    menu.find((item) => item.label === label)?.click?.(...([] as never as [never, never, never]));
  const connected = async (count: number) => {
    while (connects.length < count) await settled();
  };
  assert.deepEqual(labels(), ['Not connected', 'Connect …'], 'without a profile the window has to help');
  profiles.push(entry('office', 'Büro & Söhne'));
  // The list is learned when the state changes the next time, or when the page changes it.
  await become(connectedTunnel);
  await become(down());
  while (!labels().includes('Connect to Büro && Söhne')) await settled();
  click('Connect to Büro && Söhne');
  pageOf(electron, window());
  await connected(1);
  assert.deepEqual([connects, window().visible], [['office'], false]);
  profiles.push(entry('home', 'Home'), { ...entry('bad', 'Bad'), failures: [failure('profile.invalid')] });
  await become({ ...connectedTunnel, profile: { id: 'home', name: 'Home', gateway: 'g' } });
  await become(down());
  while (!labels().includes('Connect to Home')) await settled();
  assert.equal(readFileSync(join(folder, 'last-profile.json'), 'utf8').includes('"home"'), true);
  const { submenu } = tray.menu.find(({ label }) => label === 'Connect to') ?? {};
  assert.ok(Array.isArray(submenu));
  assert.deepEqual(
    submenu.map(({ label }) => label),
    ['Büro && Söhne', 'Home'],
  );
  click('Connect to Home');
  await connected(2);
  click('Büro && Söhne', submenu);
  await connected(3);
  assert.deepEqual(connects, ['office', 'home', 'office']);
  assert.equal(window().visible, false, 'nothing had to be asked');
});

test('the tray shows the window when it cannot connect, or when somebody has to be asked', async (t) => {
  const { electron, profiles, window, become } = await start(t, { argv: ['godwit', '--hidden'] });
  profiles.push(entry('gone', 'Gone'));
  await become(connectedTunnel);
  await become(down());
  const item = () => electron.trays[0]?.menu.find(({ label }) => label === 'Connect to Gone');
  while (item() === undefined) await settled();
  item()?.click?.(...([] as never as [never, never, never]));
  assert.equal(window().visible, false);
  pageOf(electron, window());
  while (!window().visible) await settled();
});

test('a failure that nobody saw calls for the user until the window was shown', async (t) => {
  const { electron, become, app, window } = await start(t);
  window().close();
  await become(connectedTunnel);
  await become(down(failure('auth.password', { side: 'local' })));
  assert.equal(electron.trays[0]?.image, '/icons/tray-needs-you.png');
  app.show();
  assert.equal(electron.trays[0]?.image, '/icons/tray-disconnected.png');
});

test('each change is notified once, in words, and not to someone who is looking', async (t) => {
  const { electron, become, window } = await start(t);
  const titles = () => electron.notifications.map(({ options }) => options.title);
  await become(connectedTunnel);
  assert.deepEqual(titles(), [], 'the window is open');
  window().close();
  await become(lost);
  await become(lost);
  await become(connectedTunnel);
  await become(down(failure('peer.silent')));
  assert.deepEqual(titles(), [
    'The connection to Office is lost. Trying again.',
    'The connection to Office is back',
    'Godwit could not connect',
  ]);
  electron.notifications[0]?.emit('click');
  assert.equal(window().visible, true);
});

test('closing hides, quitting asks while a connection stands: stay, keep it, or end it', async (t) => {
  const { electron, become, window, disconnects } = await start(t);
  window().close();
  assert.deepEqual([window().visible, window().destroyed], [false, false]);
  await become(connectedTunnel);
  electron.answer = 2;
  electron.app.quit();
  await settled();
  assert.deepEqual([electron.app.quits, electron.questions], [0, ['The connection to Office is up.']]);
  electron.answer = 1;
  electron.app.quit();
  while (electron.app.quits === 0) await settled();
  assert.equal(disconnects(), 1);
  assert.equal(electron.trays[0]?.destroyed, true);
});

test('with nothing up, quitting asks nothing, and the window is where it was next time', async (t) => {
  const { electron, window, folder } = await start(t);
  window().bounds = { x: 30, y: 40, width: 900, height: 650 };
  electron.app.quit();
  window().close();
  assert.deepEqual([electron.app.quits, electron.questions, window().destroyed], [1, [], true]);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'window.json'), 'utf8')), {
    ...window().bounds,
    maximized: false,
  });
});

test('a second start shows the first, with what was opened; --hidden shows nothing', async (t) => {
  const { electron, folder } = await start(t, { argv: ['godwit', '--hidden'] });
  assert.equal(electron.windows.length, 0);
  const file = join(folder, 'office.sswan');
  writeFileSync(file, '{}');
  electron.app.emit('second-instance', {}, ['godwit', file]);
  const contents = electron.windows[0]?.webContents;
  assert.ok(contents !== undefined);
  electron.ipcMain.emit(channels.attach, contents.event());
  const offered = contents.sent
    .map(({ message }) => message)
    .find((message) => message.includes('import-offered'));
  assert.equal(offered, '{"event":"import-offered","data":{"name":"office.sswan","base64":"e30="}}');
});

test('the second of two programs ends at once', async () => {
  const electron = new FakeElectron('');
  electron.app.first = false;
  assert.equal(await startApp(electron.apis, {} as never), undefined);
  assert.equal(electron.app.quits, 1);
  assert.deepEqual([electron.windows, electron.trays], [[], []]);
});

test('without a daemon the tray says so, and the page can ask for it to be tried again', async (t) => {
  const reach = async () => err(failure('rpc.unavailable', { socket: '/run/none' }));
  const { electron } = await start(t, { reach });
  while (electron.trays[0]?.image !== '/icons/tray-unreachable.png') await settled();
  assert.equal(electron.trays[0]?.toolTip, 'Godwit: The Godwit service does not answer');
});

test('the menu goes to each view and quits, in the words of the desktop, and opens no tools', async (t) => {
  const { electron } = await start(t);
  type Item = (typeof electron.applicationMenu)[number];
  const itemsOf = (item: Item): Item[] => [
    item,
    ...[item.submenu ?? []].flat().flatMap((each) => itemsOf(each as Item)),
  ];
  const items = electron.applicationMenu.flatMap(itemsOf);
  const keys = items.flatMap(({ accelerator }) => accelerator ?? []);
  assert.deepEqual(keys, ['CmdOrCtrl+Q', ...[1, 2, 3, 4, 5].map((number) => `CmdOrCtrl+${number}`)]);
  const roles = items.flatMap(({ role }) => role ?? []);
  assert.ok(roles.includes('paste') && roles.includes('zoomIn'));
  assert.deepEqual(
    roles.filter((role) => /dev|reload/i.test(role)),
    [],
  );
  for (const { label, type } of items) assert.ok(label !== undefined || type === 'separator');
  assert.equal(electron.app.quits, 0);
  items
    .find(({ accelerator }) => accelerator === 'CmdOrCtrl+Q')
    ?.click?.(...([] as never as [never, never, never]));
  assert.equal(electron.app.quits, 1);
});

test('the switches are kept, autostart with the desktop, in German for a German desktop', async (t) => {
  const { electron, folder, window } = await start(t);
  const call = caller(electron, window);
  const entry = join(folder, 'autostart/godwit.desktop');
  assert.match(await call(1, 'host', {}), /"kind":"electron","version":"9.9.9"/);
  assert.match(
    await call(2, 'set-preference', { name: 'autostart', value: true }),
    /"name":"autostart","value":true/,
  );
  assert.match(readFileSync(entry, 'utf8'), /^Exec="\/opt\/Godwit \\"x\\"\/godwit" --hidden$/m);
  await call(3, 'set-preference', { name: 'autostart', value: false });
  assert.equal(existsSync(entry), false);
  await call(4, 'set-preference', { name: 'keep-in-tray', value: false });
  window().close();
  assert.equal(window().destroyed, true);
  assert.equal(JSON.parse(readFileSync(join(folder, 'preferences.json'), 'utf8'))['keep-in-tray'], false);
});

test('the page is given the licences of what is packed, and told where there are none', async (t) => {
  const { electron, folder, window } = await start(t);
  const call = caller(electron, window);
  assert.match(await call(1, 'notices', {}), /"code":"notices.missing"/);
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES'), 'asn1js 4.0.0\n');
  assert.equal(await call(2, 'notices', {}), '{"id":2,"ok":true,"result":{"text":"asn1js 4.0.0\\n"}}');
});

/** What the page in the window does when it calls the host: gives the whole answer. */
function caller(electron: FakeElectron, window: Stage['window']) {
  const { webContents } = window();
  electron.ipcMain.emit(channels.attach, webContents.event());
  return async (id: number, method: string, params: unknown): Promise<string> => {
    electron.ipcMain.emit(channels.toHost, webContents.event(), JSON.stringify({ id, method, params }));
    for (;;) {
      const answer = webContents.sent.find(({ message }) => message.startsWith(`{"id":${id},`));
      if (answer !== undefined) return answer.message;
      await settled();
    }
  };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
