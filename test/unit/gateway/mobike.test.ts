import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint } from '../../../core/base/address.ts';
import type { IkeCommand } from '../../../core/ike/io.ts';
import { endpoint, Network } from './network.ts';

const cafe = endpoint('192.168.44.9', 50_000);
const cafeOutside = endpoint('203.0.113.99', 61_000);
const train = endpoint('192.168.55.5', 50_000);
const trainOutside = endpoint('203.0.113.111', 4_242);

/** One client that is in, and what it and the gateway do. */
function scene(mobike: boolean) {
  const network = new Network({ gateway: { mobike } });
  const client = network.login();
  const command = (given: IkeCommand) => {
    client.ike.handle({ kind: 'command', command: given }, network.now);
    network.drain();
  };
  return {
    network,
    client,
    command,
    /** Its packets leave from `local`, and the gateway sees them come from `outside`. */
    move: (local: Endpoint, outside: Endpoint) => {
      client.endpoint = outside;
      command({ kind: 'roam', local });
    },
    followedTo: () => network.all('client-moved').map(({ remote }) => remote),
  };
}

describe('MOBIKE', () => {
  it('a client that says that it moved is followed, without a new login', () => {
    const { network, client, move, followedTo } = scene(true);
    const [established] = client.all('established');
    assert.equal(established?.summary.mobike, true);
    for (const [local, outside] of [
      [cafe, cafeOutside],
      [train, trainOutside],
    ] as const) {
      const told = client.all('roamed').length;
      move(local, outside);
      network.run(() => client.all('roamed').length > told);
      assert.deepEqual(client.all('roamed').at(-1)?.local, local);
      assert.equal(client.all('roamed').at(-1)?.summary.natDetected.local, true);
      assert.deepEqual(followedTo().at(-1), outside);
    }
    assert.equal(client.all('established').length, 1);
    assert.equal(network.all('client-up').length, 1);
    assert.equal(client.end, undefined);
  });

  it('a message from elsewhere is answered there, and not followed before the client says so', () => {
    const { network, client, command, followedTo } = scene(true);
    // The first check of a client behind a NAT is an update: after it both know where it is.
    command({ kind: 'probe' });
    const proven = client.all('proven').length;
    network.run(() => client.all('proven').length > proven);
    assert.deepEqual(followedTo(), []);
    client.endpoint = cafeOutside;
    command({ kind: 'probe' });
    network.run(() => client.all('proven').length > proven + 1);
    assert.equal(client.all('proven').length, proven + 2, 'the answer came to where the question was from');
    // The gateway's hash tells the client that its NAT has changed: an update follows.
    network.run(() => client.all('roamed').length > 0);
    assert.deepEqual(followedTo(), [cafeOutside]);
  });

  it('is not there unless the gateway has it', () => {
    const { client, move, network, followedTo } = scene(false);
    assert.equal(client.all('established')[0]?.summary.mobike, false);
    move(cafe, cafeOutside);
    network.run(() => followedTo().length > 0);
    assert.deepEqual(followedTo(), [cafeOutside]);
    assert.equal(client.all('roamed').length, 0);
  });

  it('goes on over a rekey of the IKE SA', () => {
    const { network, client, move } = scene(true);
    const id = network.all('client-up')[0]?.client ?? assert.fail();
    network.gateway.rekey(id, 'ike', network.now);
    network.drain();
    network.run(() => client.all('rekeyed').length > 0);
    move(cafe, cafeOutside);
    network.run(() => client.all('roamed').length > 0);
    assert.deepEqual(network.all('client-moved').at(-1)?.remote, cafeOutside);
  });
});
