import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, parseIpAddress } from '../../../core/base/address.ts';
import { failure } from '../../../core/base/errors.ts';
import { silent } from '../../../core/base/log.ts';
import { ok } from '../../../core/base/result.ts';
import { instant } from '../../../core/base/time.ts';
import { Session } from '../../../core/daemon/session.ts';
import type { SessionDeeds, TransportEvents } from '../../../core/daemon/session-deeds.ts';
import type { ChildSaParameters, IkeInput, IkeOutput } from '../../../core/ike/io.ts';
import type { TunnelState } from '../../../core/tunnel/io.ts';
import { nodePacketCipher } from '../../support/crypto/node-packet-cipher.ts';

const gateway = parseIpAddress('198.51.100.1');
assert.ok(gateway.ok);
const address = gateway.value;
const local: Endpoint = { address, port: 1 };

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A machine on which every deed is a line in a diary, and opening the transport can be held back. */
class Diary implements SessionDeeds {
  readonly lines: string[] = [];
  events: TransportEvents | undefined;
  opening: Promise<void> = Promise.resolve();
  now = () => instant(0);
  setAlarm = () => undefined;
  lastTraffic = () => undefined;
  resolve = async () => ok([address]);
  async openTransport(_: unknown, events: TransportEvents) {
    this.lines.push('opening');
    await this.opening;
    this.events = events;
    this.lines.push('opened');
    return { result: ok(local) };
  }
  findPaths = () => [];
  openPath = async () => ok(local);
  usePath = () => undefined;
  closePath = () => undefined;
  setMtu = () => undefined;
  setKeepalive = () => undefined;
  recallNetwork = () => ({ network: undefined, lore: {} });
  rememberNetwork = () => undefined;
  lastSent = () => undefined;
  lastHeardInSilence = () => undefined;
  transmit = () => void this.lines.push('transmit');
  async installChild(child: ChildSaParameters, _: unknown, { standby }: { standby: boolean }) {
    this.lines.push(`installing ${child.inbound.spi}${standby ? ' in standby' : ''}`);
    await turn();
    this.lines.push('installed');
    return ok();
  }
  async switchOutbound() {
    await turn();
    this.lines.push('switched');
  }
  async removeChild() {
    await turn();
    this.lines.push('removed');
  }
  retireChild = async () => undefined;
  async sleepChild() {
    await turn();
    this.lines.push('asleep');
  }
  childActivity = () => new Map();
  openScout = async () => ok(local);
  sendScout = () => undefined;
  closeScout = () => undefined;
  knock = () => undefined;
  applyNetwork = async () => ok();
  async undoNetwork() {
    this.lines.push('undone');
  }
  async closeTransport() {
    this.lines.push('closed');
  }
  answer = async () => ({ kind: 'refused', error: failure('secret.missing') }) as const;
}

function session(diary: SessionDeeds, says: (input: IkeInput) => IkeOutput[]) {
  const states: string[] = [];
  const onState = (state: TunnelState) =>
    states.push(state.kind === 'disconnected' ? `disconnected ${state.lastFailure?.code}` : state.kind);
  const queue: IkeOutput[] = [];
  const engine = {
    handle: (input: IkeInput) => void queue.push(...says(input)),
    poll: () => queue.shift(),
    nextWakeup: () => undefined,
    drops: {},
    owns: () => true,
  };
  const made = new Session(
    {
      gateways: ['vpn.example'],
      ikePort: 500,
      natTraversalPort: 4500,
      network: {
        device: 'godwit0',
        mtu: 1400,
        dns: { use: true, servers: undefined, domains: [] },
        onlyGatewaySubnets: false,
      },
      random: { octets: (count) => new Uint8Array(count) },
      createEngine: () => engine,
    },
    diary,
    silent,
    onState,
  );
  return { made, states };
}

const closes =
  (error: ReturnType<typeof failure>) =>
  (input: IkeInput): IkeOutput[] =>
    input.kind === 'command' ? [] : [{ kind: 'closed', error }];

test('a datagram of the transport reaches the engine, and its end cleans up in order', async () => {
  const diary = new Diary();
  const { made, states } = session(diary, closes(failure('auth.refused')));
  made.connect();
  await new Promise((resolve) => setImmediate(resolve));
  diary.events?.onIke(new Uint8Array(1), local, false, 0);
  await made.finished;
  assert.deepEqual(diary.lines, ['opening', 'opened', 'undone', 'closed']);
  assert.equal(states.at(-1), 'disconnected auth.refused');
});

test('a disconnect that overtakes the opening of the transport still closes it afterwards', async () => {
  const diary = new Diary();
  let open: () => void = () => undefined;
  diary.opening = new Promise((resolve) => {
    open = resolve;
  });
  const { made, states } = session(diary, () => []);
  made.connect();
  await new Promise((resolve) => setImmediate(resolve));
  made.disconnect();
  open();
  await made.finished;
  assert.deepEqual(diary.lines, ['opening', 'opened', 'closed']);
  assert.equal(states.at(-1), 'disconnected tunnel.cancelled');
});

test('a deed that throws ends the connection with a named failure', async () => {
  const diary = new Diary();
  diary.openTransport = () => Promise.reject(new Error('koffi went away'));
  const { made, states } = session(diary, () => []);
  made.connect();
  await made.finished;
  assert.equal(states.at(-1), 'disconnected misuse');
  assert.ok(diary.lines.includes('closed'));
});

function childWith(spi: number): ChildSaParameters {
  const cipher = nodePacketCipher(20, 256, 0);
  assert.ok(cipher);
  const key = { encryption: new Uint8Array(32), salt: new Uint8Array(4), integrity: new Uint8Array(0) };
  const sa = { cipher, key };
  return {
    inbound: { spi, ...sa },
    outbound: { spi: spi + 1, ...sa },
    selectors: { local: [], remote: [] },
  };
}

test('a message waits for the changes of the data plane that came before it', async () => {
  const diary = new Diary();
  const answer: IkeOutput = { kind: 'transmit', octets: new Uint8Array(1), via: 'nat-traversal' };
  const { made } = session(diary, (input) =>
    input.kind !== 'datagram'
      ? []
      : [
          answer,
          { kind: 'child-install', child: childWith(7), outbound: 'standby' },
          answer,
          { kind: 'child-switch-outbound', inboundSpi: 7 },
          { kind: 'child-remove', inboundSpi: 5 },
          answer,
          { kind: 'closed', error: failure('peer.closed') },
        ],
  );
  made.connect();
  await turn();
  diary.lines.length = 0;
  diary.events?.onIke(new Uint8Array(1), local, true, 0);
  await made.finished;
  assert.deepEqual(
    diary.lines.filter((line) => line !== 'undone'),
    [
      'transmit',
      'installing 7 in standby',
      'installed',
      'transmit',
      'switched',
      'removed',
      'transmit',
      'closed',
    ],
  );
});

test('what the data plane says of a child reaches the engine', async () => {
  const diary = new Diary();
  const heard: unknown[] = [];
  const { made } = session(diary, (input) => {
    if (input.kind === 'command') heard.push(input.command);
    return [];
  });
  made.connect();
  await turn();
  diary.events?.onChildUsed(7);
  diary.events?.onRekeyDue(8);
  assert.deepEqual(heard.slice(1), [
    { kind: 'child-used', inboundSpi: 7 },
    { kind: 'rekey-child', inboundSpi: 8 },
  ]);
});
