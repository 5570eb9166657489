import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoginWay } from '../../../core/ike/login-way.ts';
import { type Offer, ownKey, play, ppkText, rounds, spkiOf, told, way } from './way-scenario.ts';

const rsa = 'RSA PKCS#1 with SHA-256';
const psk = 'a pre-shared key';
const ecdsa = 'ECDSA P-256 with SHA-256';

const gateways = {
  'certificate, wants EAP': { proof: 'certificate', wants: ['eap'] },
  'certificate, wants a key': { proof: 'certificate', wants: ['key'] },
  'certificate, wants a PSK': { proof: 'certificate', wants: ['psk'] },
  'PSK, wants a PSK': { proof: 'psk', wants: ['psk'] },
  'PSK, wants EAP': { proof: 'psk', wants: ['eap'] },
  'nothing, wants EAP': { proof: 'none', wants: ['eap'] },
  'certificate, wants a key, then EAP': { proof: 'certificate', wants: ['key', 'eap'] },
  'certificate, wants EAP, then EAP': { proof: 'certificate', wants: ['eap', 'eap'] },
  'certificate, wants EAP, then a key': { proof: 'certificate', wants: ['eap', 'key'] },
  'certificate, refuses all': { proof: 'certificate', wants: ['nothing'] },
} as const satisfies Record<string, Offer>;

type GatewayName = keyof typeof gateways;

/** What is configured × what the gateway does → what comes of it. */
const table: Readonly<Record<string, { ways: readonly LoginWay[]; outcomes: Record<GatewayName, string> }>> =
  {
    'EAP, certificate demanded': {
      ways: [way(['eap'])],
      outcomes: {
        'certificate, wants EAP': `${rsa} | EAP-Test`,
        'certificate, wants a key': 'auth.refused-early',
        'certificate, wants a PSK': 'auth.refused-early',
        'PSK, wants a PSK': 'auth.refused-early',
        'PSK, wants EAP': 'auth.method-refused',
        'nothing, wants EAP': 'auth.gateway-unproven',
        'certificate, wants a key, then EAP': 'auth.refused-early',
        'certificate, wants EAP, then EAP': 'auth.refused',
        'certificate, wants EAP, then a key': 'auth.refused',
        'certificate, refuses all': 'auth.refused-early',
      },
    },
    'EAP, the PSK will do': {
      ways: [way(['eap'], { certificate: false, psk: true })],
      outcomes: {
        'certificate, wants EAP': 'auth.method-refused',
        'certificate, wants a key': 'auth.refused-early',
        'certificate, wants a PSK': 'auth.refused-early',
        'PSK, wants a PSK': 'auth.refused-early',
        'PSK, wants EAP': `${psk} | EAP-Test`,
        'nothing, wants EAP': 'auth.gateway-unproven',
        'certificate, wants a key, then EAP': 'auth.refused-early',
        'certificate, wants EAP, then EAP': 'auth.method-refused',
        'certificate, wants EAP, then a key': 'auth.method-refused',
        'certificate, refuses all': 'auth.refused-early',
      },
    },
    'EAP alone will do': {
      ways: [way(['eap'], { eapOnly: true })],
      outcomes: {
        'certificate, wants EAP': `${rsa} | EAP-Test`,
        'certificate, wants a key': 'auth.refused-early',
        'certificate, wants a PSK': 'auth.refused-early',
        'PSK, wants a PSK': 'auth.refused-early',
        'PSK, wants EAP': 'auth.method-refused',
        'nothing, wants EAP': 'EAP-Test alone | EAP-Test',
        'certificate, wants a key, then EAP': 'auth.refused-early',
        'certificate, wants EAP, then EAP': 'auth.refused',
        'certificate, wants EAP, then a key': 'auth.refused',
        'certificate, refuses all': 'auth.refused-early',
      },
    },
    'a key': {
      ways: [way(['key'])],
      outcomes: {
        'certificate, wants EAP': 'auth.wants-eap',
        'certificate, wants a key': `${rsa} | ${ecdsa}`,
        'certificate, wants a PSK': 'auth.refused-key',
        'PSK, wants a PSK': 'auth.refused-key',
        'PSK, wants EAP': 'auth.wants-eap',
        'nothing, wants EAP': 'auth.wants-eap',
        'certificate, wants a key, then EAP': 'auth.refused-key',
        'certificate, wants EAP, then EAP': 'auth.wants-eap',
        'certificate, wants EAP, then a key': 'auth.wants-eap',
        'certificate, refuses all': 'auth.refused-key',
      },
    },
    'a PSK on both sides': {
      ways: [way(['psk'], { certificate: false, psk: true })],
      outcomes: {
        'certificate, wants EAP': 'auth.wants-eap',
        'certificate, wants a key': 'auth.refused-psk',
        'certificate, wants a PSK': 'auth.method-refused',
        'PSK, wants a PSK': `${psk} | ${psk}`,
        'PSK, wants EAP': 'auth.wants-eap',
        'nothing, wants EAP': 'auth.wants-eap',
        'certificate, wants a key, then EAP': 'auth.refused-psk',
        'certificate, wants EAP, then EAP': 'auth.wants-eap',
        'certificate, wants EAP, then a key': 'auth.wants-eap',
        'certificate, refuses all': 'auth.refused-psk',
      },
    },
    'a key, otherwise EAP': {
      ways: [way(['key']), way(['eap'])],
      outcomes: {
        'certificate, wants EAP': `${rsa} | EAP-Test`,
        'certificate, wants a key': `${rsa} | ${ecdsa}`,
        'certificate, wants a PSK': 'auth.refused-early',
        'PSK, wants a PSK': 'auth.refused-early',
        'PSK, wants EAP': 'auth.method-refused',
        'nothing, wants EAP': 'auth.gateway-unproven',
        'certificate, wants a key, then EAP': 'auth.refused-early',
        'certificate, wants EAP, then EAP': 'auth.refused',
        'certificate, wants EAP, then a key': 'auth.refused',
        'certificate, refuses all': 'auth.refused-early',
      },
    },
    'EAP, otherwise a PSK with a certificate': {
      ways: [way(['eap']), way(['psk'])],
      outcomes: {
        'certificate, wants EAP': `${rsa} | EAP-Test`,
        'certificate, wants a key': 'auth.refused-psk',
        'certificate, wants a PSK': `${rsa} | ${psk}`,
        'PSK, wants a PSK': 'auth.method-refused',
        'PSK, wants EAP': 'auth.method-refused',
        'nothing, wants EAP': 'auth.gateway-unproven',
        'certificate, wants a key, then EAP': 'auth.refused-psk',
        'certificate, wants EAP, then EAP': 'auth.refused',
        'certificate, wants EAP, then a key': 'auth.refused',
        'certificate, refuses all': 'auth.refused-psk',
      },
    },
    'a key, then EAP': {
      ways: [way(['key', 'eap'])],
      outcomes: {
        'certificate, wants EAP': 'auth.wants-eap',
        'certificate, wants a key': 'auth.refused',
        'certificate, wants a PSK': 'auth.refused-key',
        'PSK, wants a PSK': 'auth.refused-key',
        'PSK, wants EAP': 'auth.wants-eap',
        'nothing, wants EAP': 'auth.wants-eap',
        'certificate, wants a key, then EAP': `${rsa} | ${ecdsa}, then EAP-Test`,
        'certificate, wants EAP, then EAP': 'auth.wants-eap',
        'certificate, wants EAP, then a key': 'auth.wants-eap',
        'certificate, refuses all': 'auth.refused-key',
      },
    },
    'EAP, then EAP': {
      ways: [way(['eap', 'eap'])],
      outcomes: {
        'certificate, wants EAP': 'auth.refused',
        'certificate, wants a key': 'auth.refused-early',
        'certificate, wants a PSK': 'auth.refused-early',
        'PSK, wants a PSK': 'auth.refused-early',
        'PSK, wants EAP': 'auth.method-refused',
        'nothing, wants EAP': 'auth.gateway-unproven',
        'certificate, wants a key, then EAP': 'auth.refused-early',
        'certificate, wants EAP, then EAP': `${rsa} | EAP-Test, then EAP-Test`,
        'certificate, wants EAP, then a key': 'auth.refused',
        'certificate, refuses all': 'auth.refused-early',
      },
    },
    'EAP, then a key': {
      ways: [way(['eap', 'key'])],
      outcomes: {
        'certificate, wants EAP': 'auth.refused-key',
        'certificate, wants a key': 'auth.refused-early',
        'certificate, wants a PSK': 'auth.refused-early',
        'PSK, wants a PSK': 'auth.refused-early',
        'PSK, wants EAP': 'auth.method-refused',
        'nothing, wants EAP': 'auth.gateway-unproven',
        'certificate, wants a key, then EAP': 'auth.refused-early',
        'certificate, wants EAP, then EAP': 'auth.refused-key',
        'certificate, wants EAP, then a key': `${rsa} | EAP-Test, then ${ecdsa}`,
        'certificate, refuses all': 'auth.refused-early',
      },
    },
  };

for (const [configured, { ways, outcomes }] of Object.entries(table)) {
  for (const [name, offer] of Object.entries(gateways)) {
    test(`configured: ${configured}; the gateway: ${name}`, () => {
      const outcome = play(ways, offer);
      assert.equal(told(outcome), outcomes[name as GatewayName]);
      const installs = outcome.outputs.filter(({ kind }) => kind === 'child-install').length;
      assert.equal(installs, outcome.up === undefined ? 0 : 1);
    });
  }
}

test('two rounds at a gateway that takes one: nothing is shown', () => {
  const outcome = play([way(['key', 'eap'])], {
    proof: 'certificate',
    wants: ['key', 'eap'],
    multipleAuth: false,
  });
  assert.equal(told(outcome), 'auth.one-round-only');
  assert.deepEqual(outcome.asks, []);
});

test('a gateway without RFC 7427 gets the classic signature of the curve', () => {
  assert.equal(
    told(play([way(['key'])], { proof: 'certificate', wants: ['key'], classic: true })),
    `${rsa} | ${ecdsa}`,
  );
});

test('with more than one way the failure says which were tried', () => {
  const { error } = play([way(['key']), way(['psk'])], { proof: 'certificate', wants: ['nothing'] });
  assert.equal(error?.detail['tried'], 'a certificate; a pre-shared key');
});

test('a raw public key needs no certificate', () => {
  const raw: LoginWay = {
    rounds: [{ kind: 'key', credentials: [{ spki: spkiOf(ownKey().publicKey), chain: [] }] }],
    gateway: { certificate: true, psk: false, eapOnly: false, keys: [] },
  };
  assert.equal(told(play([raw], { proof: 'certificate', wants: ['key'] })), `${rsa} | ${ecdsa}`);
});

test('AUTH without the key of EAP is marked as weaker', () => {
  const unbound: LoginWay = { ...way(['eap']), rounds: [{ ...rounds.eap, unbound: true }] };
  // This gateway wants the key of EAP in AUTH, as the RFC has it, so the login fails: nobody gets the weaker one unasked.
  assert.equal(told(play([unbound], { proof: 'certificate', wants: ['eap'] })), 'auth.refused');
});

for (const kinds of [['eap'], ['psk'], ['key']] as const) {
  const configured = kinds[0];
  const gateway = configured === 'psk' ? { certificate: false, psk: true } : {};
  const offer: Offer = { proof: configured === 'psk' ? 'psk' : 'certificate', wants: kinds };
  const ppk = (required: boolean) => ({ ppk: { id: Buffer.from('office'), required } });

  test(`a PPK beside ${configured}: used when the gateway has it`, () => {
    const { up } = play([way(kinds, gateway)], { ...offer, ppk: { id: 'office', text: ppkText } }, ppk(true));
    assert.equal(up?.ppk, true);
  });

  test(`a PPK beside ${configured} that the gateway does not know: left out, and said`, () => {
    const { up } = play([way(kinds, gateway)], { ...offer, ppk: { id: 'other', text: ppkText } }, ppk(false));
    assert.equal(up?.ppk, false);
    assert.ok(up?.weaknesses.includes('no-ppk'));
  });

  test(`a PPK beside ${configured} that differs: no connection`, () => {
    const outcome = play(
      [way(kinds, gateway)],
      { ...offer, ppk: { id: 'office', text: 'another key' } },
      ppk(false),
    );
    assert.match(told(outcome), /^auth\.refused-(?:key|psk|ppk)$/);
  });

  test(`a PPK beside ${configured} that is required, at a gateway without: nobody is asked anything`, () => {
    const outcome = play([way(kinds, gateway)], offer, ppk(true));
    assert.equal(told(outcome), 'auth.ppk-missing');
    assert.deepEqual(outcome.asks, []);
  });
}
