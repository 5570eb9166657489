import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certificate, type Datagram, failsWith, Network, type NetworkOptions } from './network.ts';

const fragmentPayload = 53;
const isFragment = ({ octets }: { readonly octets: Uint8Array }) => octets[16] === fragmentPayload;

/** Its IKE_AUTH has about 5,000 octets in each direction: a chain of certificates, and CERTREQ for 100 CAs. */
function wideNetwork(options: NetworkOptions = {}) {
  const { der } = certificate('rsa');
  const network = new Network({
    key: 'rsa',
    ...options,
    gateway: { certificates: [der, der, der, der, der], ...options.gateway },
  });
  const trustAnchors = Array.from({ length: 100 }, (_, at) => new Uint8Array(300).fill(at));
  const client = network.client({ config: { trustAnchors } });
  return { network, client };
}

/** Loses every datagram with more octets than this. */
function narrow(network: Network, octets: number): void {
  network.wire = (datagram) => (datagram.octets.length > octets ? [] : [datagram]);
}

describe('a login over a path that loses large datagrams', () => {
  it('goes through in fragments, both ways', () => {
    const { network, client } = wideNetwork();
    narrow(network, 1_248);
    network.login(client);
    assert.equal(client.ike.state, 'established');
    assert.ok(client.all('transmit').some(isFragment));
    assert.ok(network.all('transmit').some(isFragment));
  });

  it('goes through in smaller ones where these are lost, too', () => {
    const { network, client } = wideNetwork();
    narrow(network, 548);
    network.login(client);
    assert.equal(client.ike.state, 'established');
    const answers = network.all('transmit').filter(isFragment);
    assert.ok(answers.length > 0 && answers.every(({ octets }) => octets.length <= 548));
  });

  it('fails when the gateway has no fragments, and goes through whole where the path is wide', () => {
    const { network, client } = wideNetwork({ gateway: { fragmentation: false } });
    narrow(network, 1_248);
    failsWith(network.login(client), 'peer.silent');
    const wide = wideNetwork({ gateway: { fragmentation: false } });
    wide.network.login(wide.client);
    assert.equal(wide.client.ike.state, 'established');
    assert.ok(![...wide.client.all('transmit'), ...wide.network.all('transmit')].some(isFragment));
  });

  it('survives fragments that come twice, in any order, or not', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { network, client } = wideNetwork({ seed });
      const kept: Datagram[] = [];
      let count = seed;
      network.wire = (datagram) => {
        count += 1;
        if (count % 7 === 0) return [];
        if (count % 3 !== 0) return [datagram, datagram];
        kept.push(datagram);
        return kept.length > 2 ? kept.splice(0).reverse() : [];
      };
      network.login(client);
      assert.equal(client.ike.state, 'established', `seed ${seed}`);
    }
  });

  it('answers a repeated request once for all its fragments', () => {
    const { network, client } = wideNetwork();
    network.connect(client).run(() => network.all('transmit').filter(isFragment).length > 0);
    const request = client.all('transmit').filter(isFragment);
    const before = network.all('transmit').length;
    for (const { octets } of request)
      network.gateway.handle(octets, client.endpoint, 'nat-traversal', network.now);
    network.drain();
    const again = network.all('transmit').slice(before);
    const first = network.all('transmit').filter(isFragment).slice(0, again.length);
    assert.ok(again.length > 1);
    assert.deepEqual(again, first);
  });
});
