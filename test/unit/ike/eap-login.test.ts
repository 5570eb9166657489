import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario } from './scenario.ts';
import { notify } from './scripted-responder.ts';

const eap = (text: string): Payload => ({ kind: 'EAP', packet: Buffer.from(text) });

test('EAP begins only after the signature of the gateway is good', () => {
  const scenario = new Scenario().to('judging-gateway');
  assert.deepEqual(scenario.eap.seen, []);
  scenario.giveVerdict();
  assert.deepEqual(scenario.eap.seen, ['challenge']);
});

test('any number of EAP rounds up to the bound, then AUTH', () => {
  const scenario = new Scenario().to('logging-in');
  for (let round = 2; round < limits.eapRounds; round++) {
    scenario.deliver(scenario.responder.respond(scenario.sent(), [eap(`more ${round}`)]));
    assert.deepEqual(scenario.responder.open(scenario.sent()).payloads, [
      { kind: 'EAP', packet: Uint8Array.from(Buffer.from(`re: more ${round}`)) },
    ]);
  }
  scenario.deliver(scenario.responder.respond(scenario.sent(), [eap('success')]));
  assert.equal(payloadOf(scenario.responder.open(scenario.sent()), 'AUTH')?.method, 2);
});

test('EAP without end is ended', () => {
  const scenario = new Scenario().to('logging-in');
  for (let round = 0; round < limits.eapRounds && scenario.ike.state === 'logging-in'; round++) {
    scenario.deliver(scenario.responder.respond(scenario.sent(), [eap('more')]));
  }
  assert.equal(scenario.error?.code, 'peer.misbehaved');
  assert.ok(scenario.eap.wiped);
});

test('a method without a key: AUTH comes from SK_pi and SK_pr', () => {
  const scenario = new Scenario();
  scenario.eap.withKey = false;
  scenario.to('established');
  assert.equal(scenario.ike.state, 'established');
});

for (const [name, change] of [
  [
    'from another key',
    (all: Payload[]) =>
      all.map((own) => (own.kind === 'AUTH' ? { ...own, data: own.data.map((octet) => octet ^ 1) } : own)),
  ],
  [
    'cut short',
    (all: Payload[]) => all.map((own) => (own.kind === 'AUTH' ? { ...own, data: own.data.slice(1) } : own)),
  ],
  [
    'of another method',
    (all: Payload[]) => all.map((own) => (own.kind === 'AUTH' ? { ...own, method: 1 } : own)),
  ],
] as const) {
  test(`the last AUTH of the gateway ${name}: auth.eap-binding, nothing is installed, and the gateway is told`, () => {
    const scenario = new Scenario({ last: change }).to('established');
    assert.equal(scenario.error?.code, 'auth.eap-binding');
    assert.equal(scenario.all('child-install').length + scenario.all('config-assigned').length, 0);
    const last = scenario.responder.open(scenario.sent());
    assert.equal(last.header.exchange, exchangeType.INFORMATIONAL);
    assert.equal(payloadOf(last, 'N')?.type, notifyType.AUTHENTICATION_FAILED);
  });
}

test('the last response without AUTH proves nothing, whatever else it has', () => {
  const scenario = new Scenario({ last: (all) => all.filter(({ kind }) => kind !== 'AUTH') }).to(
    'established',
  );
  assert.equal(scenario.error?.code, 'peer.misbehaved');
  assert.equal(scenario.all('child-install').length, 0);
});

for (const [name, payloads, code] of [
  ['EAP-Failure', [eap('failure')], 'auth.password'],
  [
    'EAP-Failure with N(AUTHENTICATION_FAILED)',
    [eap('failure'), notify(notifyType.AUTHENTICATION_FAILED)],
    'auth.password',
  ],
  ['N(AUTHENTICATION_FAILED)', [notify(notifyType.AUTHENTICATION_FAILED)], 'auth.refused'],
  [
    'EAP that goes on and N(AUTHENTICATION_FAILED)',
    [eap('more'), notify(notifyType.AUTHENTICATION_FAILED)],
    'auth.refused',
  ],
  ['nothing', [{ kind: 'AUTH', method: 2, data: new Uint8Array(48) }], 'peer.misbehaved'],
] as const) {
  test(`<-- SK {${name}} instead of EAP-Success: ${code}`, () => {
    const scenario = new Scenario({ eap: () => [...payloads] }).to('requesting-address');
    assert.equal(scenario.error?.code, code);
    assert.ok(scenario.eap.wiped);
  });
}

test('when the login is lost already, its cause is told, whatever the gateway does then', () => {
  const cause = failure('auth.password', { side: 'local' });
  const lose = () => {
    const scenario = new Scenario().to('logging-in');
    scenario.eap.handle = () => ({ kind: 'respond', packet: Buffer.from('too bad'), failing: cause });
    scenario.deliver(scenario.responder.respond(scenario.sent(), [eap('the password is wrong')]));
    return scenario;
  };
  const silent = lose();
  while (silent.wake());
  assert.deepEqual(silent.error, cause);
  const refused = lose();
  refused.deliver(refused.responder.respond(refused.sent(), [notify(notifyType.AUTHENTICATION_FAILED)]));
  assert.deepEqual(refused.error, cause);
  const deleted = lose();
  deleted.deliver(deleted.responder.request(0, [{ kind: 'D', protocol: 1, spis: [] }]));
  assert.deepEqual(deleted.error, cause);
});

test('no password: the login ends with what the driver says', () => {
  const scenario = new Scenario().to('awaiting-credential');
  scenario.refuse(failure('tunnel.cancelled'));
  assert.equal(scenario.error?.code, 'tunnel.cancelled');
  assert.ok(scenario.eap.wiped);
});

test('answers to asks that are not open change nothing', () => {
  const scenario = new Scenario().to('judging-gateway');
  scenario.givePassword();
  assert.equal(scenario.ike.state, 'judging-gateway');
  scenario.giveVerdict();
  const outputs = scenario.outputs.length;
  scenario.answerAsk(1, { kind: 'refused', error: failure('tunnel.cancelled') });
  assert.equal(scenario.outputs.length, outputs);
  assert.equal(scenario.ike.state, 'awaiting-credential');
});
