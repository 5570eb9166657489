import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GatewayConfig } from '../../../core/gateway/config.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import type { ChildSaParameters } from '../../../core/ike/io.ts';
import { type Client, Network } from './network.ts';

/** What a data plane would have: the CHILD SAs, and the one that is sent on. */
function plane(
  outputs: readonly (
    | { readonly kind: 'child-install'; readonly child: ChildSaParameters; readonly outbound?: 'standby' }
    | { readonly kind: 'child-switch-outbound' | 'child-remove'; readonly inboundSpi: number }
    | { readonly kind: 'other' }
  )[],
) {
  const children = new Map<number, ChildSaParameters>();
  const order: number[] = [];
  for (const output of outputs) {
    if (output.kind === 'child-install') {
      const { spi } = output.child.inbound;
      assert.ok(!children.has(spi), 'no SPI twice');
      children.set(spi, output.child);
      if (output.outbound !== 'standby') order.push(spi);
    } else if (output.kind === 'child-switch-outbound') {
      assert.ok(children.has(output.inboundSpi), 'only what is installed is switched to');
      order.push(output.inboundSpi);
    } else if (output.kind === 'child-remove') {
      assert.ok(children.delete(output.inboundSpi), 'only what is installed is removed');
    }
  }
  const sending = children.get(order.findLast((spi) => children.has(spi)) ?? 0);
  return { children, sending: sending ?? assert.fail('nothing to send on') };
}

function only<Kind extends string, Output extends { readonly kind: string }>(
  outputs: readonly Output[],
  kinds: readonly Kind[],
) {
  return outputs.filter((output): output is Extract<Output, { kind: Kind }> =>
    kinds.some((kind) => kind === output.kind),
  );
}

const childKinds = ['child-install', 'child-switch-outbound', 'child-remove'] as const;

/** Each side sends on what the other side has. */
function carriesTraffic(network: Network, client: Client): void {
  const near = plane(only(client.outputs, childKinds));
  const far = plane(only(network.outputs, childKinds));
  assert.ok(far.children.has(near.sending.outbound.spi), 'the gateway has what the client sends on');
  assert.ok(near.children.has(far.sending.outbound.spi), 'the client has what the gateway sends on');
  const { key } = far.children.get(near.sending.outbound.spi)?.inbound ?? assert.fail();
  assert.deepEqual(near.sending.outbound.key, key);
}

/** A login, then `forMs` of virtual time. */
function live(seed: number, gateway: Partial<GatewayConfig>, config: Partial<IkeConfig>, forMs: number) {
  const network = new Network({ seed, gateway });
  const client = network.login(network.client({ config }));
  // Every rekey is seen at both ends, so each step is looked at only now and then.
  for (let at = 0; at < forMs; at += 20_000) {
    network.steps = 0;
    network.run(() => false, 20_000);
    assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
  }
  return { network, client };
}

const rekeys = (network: Network) => network.all('rekeyed').map(({ what, by }) => `${what} ${by}`);

describe('engine and gateway replace their SAs', () => {
  it('when the client wants to', () => {
    const { network, client } = live(1, {}, { childLifetimeMs: 60_000, ikeLifetimeMs: 150_000 }, 600_000);
    assert.ok(rekeys(network).includes('child client') && rekeys(network).includes('ike client'));
    carriesTraffic(network, client);
  });

  it('when the gateway wants to', () => {
    const { network, client } = live(
      2,
      { rekeyChildMs: 30_000, rekeyIkeMs: 100_000 },
      { earlyRekeyMs: 'off' },
      600_000,
    );
    assert.ok(rekeys(network).includes('child gateway') && rekeys(network).includes('ike gateway'));
    carriesTraffic(network, client);
  });

  it('with a group that has to be asked for, or with none', () => {
    for (const childKeyExchanges of [[14], [0], [31, 0]]) {
      const { network, client } = live(3, { childKeyExchanges, rekeyChildMs: 40_000 }, {}, 120_000);
      assert.ok(rekeys(network).includes('child client'), childKeyExchanges.join());
      assert.ok(rekeys(network).includes('child gateway'), childKeyExchanges.join());
      carriesTraffic(network, client);
    }
  });

  it('when both want to at the same time, whoever wins', () => {
    const often = 40_000;
    const never = 36_000_000;
    const configs = {
      child: { childLifetimeMs: often, ikeLifetimeMs: never, earlyRekeyMs: 20_000 },
      ike: { childLifetimeMs: never, ikeLifetimeMs: often, earlyRekeyMs: 'off' },
    } as const;
    for (const rekeyNonceFirstOctet of [0, 255]) {
      for (const what of ['child', 'ike'] as const) {
        const network = new Network({ gateway: { habits: { rekeyNonceFirstOctet } } });
        const client = network.login(network.client({ config: configs[what] }));
        const id = network.all('client-up')[0]?.client ?? assert.fail();
        network.wire = (datagram) => {
          // The client's rekey is on its way, and the gateway begins the same now.
          const { octets } = datagram;
          const isRekey = octets[18] === 36 && (octets[19] ?? 0) < 0x20;
          if (datagram.to === 'gateway' && isRekey) network.gateway.rekey(id, what, network.now);
          return [datagram];
        };
        network.run(() => false, 120_000);
        assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
        carriesTraffic(network, client);
        const winner = rekeyNonceFirstOctet === 0 ? 'client' : 'gateway';
        const ended = network.all('rekeyed').at(-1);
        assert.equal(`${ended?.what} ${ended?.by}`, `${what} ${winner}`);
      }
    }
  });

  it('over a bad network, both at their own pace', () => {
    for (let seed = 10; seed < 20; seed++) {
      const network = new Network({
        seed,
        gateway: { rekeyChildMs: 17_000, rekeyIkeMs: 41_000, rekeyRetryMs: 1_000 },
      });
      const client = network.login(
        network.client({ config: { childLifetimeMs: 40_000, ikeLifetimeMs: 90_000, earlyRekeyMs: 10_000 } }),
      );
      let dice = seed;
      const roll = () => {
        dice = (dice * 1_103_515_245 + 12_345) % 0x8000_0000;
        return dice / 0x8000_0000;
      };
      network.wire = (datagram) => (roll() < 0.1 ? [] : roll() < 0.2 ? [datagram, datagram] : [datagram]);
      network.run(() => client.end !== undefined, 400_000);
      network.wire = (datagram) => [datagram];
      network.run(() => client.end !== undefined, 60_000);
      assert.equal(client.ike.state, 'established', `seed ${seed} ${JSON.stringify(client.end)}`);
      carriesTraffic(network, client);
      assert.ok(rekeys(network).length > 20);
    }
  });

  it('and the tunnel survives a gateway that cannot', () => {
    for (const habits of [{ noAdditionalSas: true }, { temporaryFailureOnce: true }, { refuseRekey: 14 }]) {
      const { network, client } = live(4, { habits }, {}, 120_000);
      carriesTraffic(network, client);
    }
  });
});
