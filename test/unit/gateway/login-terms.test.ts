import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import type { FailureCode } from '../../../core/base/errors.ts';
import { Secret } from '../../../core/base/secret.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import type { GatewayLogin } from '../../../core/gateway/login-terms.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import type { LoginRound, LoginWay } from '../../../core/ike/login-way.ts';
import { type Client, type ClientOptions, certificate, failsWith, Network, spkiOf } from './network.ts';

const pskText = 'a pre-shared key of good length';
const ppkText = 'a key against the computers of tomorrow';
const own = certificate('ec-p384');
const ownSpki = spkiOf(own);
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const psk = Secret.fromText(pskText);
const clients = [{ certificate: own.der, spki: ownSpki }];
const knownPpk = { id: utf8.encode('office'), key: Secret.fromText(ppkText) };

const rounds = {
  eap: { kind: 'eap' },
  psk: { kind: 'psk' },
  certificate: { kind: 'key', credentials: [{ spki: ownSpki, chain: [own.der] }] },
} as const satisfies Record<string, LoginRound>;

function way(kinds: readonly (keyof typeof rounds)[], proof: GatewayLogin['proof'] = 'signature'): LoginWay {
  const gateway = {
    certificate: proof === 'signature',
    psk: proof === 'psk',
    eapOnly: proof === 'eap',
    keys: [],
  };
  return { rounds: kinds.map((kind) => rounds[kind]), gateway };
}

interface Play {
  readonly gateway: GatewayLogin;
  readonly way: LoginWay;
  readonly client?: ClientOptions;
  readonly config?: Partial<IkeConfig>;
}

function play({ gateway, way, client = {}, config = {} }: Play): { network: Network; client: Client } {
  const network = new Network({ gateway: { login: gateway } });
  const options = { secrets: { psk: pskText, ppk: ppkText }, own, ...client };
  const player = network.client({ ...options, config: { logins: [way], ...config } });
  return { network, client: network.login(player) };
}

/** The keys on both sides are the same only if all that goes into them is. */
function assertIn({ network, client }: ReturnType<typeof play>): void {
  assert.equal(client.ike.state, 'established', JSON.stringify(client.end));
  const rekeys = () => client.all('rekeyed').length;
  for (const what of ['child', 'ike', 'child'] as const) {
    const before = rekeys();
    assert.ok(network.gateway.rekey(1, what, network.now));
    network.drain();
    network.run(() => rekeys() > before);
    assert.equal(rekeys(), before + 1, `${what} is replaced`);
  }
}

describe('the embedded gateway takes what its terms say', () => {
  const cases: readonly (readonly [string, Play])[] = [
    [
      'a pre-shared key on both sides',
      { gateway: { rounds: ['psk'], proof: 'psk', psk }, way: way(['psk'], 'psk') },
    ],
    [
      'a pre-shared key, and signs itself',
      { gateway: { rounds: ['psk'], proof: 'signature', psk }, way: way(['psk']) },
    ],
    [
      'EAP, and shows a pre-shared key',
      { gateway: { rounds: ['eap'], proof: 'psk', psk }, way: way(['eap'], 'psk') },
    ],
    [
      'a certificate',
      { gateway: { rounds: ['certificate'], proof: 'signature', clients }, way: way(['certificate']) },
    ],
    ['EAP alone', { gateway: { rounds: ['eap'], proof: 'eap' }, way: way(['eap'], 'eap') }],
    [
      'a certificate, then EAP',
      {
        gateway: { rounds: ['certificate', 'eap'], proof: 'signature', clients },
        way: way(['certificate', 'eap']),
      },
    ],
    [
      'EAP, then a certificate',
      {
        gateway: { rounds: ['eap', 'certificate'], proof: 'signature', clients },
        way: way(['eap', 'certificate']),
      },
    ],
    ['EAP twice', { gateway: { rounds: ['eap', 'eap'], proof: 'signature' }, way: way(['eap', 'eap']) }],
    [
      'a pre-shared key with a PPK',
      {
        gateway: { rounds: ['psk'], proof: 'psk', psk, ppk: { ...knownPpk, required: true } },
        way: way(['psk'], 'psk'),
        config: { ppk: { id: knownPpk.id, required: true } },
      },
    ],
    [
      'a certificate with a PPK',
      {
        gateway: {
          rounds: ['certificate'],
          proof: 'signature',
          clients,
          ppk: { ...knownPpk, required: false },
        },
        way: way(['certificate']),
        config: { ppk: { id: knownPpk.id, required: true } },
      },
    ],
    [
      'EAP with a PPK',
      {
        gateway: { rounds: ['eap'], proof: 'signature', ppk: { ...knownPpk, required: true } },
        way: way(['eap']),
        config: { ppk: { id: knownPpk.id, required: true } },
      },
    ],
    [
      'EAP with a PPK that it does not know',
      {
        gateway: { rounds: ['eap'], proof: 'signature', ppk: { ...knownPpk, required: false } },
        way: way(['eap']),
        config: { ppk: { id: utf8.encode('another'), required: false } },
      },
    ],
    [
      'a certificate with a PPK that it does not know',
      {
        gateway: {
          rounds: ['certificate'],
          proof: 'signature',
          clients,
          ppk: { ...knownPpk, required: false },
        },
        way: way(['certificate']),
        config: { ppk: { id: utf8.encode('another'), required: false } },
      },
    ],
  ];
  for (const [name, scene] of cases) it(name, () => assertIn(play(scene)));
});

describe('the embedded gateway refuses', () => {
  const cases: readonly (readonly [string, FailureCode, Play])[] = [
    [
      'another pre-shared key',
      'auth.refused-psk',
      {
        gateway: { rounds: ['psk'], proof: 'signature', psk },
        way: way(['psk']),
        client: { secrets: { psk: 'another key, also of good length' } },
      },
    ],
    [
      'a certificate that it does not know',
      'auth.refused-certificate',
      { gateway: { rounds: ['certificate'], proof: 'signature', clients: [] }, way: way(['certificate']) },
    ],
    [
      'a known certificate with another key',
      'auth.refused-certificate',
      {
        gateway: { rounds: ['certificate'], proof: 'signature', clients },
        way: way(['certificate']),
        client: { own: { ...own, privateKey: stranger } },
      },
    ],
    [
      'EAP where it wants a certificate',
      'auth.refused-early',
      { gateway: { rounds: ['certificate'], proof: 'signature', clients }, way: way(['eap']) },
    ],
    [
      'a certificate where it wants EAP',
      'auth.wants-eap',
      { gateway: { rounds: ['eap'], proof: 'signature' }, way: way(['certificate']) },
    ],
    [
      'one round where it wants two',
      'auth.refused-certificate',
      { gateway: { rounds: ['certificate', 'eap'], proof: 'signature', clients }, way: way(['certificate']) },
    ],
    [
      'EAP alone with a client that does not know it',
      'auth.refused-early',
      { gateway: { rounds: ['eap'], proof: 'eap' }, way: way(['eap']) },
    ],
    [
      'a client without the PPK',
      'auth.refused-psk',
      {
        gateway: { rounds: ['psk'], proof: 'psk', psk, ppk: { ...knownPpk, required: true } },
        way: way(['psk'], 'psk'),
      },
    ],
    [
      'another PPK of the same name',
      'auth.refused-ppk',
      {
        gateway: { rounds: ['psk'], proof: 'psk', psk, ppk: { ...knownPpk, required: false } },
        way: way(['psk'], 'psk'),
        client: { secrets: { psk: pskText, ppk: 'another one' } },
        config: { ppk: { id: knownPpk.id, required: true } },
      },
    ],
  ];
  for (const [name, code, scene] of cases) {
    it(`${name}: ${code}`, () => {
      const { network, client } = play(scene);
      failsWith(client, code);
      assert.equal(network.all('child-install').length, 0);
      assert.equal(network.gateway.counters.clients, 0);
    });
  }
});
