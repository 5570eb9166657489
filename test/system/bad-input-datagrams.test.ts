import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exchangeType } from '../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../core/wire/registry/notify-types.ts';
import { enterSandbox } from '../support/net/sandbox.ts';
import { addresses } from '../support/topology.ts';
import {
  type Bench,
  Daemon,
  goodCertificate,
  mustPing,
  openBench,
  profileFile,
} from './support/bad-input-bench.ts';
import type { GatewayPort, Passing } from './support/meddling-path.ts';

/*
 * What somebody on the path may send from the gateway's own address and port, at every step of a login and into a
 * living tunnel: it is dropped and counted, and the connection lives.
 */
const skip = (await enterSandbox()) ?? false;

let bench: Bench;
let daemon: Daemon;
let profile = '';

before(async () => {
  if (skip !== false) return;
  bench = await openBench('datagrams');
  await bench.setGateway(goodCertificate, { believesAll: true });
  daemon = await Daemon.start(bench.client, 'godwit');
  // Nothing but what the tests do: on a slow machine the first rekey would come in the middle of them.
  const rekey = { earlySeconds: 0 };
  profile = profileFile(bench.client, 'office', { remoteNetworks: [addresses.lan.net4], rekey });
});

after(async () => {
  if (skip === false) await bench.close();
});

const marker = Buffer.alloc(4);

function onPort(port: GatewayPort, message: Uint8Array): Buffer {
  return port === 500 ? Buffer.from(message) : Buffer.concat([marker, message]);
}

/** An IKE header of a response, and whatever follows. */
function message(
  spis: Uint8Array,
  fields: {
    next?: number;
    version?: number;
    exchange?: number;
    flags?: number;
    id?: number;
    length?: number;
  } = {},
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const { next = 0, version = 0x20, exchange = 34, flags = 0x20, id = 0, length = 28 + body.length } = fields;
  const header = Buffer.alloc(28);
  header.set(spis, 0);
  header.set([next, version, exchange, flags], 16);
  header.writeUInt32BE(id, 20);
  header.writeUInt32BE(length, 24);
  return Buffer.concat([header, body]);
}

/** A clear response with one error notify, as anybody could make who saw the request. */
function errorNotify({ port, octets }: Passing, exchange: number, type: number): Buffer {
  const request = octets.subarray(port === 500 ? 0 : 4);
  const notify = Buffer.from([0, 0, 0, 8, 0, 0, type >> 8, type & 0xff]);
  const fields = { next: 41, exchange, id: request.readUInt32BE(20) };
  return onPort(port, message(request.subarray(0, 16), fields, notify));
}

/** Datagrams that nothing good ever looks like. `like`: a message of this IKE SA, to be maimed. */
function barrage(port: GatewayPort, like: Buffer): Buffer[] {
  const ike = like.subarray(port === 500 ? 0 : 4);
  const spis = ike.subarray(0, 16);
  const exchange = ike.readUInt8(18);
  const id = ike.readUInt32BE(20);
  const flipped = Buffer.from(ike);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
  const chain = Buffer.from([41, 0, 0, 4, 41, 0, 0, 0]);
  const damaged = [
    Buffer.alloc(0),
    Buffer.from('garbage'),
    Buffer.alloc(28),
    Buffer.alloc(1_400, 0xa5),
    ike.subarray(0, 27),
    ike.subarray(0, 28),
    ike.subarray(0, Math.floor(ike.length / 2)),
    ike.subarray(0, ike.length - 1),
    Buffer.concat([ike, Buffer.alloc(3)]),
    // Of an unprotected message this would be a perfect forgery: its last octet is the end of a list of hashes.
    ...(exchange === exchangeType.IKE_SA_INIT ? [] : [flipped]),
    message(spis, { exchange, id, length: 0xffffffff }),
    message(spis, { exchange, id, length: 0 }),
    message(spis, { exchange, id, version: 0x30 }),
    message(spis, { exchange: 99, id }),
    message(spis, { exchange, id: id + 7 }),
    message(spis, { exchange, id, flags: 0x28 }),
    message(spis, { exchange, id, next: 41 }, chain),
    message(spis, { exchange, id, next: 46 }, Buffer.from([0, 0, 0, 6, 1, 2])),
    message(Buffer.alloc(16, 7), { exchange, id }),
    message(spis, { exchange, id, next: 33 }, Buffer.alloc(9_000, 0x21)),
  ].map((each) => onPort(port, each));
  return [
    ...damaged,
    Buffer.of(0xff),
    Buffer.of(0, 0),
    marker,
    Buffer.alloc(40, 0),
    onPort(port, message(spis, { exchange, id, next: 43 }, Buffer.alloc(65_000))),
  ];
}

async function ikeDrops(): Promise<Readonly<Record<string, number>>> {
  const { tunnel } = await daemon.status();
  assert.equal(tunnel.state, 'connected', daemon.process.stderr);
  return tunnel.state === 'connected' ? tunnel.counters.ike.drops : {};
}

async function espDrops(): Promise<Readonly<Record<string, number>>> {
  const { tunnel } = await daemon.status();
  assert.equal(tunnel.state, 'connected', daemon.process.stderr);
  return tunnel.state === 'connected' ? tunnel.counters.inbound.drops : {};
}

function total(drops: Readonly<Record<string, number>>): number {
  return Object.values(drops).reduce((sum, count) => sum + count, 0);
}

async function allDrops(): Promise<number> {
  return total(await ikeDrops()) + total(await espDrops());
}

/** Waits until so many are counted, which is done by other threads than what carries a ping. */
async function atLeast(count: () => number) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const [ike, esp] = [await ikeDrops(), await espDrops()];
    const all = total(ike) + total(esp);
    if (all >= count()) return { ike, esp };
    assert.ok(performance.now() < deadline, `${all} of ${count()} were counted: ${JSON.stringify(ike)}`);
  }
}

/** True for each message but once: a gateway that is slow is asked again, and says the same again. */
function onlyOnce(): (passing: Passing) => boolean {
  const known = new Set<string>();
  return ({ ike }) => {
    const message = `${ike?.exchange} ${ike?.messageId}`;
    const first = !known.has(message);
    known.add(message);
    return first;
  };
}

async function endsClean(): Promise<void> {
  bench.path.meddler = () => undefined;
  await daemon.mustDown();
  assert.deepEqual(await daemon.leftovers(), []);
}

test('garbage, truncated and oversized datagrams before every answer: dropped, counted, the login completes', {
  skip,
}, async () => {
  const steps = new Set<string>();
  let sent = 0;
  bench.path.meddler = ({ towards, port, octets, ike }) => {
    if (towards !== 'client' || ike === undefined) return undefined;
    steps.add(`${ike.exchange} ${ike.messageId}`);
    const shots = barrage(port, octets);
    // A keepalive is no error.
    sent += shots.length - 1;
    // Its end comes once more: a late answer is no harm either.
    return [...shots, octets, octets];
  };
  await daemon.mustUp(profile);
  // IKE_SA_INIT, then identity, challenge, success, and AUTH in IKE_AUTH.
  assert.deepEqual([...steps].slice(0, 5), ['34 0', '35 1', '35 2', '35 3', '35 4']);
  await mustPing(bench.client);
  const { ike, esp } = await atLeast(() => sent);
  for (const cause of ['malformed', 'spi', 'integrity', 'message-id', 'exchange', 'direction'])
    assert.ok((ike[cause] ?? 0) > 0, `${cause}: ${JSON.stringify(ike)}`);
  for (const cause of ['too-big', 'truncated', 'unknown-spi'])
    assert.ok((esp[cause] ?? 0) > 0, `${cause}: ${JSON.stringify(esp)}`);
});

test('the same into the living tunnel: dropped, counted, the tunnel lives', { skip }, async () => {
  bench.path.meddler = () => undefined;
  const like = await bench.path.waitFor('an IKE_AUTH response', isLoginAnswer);
  const before = await allDrops();
  let sent = 0;
  for (const port of [500, 4500] as const) {
    // Port 500 spoke last to the same socket of the client.
    const shots = barrage(port, port === 500 ? like.octets.subarray(4) : like.octets);
    sent += shots.length - 1;
    for (const shot of shots) await bench.path.toClient(shot, port);
  }
  await mustPing(bench.client);
  await atLeast(() => before + sent);
  // And once more in front of the answer to the goodbye.
  bench.path.meddler = ({ towards, port, octets, ike }) =>
    towards === 'client' && ike?.exchange === exchangeType.INFORMATIONAL
      ? [...barrage(port, octets), octets]
      : undefined;
  await daemon.mustDown();
  assert.deepEqual(await daemon.leftovers(), []);
});

function isLoginAnswer({ towards, ike }: Passing): boolean {
  return towards === 'client' && ike?.exchange === exchangeType.IKE_AUTH;
}

for (const name of ['NO_PROPOSAL_CHOSEN', 'AUTHENTICATION_FAILED', 'INVALID_SYNTAX'] as const) {
  test(`a forged ${name} before the answer to IKE_SA_INIT is a hint: the login goes on`, {
    skip,
  }, async () => {
    const first = onlyOnce();
    bench.path.meddler = (passing) => {
      const { towards, octets, ike } = passing;
      if (towards !== 'client' || ike?.exchange !== exchangeType.IKE_SA_INIT) return undefined;
      if (!first(passing)) return [];
      return [errorNotify(passing, exchangeType.IKE_SA_INIT, notifyType[name]), octets];
    };
    await daemon.mustUp(profile);
    assert.equal((await ikeDrops())['hint'], 1);
    await endsClean();
  });
}

test('forged errors before every answer in IKE_AUTH are dropped: the login goes on', { skip }, async () => {
  const names = ['NO_PROPOSAL_CHOSEN', 'AUTHENTICATION_FAILED', 'INVALID_SYNTAX'] as const;
  let sent = 0;
  const first = onlyOnce();
  bench.path.meddler = (passing) => {
    if (passing.towards === 'gateway' || passing.ike === undefined) return undefined;
    // What comes again, a duplicate of the answer, would be counted too.
    if (!first(passing)) return [];
    if (!isLoginAnswer(passing)) return undefined;
    const forged = names.flatMap((name) =>
      [exchangeType.IKE_SA_INIT, exchangeType.IKE_AUTH].map((exchange) =>
        errorNotify(passing, exchange, notifyType[name]),
      ),
    );
    sent += forged.length;
    return [...forged, passing.octets];
  };
  await daemon.mustUp(profile);
  assert.equal(total(await ikeDrops()), sent);
  await endsClean();
});

test('ESP with a bad tag, replayed, or of an unknown SPI: counted by cause, the tunnel lives', {
  skip,
}, async () => {
  await daemon.mustUp(profile);
  bench.path.forget();
  await mustPing(bench.client);
  const isEsp = ({ towards, octets, ike }: Passing): boolean =>
    towards === 'client' && ike === undefined && octets.length > 40;
  const { octets } = await bench.path.waitFor('ESP towards the client', isEsp);
  assert.deepEqual(await espDrops(), {});

  await bench.path.toClient(octets);
  await counted('replayed', 1);

  // Far ahead of the window: only the tag can tell.
  const forged = Buffer.from(octets);
  forged.writeUInt32BE(octets.readUInt32BE(4) + 1_000, 4);
  await bench.path.toClient(forged);
  await counted('bad-tag', 1);
  const damaged = Buffer.from(forged);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 0x80, damaged.length - 1);
  await bench.path.toClient(damaged);
  await counted('bad-tag', 2);

  const stranger = Buffer.from(octets);
  stranger.writeUInt32BE((octets.readUInt32BE(0) ^ 0x01000000) >>> 0, 0);
  await bench.path.toClient(stranger);
  await counted('unknown-spi', 1);

  await bench.path.toClient(octets.subarray(0, 12));
  await counted('truncated', 1);

  // What was forged ahead of the window has not moved it.
  await mustPing(bench.client);
  assert.deepEqual(await espDrops(), { truncated: 1, 'unknown-spi': 1, replayed: 1, 'bad-tag': 2 });
});

test('ESP whose inner addresses are outside the SA: counted, not delivered, the tunnel lives', {
  skip,
}, async () => {
  const { tunnel } = await daemon.status();
  const inner = tunnel.state === 'connected' ? (tunnel.addresses[0] ?? '').replace(/\/.*/, '') : '';
  // The gateway sends what it should not; "the internet" was not agreed upon.
  const ping = ['ping', '-c', '3', '-i', '0.1', '-W', '1', '-I', addresses.internet.v4, inner];
  const answer = await bench.topology.lan.run(ping);
  assert.equal(answer.status, 1, answer.stdout);
  await counted('selector', 3);
  await mustPing(bench.client);
  await endsClean();
});

/** Counting is done by another thread: it comes soon, or never. */
async function counted(cause: string, count: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const drops = await espDrops();
    if (drops[cause] === count) return;
    if (performance.now() > deadline) assert.fail(`${cause} is not ${count}: ${JSON.stringify(drops)}`);
  }
}

test('after all of it the daemon ends in order', { skip }, async () => {
  await daemon.stop();
});
