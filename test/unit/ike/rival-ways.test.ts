import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IkeConfig } from '../../../core/ike/config.ts';
import type { LoginWay } from '../../../core/ike/login-way.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { notify, ScriptedResponder } from './scripted-responder.ts';
import { type Forger, isInit, type Offer, play, ppkText, told, way } from './way-scenario.ts';

/*
 * Somebody answers IKE_SA_INIT before the gateway does, well and with keys of their own, and has no proof. Whatever the way to
 * log in, the gateway gets the login. @rfc 7296 2.4
 */

const knowsAll: Payload[] = [
  notify(notifyType.SIGNATURE_HASH_ALGORITHMS, Buffer.from('000200030004', 'hex')),
  notify(notifyType.MULTIPLE_AUTH_SUPPORTED),
  notify(notifyType.USE_PPK),
];

/** Says this beside SA, KE and nonce; to IKE_AUTH nothing, or `refuses`. */
function forger(says: readonly Payload[] = knowsAll, refuses = false): Forger {
  let responder: ScriptedResponder | undefined;
  let number = 0;
  return (octets) => {
    if (isInit(octets)) {
      number += 1;
      responder = new ScriptedResponder(90 + number, BigInt(number));
      return [responder.answerInit(octets, (payloads) => [...payloads, ...says])];
    }
    const spi = Buffer.from(octets).readBigUInt64BE(8);
    if (!refuses || responder?.spi !== spi) return [];
    return [responder.respond(octets, [notify(notifyType.AUTHENTICATION_FAILED)])];
  };
}

interface Case {
  readonly ways: readonly LoginWay[];
  readonly offer: Offer;
  readonly config?: Partial<IkeConfig>;
}

const byPsk = { certificate: false, psk: true };
const ppk = { ppk: { id: Buffer.from('office'), required: true } };
const optional = { ppk: { id: Buffer.from('office'), required: false } };
const office = { id: 'office', text: ppkText };

const cases: Readonly<Record<string, Case>> = {
  'a PSK on both sides': { ways: [way(['psk'], byPsk)], offer: { proof: 'psk', wants: ['psk'] } },
  'a PSK against a certificate': { ways: [way(['psk'])], offer: { proof: 'certificate', wants: ['psk'] } },
  'a key': { ways: [way(['key'])], offer: { proof: 'certificate', wants: ['key'] } },
  'EAP at a gateway with a PSK': { ways: [way(['eap'], byPsk)], offer: { proof: 'psk', wants: ['eap'] } },
  'a key, then EAP': { ways: [way(['key', 'eap'])], offer: { proof: 'certificate', wants: ['key', 'eap'] } },
  'EAP, then a key': { ways: [way(['eap', 'key'])], offer: { proof: 'certificate', wants: ['eap', 'key'] } },
  'a PSK and a PPK': {
    ways: [way(['psk'], byPsk)],
    offer: { proof: 'psk', wants: ['psk'], ppk: office },
    config: ppk,
  },
  'a key, and a PPK that need not be': {
    ways: [way(['key'])],
    offer: { proof: 'certificate', wants: ['key'], ppk: office },
    config: optional,
  },
};

for (const [name, { ways, offer, config }] of Object.entries(cases)) {
  const without = told(play(ways, offer, config));
  for (const [what, refuses] of [
    ['is silent afterwards', false],
    ['refuses us', true],
  ] as const) {
    test(`${name}; the forger ${what}: the login stands as without, and without a wait`, () => {
      const outcome = play(ways, offer, config, forger(knowsAll, refuses));
      assert.equal(told(outcome), without);
      assert.ok(outcome.up !== undefined);
      assert.equal(outcome.tookMs, 0);
    });
  }

  test(`${name}; the gateway wants a cookie, the forger does not`, () => {
    const outcome = play(ways, { ...offer, cookie: true }, config, forger());
    assert.equal(told(outcome), without);
    assert.ok(outcome.up !== undefined);
  });

  test(`${name}; the gateway wants another group, the forger does not`, () => {
    const outcome = play(ways, { ...offer, group: 14 }, config, forger());
    assert.equal(told(outcome), without);
    assert.ok(outcome.up !== undefined);
  });

  test(`${name}; the forger says that it knows nothing beyond IKEv2 itself`, () => {
    const outcome = play(ways, offer, config, forger([]));
    assert.equal(told(outcome), without);
    assert.ok(outcome.up !== undefined);
  });
}

test('an answer that lacks what one way needs is waited on for a moment, then the next way is taken', () => {
  const ways = [way(['key', 'eap']), way(['eap'])];
  const outcome = play(ways, { proof: 'certificate', wants: ['eap'], multipleAuth: false });
  assert.match(told(outcome), /EAP-Test$/);
});

test('a forged answer beside the true one sends nobody another way', () => {
  const ways = [way(['key', 'eap']), way(['eap'])];
  const offer: Offer = { proof: 'certificate', wants: ['key', 'eap'] };
  assert.equal(told(play(ways, offer, {}, forger([]))), told(play(ways, offer)));
});

test('nobody proves anything: the login ends with what was said, and every question was bounded', () => {
  const outcome = play(
    [way(['key'])],
    { proof: 'certificate', wants: ['nothing'] },
    {},
    forger(knowsAll, true),
  );
  assert.match(told(outcome), /^auth\.refused/);
});

test('the gateway turns us away while the forger is silent: the next way follows when that has gone on for long enough', () => {
  const ways = [way(['key']), way(['eap'])];
  const outcome = play(ways, { proof: 'certificate', wants: ['eap'] }, {}, forger());
  assert.equal(told(outcome), told(play(ways, { proof: 'certificate', wants: ['eap'] })));
  assert.ok(outcome.up !== undefined);
});
