import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { concat, equal } from '../../../core/base/octets.ts';
import { Secret } from '../../../core/base/secret.ts';
import { instant } from '../../../core/base/time.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import { ikeNotify } from '../../../core/ike/payload-list.ts';
import { decodeHeader } from '../../../core/wire/ike/header.ts';
import { notifyOf, payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/ike/message.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { established } from './login-by-hand.ts';
import { type Client, endpoint, failsWith, Network, type NetworkOptions, proposals } from './network.ts';

const initRequests = (client: Client) =>
  client.all('transmit').filter(({ octets }) => octets[18] === 34 && octets[19] === 0x08);
const bob = { user: 'bob', password: 'Пароль🐦' };

function disconnect(network: Network, client: Client): void {
  client.ike.handle({ kind: 'command', command: { kind: 'disconnect' } }, network.now);
  network.drain();
}

describe('IKE_SA_INIT', () => {
  it('is asked for a cookie, and nothing is kept until it comes back', () => {
    const network = new Network({ gateway: { cookies: 'always' } });
    const client = network.client();
    network.connect(client).run(() => network.gateway.counters.drops['no-cookie'] === 1);
    assert.equal(network.gateway.counters.halfOpen, 0);
    assert.equal(network.gateway.nextWakeup(), undefined);
    network.run(() => client.ike.state === 'established');
    assert.equal(client.ike.state, 'established');
    assert.equal(initRequests(client).length, 2);
  });

  it('is refused when the cookie comes from another address', () => {
    const network = new Network({ gateway: { cookies: 'always' } });
    const honest = network.login(network.client());
    const stolen = initRequests(honest)[1]?.octets ?? assert.fail('no request with a cookie');
    const before = network.gateway.counters.drops['no-cookie'];
    network.gateway.handle(stolen, endpoint('203.0.113.66', 666), 'ike', network.now);
    assert.equal(network.gateway.counters.drops['no-cookie'], before + 1);
  });

  it('is asked for a cookie from a number of half-open SAs on', () => {
    const network = new Network({ gateway: { cookies: 2 } });
    network.wire = (datagram) => (datagram.octets[18] === 34 ? [datagram] : []);
    for (let i = 0; i < 4; i++) network.connect(network.client({ address: `203.0.113.${i + 1}` }));
    network.run(() => false, 100);
    assert.deepEqual(
      network.clients.map((client) => initRequests(client).length),
      [1, 1, 2, 2],
    );
  });

  it('is asked for the group that the gateway prefers', () => {
    const gateway = { ikeProposals: proposals('ike', 'aes256gcm16-prfsha384-x25519-ecp256') };
    const client = new Network({ gateway }).login();
    assert.equal(client.all('established')[0]?.summary.ikeProposal, 'aes256gcm16-prfsha384-x25519');
    assert.equal(initRequests(client).length, 2);
  });

  it('is answered by the same octets when it comes again, and makes one SA', () => {
    const network = new Network();
    network.wire = (datagram) => (datagram.to === 'gateway' ? [datagram, datagram, datagram] : [datagram]);
    const client = network.login();
    assert.equal(client.ike.state, 'established');
    const answers = network.all('transmit').filter(({ octets }) => octets[18] === 34);
    assert.equal(answers.length, 3);
    assert.ok(answers.every(({ octets }) => equal(octets, answers[0]?.octets ?? new Uint8Array())));
    assert.equal(network.gateway.counters.clients, 1);
    assert.equal(network.gateway.counters.halfOpen, 0);
  });

  it('goes elsewhere when it is sent there and follows, and logs in here when it does not', () => {
    const network = new Network({ gateway: { redirectTo: 'b.vpn.example' } });
    const follower = network.client({ config: { redirects: {} } });
    network.connect(follower).run(() => follower.all('closed').length > 0);
    assert.equal(follower.all('redirect')[0]?.to, 'b.vpn.example');
    assert.equal(follower.all('closed')[0]?.error?.code, 'peer.redirected');
    const other = network.client({ address: '203.0.113.8' });
    assert.equal(network.login(other).ike.state, 'established');
  });

  it('is sent elsewhere, with the nonce of the request, if the client knows REDIRECT', () => {
    const network = new Network({ gateway: { redirectTo: 'b.vpn.example' } });
    const client = network.client();
    client.ike.handle({ kind: 'command', command: { kind: 'connect' } }, network.now);
    network.drain();
    const decoded = decodeMessage(client.all('transmit')[0]?.octets ?? assert.fail('nothing was sent'));
    assert.ok(decoded.ok && decoded.value.encrypted === undefined);
    const { header, payloads } = decoded.value;
    const knows = { header, payloads: [...payloads, ikeNotify(notifyType.REDIRECT_SUPPORTED)] };
    network.gateway.handle(encodeMessage(knows), client.endpoint, 'ike', network.now);
    const answer = network.gateway.poll();
    const redirected = decodeMessage(answer?.kind === 'transmit' ? answer.octets : assert.fail('no answer'));
    assert.ok(redirected.ok && redirected.value.encrypted === undefined);
    assert.equal(redirected.value.payloads.length, 1);
    const nonce = payloadOf(decoded.value, 'Nonce')?.nonce ?? assert.fail('no nonce');
    assert.deepEqual(
      notifyOf(redirected.value, notifyType.REDIRECT)?.data,
      concat(Uint8Array.of(3, 13), utf8.encode('b.vpn.example'), nonce),
    );
    assert.equal(network.gateway.counters.halfOpen, 0);
    const plain = {
      header,
      payloads: payloads.filter(
        (payload) => payload.kind !== 'N' || payload.type !== notifyType.REDIRECT_SUPPORTED,
      ),
    };
    network.gateway.handle(encodeMessage(plain), client.endpoint, 'ike', network.now);
    assert.equal(network.gateway.counters.halfOpen, 1, 'who does not know it is let in');
  });

  it('finds no room beyond the bounds', () => {
    const full = new Network({ gateway: { maxHalfOpen: 2, cookies: 'never' } });
    full.wire = (datagram) => (datagram.octets[18] === 34 ? [datagram] : []);
    for (let i = 0; i < 5; i++) full.connect(full.client({ address: `203.0.113.${i + 1}` }));
    full.run(() => false, 100);
    assert.equal(full.gateway.counters.halfOpen, 2);
    assert.equal(full.gateway.counters.drops.full, 3);

    const busy = new Network({ gateway: { maxClients: 1 } });
    busy.login(busy.client({ address: '203.0.113.1' }));
    failsWith(busy.login(busy.client({ ...bob, address: '203.0.113.2' })), 'peer.unreachable');
    assert.equal(busy.gateway.counters.clients, 1);
  });

  it('finds no room beyond gatewayHalfOpen and gatewayClients, unless told otherwise', (t) => {
    const { gatewayHalfOpen, gatewayClients } = limits;
    t.after(() => Object.assign(limits, { gatewayHalfOpen, gatewayClients }));
    Object.assign(limits, { gatewayHalfOpen: 2, gatewayClients: 1 });
    const full = new Network();
    full.wire = (datagram) => (datagram.octets[18] === 34 ? [datagram] : []);
    for (let i = 0; i < 3; i++) full.connect(full.client({ address: `203.0.113.${i + 1}` }));
    full.run(() => false, 100);
    assert.equal(full.gateway.counters.halfOpen, 2);
    const busy = new Network();
    busy.login(busy.client({ address: '203.0.113.1' }));
    failsWith(busy.login(busy.client({ ...bob, address: '203.0.113.2' })), 'peer.unreachable');
  });

  it('that never goes on is forgotten', () => {
    const network = new Network();
    network.wire = (datagram) => (datagram.octets[18] === 34 ? [datagram] : []);
    network.connect(network.client()).run(() => false, limits.gatewayLoginMs + 1);
    assert.equal(network.gateway.counters.halfOpen, 0);
    assert.equal(network.gateway.nextWakeup(), undefined);
  });
});

describe('requests', () => {
  for (let lost = 0; lost < 12; lost++) {
    it(`are repeated when datagram ${lost} of the login is lost, and answered from memory`, () => {
      const network = new Network();
      let count = 0;
      network.wire = (datagram) => (count++ === lost ? [] : [datagram]);
      const client = network.login();
      assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
      assert.equal(network.all('client-up').length, 1);
      assert.deepEqual(network.all('login-failed'), []);
      const byId = new Map<string, Uint8Array>();
      for (const { octets } of network.all('transmit')) {
        const header = decodeHeader(octets);
        assert.ok(header.ok);
        const id = `${header.value.header.responderSpi} ${header.value.header.messageId}`;
        assert.ok(equal(byId.get(id) ?? octets, octets), `message ${id} was answered in two ways`);
        byId.set(id, octets);
      }
    });
  }

  it('of which every datagram comes twice are answered twice and done once', () => {
    const network = new Network();
    network.wire = (datagram) => [datagram, datagram];
    const client = network.login();
    assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
    assert.equal(network.all('client-up').length, 1);
    assert.equal(network.all('child-install').length, 1);
  });

  it('that fail are answered again while the SA lingers', () => {
    const network = new Network();
    let dropped = 0;
    network.wire = (datagram) => {
      const isFailure = network.all('login-failed').length > 0 && datagram.to !== 'gateway';
      return isFailure && dropped++ === 0 ? [] : [datagram];
    };
    failsWith(network.login(network.client({ password: 'wrong' })), 'auth.password');
    assert.equal(dropped > 1, true);
    // It was heard of first two seconds ago: the client asked again.
    assert.equal(network.gateway.nextWakeup(), 1_000 + limits.gatewayLingerMs);
    network.run(() => false, limits.gatewayLingerMs);
    assert.equal(network.gateway.nextWakeup(), undefined, 'then it is gone');
  });

  it('of strangers are dropped and counted', () => {
    const network = new Network();
    const client = network.login();
    const { gateway, now } = network;
    const sent = client.all('transmit').at(-1)?.octets ?? assert.fail('nothing was sent');
    const forged = sent.slice();
    forged[sent.length - 1] = (forged[sent.length - 1] ?? 0) ^ 1;
    forged[23] = (forged[23] ?? 0) + 1;
    const unknown = sent.slice();
    unknown[8] = (unknown[8] ?? 0) ^ 1;
    gateway.handle(forged, client.endpoint, 'nat-traversal', now);
    gateway.handle(unknown, client.endpoint, 'nat-traversal', now);
    gateway.handle(sent.subarray(0, 40), client.endpoint, 'nat-traversal', now);
    gateway.handle(new Uint8Array(0), client.endpoint, 'nat-traversal', now);
    const { drops } = gateway.counters;
    assert.equal(drops.integrity, 1);
    assert.equal(drops['unknown-spi'], 1);
    assert.equal(drops.malformed, 2);
    assert.equal(gateway.poll(), undefined);
  });
});

describe('a request for an IKE SA that is not there', () => {
  /** A client's last request at a gateway that has forgotten all. */
  function afterRestart(gateway: NetworkOptions['gateway']) {
    const client = new Network().login();
    const restarted = new Network({ gateway: { ...gateway } });
    const octets = client.all('transmit').at(-1)?.octets ?? assert.fail('nothing was sent');
    const ask = (at = restarted.now) => {
      restarted.gateway.handle(octets, client.endpoint, 'nat-traversal', at);
      restarted.drain();
      return restarted.all('transmit');
    };
    return { octets, ask, restarted };
  }

  it('is denied in the clear, with its own SPIs and message ID', () => {
    const { octets, ask } = afterRestart({ answerUnknownSpis: true });
    const answer = decodeMessage(ask()[0]?.octets ?? assert.fail('no answer'));
    const asked = decodeMessage(octets);
    assert.ok(answer.ok && asked.ok && answer.value.encrypted === undefined);
    const { header, payloads } = answer.value;
    assert.deepEqual(header, { ...asked.value.header, isResponse: true, fromInitiator: false });
    assert.deepEqual(
      payloads.map((payload) => payload.kind === 'N' && payload.type),
      [notifyType.INVALID_IKE_SPI],
    );
  });

  it('is not denied more often than gatewayUnknownSpiAnswers in a second, nor by default', () => {
    const { ask, restarted } = afterRestart({ answerUnknownSpis: true });
    for (let i = 0; i < 50; i++) ask();
    const most = limits.gatewayUnknownSpiAnswers;
    assert.equal(ask().length, most);
    assert.equal(ask(instant(restarted.now + 1_000)).length, most + 1);
    assert.equal(afterRestart({}).ask().length, 0);
  });
});

describe('a connection ends', () => {
  it('when AUTH_LIFETIME is over, of which the client was told', () => {
    const { client, last } = established({ authLifetimeMs: 600_000 });
    assert.deepEqual([...(notifyOf(last, notifyType.AUTH_LIFETIME)?.data ?? [])], [0, 0, 2, 88]);
    client.sleep(599_999);
    assert.deepEqual(client.sent(), []);
    client.sleep(1);
    const said = client.sa.open(client.sent()[0] ?? assert.fail('nothing was said'));
    assert.equal(payloadsOf(said, 'D')[0]?.protocol, 1);
    assert.deepEqual(
      client.all('client-down').map(({ reason }) => reason),
      ['expired'],
    );
  });

  it('when the client says so', () => {
    const network = new Network();
    const client = network.login();
    disconnect(network, client);
    network.run(() => client.end !== undefined);
    assert.equal(client.end, 'clean');
    const { inbound } = network.all('child-install')[0]?.child ?? assert.fail('no child');
    assert.deepEqual(
      network.all('child-remove').map(({ inboundSpi }) => inboundSpi),
      [inbound.spi],
    );
    assert.deepEqual(
      network.all('client-down').map(({ reason }) => reason),
      ['client'],
    );
    network.run(() => false);
    assert.equal(network.gateway.counters.clients, 0);
    assert.equal(network.gateway.nextWakeup(), undefined, 'nothing lingers for ever');
  });

  it('when the gateway says so', () => {
    const network = new Network();
    const client = network.login();
    const { client: id } = network.all('client-up')[0] ?? assert.fail('no client-up');
    assert.equal(network.gateway.disconnect(id, network.now), true);
    network.drain();
    network.run(() => client.end !== undefined);
    failsWith(client, 'peer.closed');
    assert.deepEqual(
      network.all('client-down').map(({ reason }) => reason),
      ['gateway'],
    );
    assert.equal(network.gateway.disconnect(id, network.now), false);
    network.run(() => false);
    assert.equal(network.gateway.nextWakeup(), undefined);
  });

  it('when the client falls silent, if the gateway looks', () => {
    const network = new Network({ gateway: { livenessMs: 10_000 } });
    const client = network.login();
    network.run(() => false, 60_000);
    assert.equal(client.ike.state, 'established', 'a living client stays');
    network.wire = (datagram) => (datagram.to === 'gateway' ? [] : [datagram]);
    network.run(() => network.all('client-down').length > 0);
    assert.deepEqual(
      network.all('client-down').map(({ reason }) => reason),
      ['dead'],
    );
    assert.equal(network.all('child-remove').length, network.all('child-install').length);
  });

  it('when the same user comes again with INITIAL_CONTACT', () => {
    const network = new Network();
    const first = network.login(network.client({ address: '203.0.113.1' }));
    network.login(network.client({ ...bob, address: '203.0.113.2' }));
    const again = network.login(network.client({ address: '203.0.113.3', config: { initialContact: true } }));
    network.run(() => first.end !== undefined);
    failsWith(first, 'peer.closed');
    assert.equal(again.ike.state, 'established');
    assert.deepEqual(
      network.all('client-down').map(({ user, reason }) => `${user} ${reason}`),
      ['alice replaced'],
    );
    assert.equal(network.gateway.counters.clients, 2);
  });
});

describe('while a connection stands', () => {
  it('liveness checks are answered in both directions', () => {
    for (const livenessMs of [3_000, 30_000]) {
      const network = new Network({ gateway: { livenessMs } });
      const client = network.login();
      const before = client.all('transmit').length;
      network.run(() => false, 120_000);
      assert.ok(client.all('transmit').length > before + 10);
      assert.equal(client.ike.state, 'established');
      assert.equal(network.gateway.counters.clients, 1);
    }
  });

  it('the gateway follows the client to another address', () => {
    const network = new Network();
    const client = network.login();
    client.endpoint = endpoint('203.0.113.99', 61_000);
    client.ike.handle({ kind: 'command', command: { kind: 'probe' } }, network.now);
    network.drain();
    network.run(() => network.all('client-moved').length > 0);
    assert.deepEqual(
      network.all('client-moved').map(({ remote }) => remote),
      [client.endpoint],
    );
    network.run(() => client.all('proven').length > 0, 1_000);
    disconnect(network, client);
    network.run(() => client.end !== undefined);
    assert.equal(client.end, 'clean');
  });

  it('many clients have addresses and SPIs of their own', () => {
    const names = [...Array(20).keys()].map((i) => `user${i}`);
    const users = new Map(names.map((name) => [name, Secret.fromText('correct horse')]));
    const network = new Network({ gateway: { users } });
    for (const user of users.keys()) {
      network.connect(network.client({ user, address: `203.0.113.${network.clients.length + 1}` }));
    }
    network.run(() => network.clients.every(({ ike }) => ike.state === 'established'));
    assert.equal(network.gateway.counters.clients, 20);
    const addresses = network.all('client-up').flatMap(({ summary }) => summary.addresses);
    const spis = network.all('child-install').map(({ child }) => child.inbound.spi);
    assert.equal(new Set(addresses.map(({ address }) => address.octets.join())).size, 40);
    assert.equal(new Set(spis).size, 20);
  });
});
