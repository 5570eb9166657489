import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../core/base/octets.ts';
import { type Datagram, endpoint, Network } from '../../unit/gateway/network.ts';

/** What the wire does to one datagram. */
type Mutation =
  | { readonly kind: 'pass' | 'drop' | 'duplicate' | 'delay' | 'replay' | 'empty' }
  | { readonly kind: 'truncate'; readonly share: number }
  | { readonly kind: 'flip'; readonly share: number; readonly bit: number }
  | { readonly kind: 'append'; readonly octets: Uint8Array };

const share = fc.double({ min: 0, max: 0.999, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Mutation>({ kind: 'pass' }) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('drop', 'duplicate', 'delay', 'replay', 'empty')
      .map((kind) => ({ kind }) as const),
  },
  { weight: 2, arbitrary: share.map((part) => ({ kind: 'truncate', share: part }) as const) },
  {
    weight: 4,
    arbitrary: fc.tuple(share, fc.nat(7)).map(([part, bit]) => ({ kind: 'flip', share: part, bit }) as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((octets) => ({ kind: 'append', octets }) as const),
  },
);

/** A wire that does one mutation to each datagram in turn, and from then on none. */
function mutatingWire(mutations: readonly Mutation[]): (datagram: Datagram) => readonly Datagram[] {
  const seen: Datagram[] = [];
  let held: Datagram[] = [];
  let count = 0;
  return (datagram) => {
    seen.push(datagram);
    const [mutation, released] = [mutations[count++], held];
    held = [];
    if (mutation?.kind === 'delay') held = [datagram];
    return [...(mutation === undefined ? [datagram] : mutate(datagram, mutation, seen)), ...released];
  };
}

function mutate(datagram: Datagram, mutation: Mutation, seen: readonly Datagram[]): readonly Datagram[] {
  const { octets } = datagram;
  switch (mutation.kind) {
    case 'pass':
      return [datagram];
    case 'drop':
    case 'delay':
      return [];
    case 'duplicate':
      return [datagram, datagram];
    case 'replay':
      return [...seen];
    case 'empty':
      return [{ ...datagram, octets: new Uint8Array(0) }];
    case 'truncate':
      return [{ ...datagram, octets: octets.slice(0, Math.floor(octets.length * mutation.share)) }];
    case 'append':
      return [{ ...datagram, octets: Uint8Array.of(...octets, ...mutation.octets) }];
    case 'flip': {
      const flipped = octets.slice();
      const at = Math.floor(octets.length * mutation.share);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << mutation.bit);
      return [{ ...datagram, octets: flipped }];
    }
  }
}

describe('engine and gateway over a wire that cuts, flips, doubles, holds back and replays', () => {
  it('never throw, never hang, and agree on what came of it', () => {
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 24 }), fc.nat(1_000), (mutations, seed) => {
        const network = new Network({ seed: seed + 1 });
        network.wire = mutatingWire(mutations);
        const client = network.login();
        assert.ok(client.ike.state === 'established' || client.ike.state === 'closed', client.ike.state);
        const ups = network.all('client-up');
        assert.ok(ups.length <= 1);
        if (client.ike.state === 'established') {
          const ours = client.all('child-install')[0]?.child;
          const theirs = network.all('child-install')[0]?.child;
          assert.equal(
            toHex(ours?.inbound.key.encryption ?? new Uint8Array()),
            toHex(theirs?.outbound.key.encryption ?? Uint8Array.of(1)),
          );
          client.ike.handle({ kind: 'command', command: { kind: 'disconnect' } }, network.now);
          network.drain();
          network.run(() => client.end !== undefined);
          assert.equal(client.ike.state, 'closed');
        } else {
          assert.deepEqual(client.all('child-install'), []);
        }
        network.run(() => false, 400_000);
        assert.equal(network.gateway.counters.halfOpen, 0, 'no half-open SA is left');
      }),
      { numRuns: 120 },
    );
  });

  it('log in when every damaged datagram is followed by the right one', () => {
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 24 }), fc.nat(1_000), (mutations, seed) => {
        const network = new Network({ seed: seed + 1 });
        const damage = mutatingWire(mutations);
        // IKE_SA_INIT is not protected: what is flipped there is found out at AUTH, and that ends the login.
        network.wire = (datagram) =>
          datagram.octets[18] === 34 ? [datagram] : [...damage(datagram), datagram];
        const client = network.login();
        assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
      }),
      { numRuns: 80 },
    );
  });

  it('take random datagrams for what they are', () => {
    const header = fc
      .tuple(fc.uint8Array({ minLength: 28, maxLength: 28 }), fc.uint8Array({ maxLength: 200 }))
      .map(([head, rest]) => {
        const octets = Uint8Array.of(...head, ...rest);
        octets[17] = 0x20;
        octets[18] = 34 + ((octets[18] ?? 0) % 4);
        new DataView(octets.buffer).setUint32(24, octets.length);
        return octets;
      });
    const datagrams = fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), header), { maxLength: 20 });
    fc.assert(
      fc.property(datagrams, (random) => {
        const network = new Network();
        for (const octets of random) {
          network.gateway.handle(octets, endpoint('203.0.113.5', 4_500), 'nat-traversal', network.now);
        }
        assert.equal(network.gateway.counters.clients, 0);
      }),
      { numRuns: 100 },
    );
  });
});
