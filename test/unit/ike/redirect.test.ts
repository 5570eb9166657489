import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpAddress } from '../../../core/base/address.ts';
import { concat } from '../../../core/base/octets.ts';
import { notifyOf, payloadOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario } from './scenario.ts';
import { clear, notify } from './scripted-responder.ts';

const target = Uint8Array.of(1, 4, 198, 51, 100, 2);
const redirect = (data: Uint8Array) => notify(notifyType.REDIRECT, data);
const follows = { redirects: {} } as const;

function address(text: string) {
  const parsed = parseIpAddress(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** A scenario whose IKE_SA_INIT is answered with this REDIRECT, followed by the nonce of the request unless `nonce` is another. */
function redirectedAtOnce(data: Uint8Array, nonce?: Uint8Array, config: object = follows): Scenario {
  const scenario = new Scenario({}, config).to('init');
  const ours = payloadOf(clear(scenario.sent()), 'Nonce')?.nonce ?? new Uint8Array(0);
  const header = { responderSpi: 0n };
  const payloads = [redirect(concat(data, nonce ?? ours))];
  scenario.deliver(scenario.responder.clearResponse(scenario.sent(), payloads, header));
  return scenario;
}

test('HDR(A,0), N(REDIRECT_SUPPORTED) --> <-- HDR(A,0), N(REDIRECT, Ni): the login ends and says where to go', () => {
  const scenario = redirectedAtOnce(target);
  assert.ok(notifyOf(clear(scenario.sent()), notifyType.REDIRECT_SUPPORTED));
  assert.deepEqual(scenario.only('redirect').to, address('198.51.100.2'));
  assert.equal(scenario.error?.code, 'peer.redirected');
});

test('a redirect names an IPv6 address or a host name too', () => {
  const v6 = concat(Uint8Array.of(2, 16), address('2001:db8::5').octets);
  assert.deepEqual(redirectedAtOnce(v6).only('redirect').to, address('2001:db8::5'));
  const name = Buffer.from('West.example.org.');
  const named = redirectedAtOnce(concat(Uint8Array.of(3, name.length), name));
  assert.equal(named.only('redirect').to, 'west.example.org');
});

test('a redirect without our nonce, or to no gateway, or that nobody asked for, is a mere hint', () => {
  const other = new Uint8Array(32);
  const bad: [Uint8Array, (Uint8Array | undefined)?, object?][] = [
    [target, other],
    [target, new Uint8Array(0)],
    [Uint8Array.of(1, 5, 198, 51, 100, 2, 7)],
    [Uint8Array.of(1, 0)],
    [Uint8Array.of(9, 4, 198, 51, 100, 2)],
    [Uint8Array.of(2, 4, 198, 51, 100, 2)],
    [concat(Uint8Array.of(3, 5), Buffer.from('a b\nc'))],
    [new Uint8Array(0), new Uint8Array(0)],
    [target, undefined, {}],
  ];
  for (const [data, nonce, config] of bad) {
    const scenario = redirectedAtOnce(data, nonce, config);
    assert.equal(scenario.ike.state, 'init', String(data));
    assert.equal(scenario.ike.drops.hint, 1);
    scenario.deliver(scenario.responder.answerInit(scenario.sent()));
    assert.equal(scenario.ike.state, 'authenticating-gateway', 'the true answer is taken');
  }
});

test('who was sent here says from where, in place of REDIRECT_SUPPORTED', () => {
  const byAddress = new Scenario({}, { redirects: { from: address('192.0.2.9') } }).to('init');
  const init = clear(byAddress.sent());
  assert.equal(notifyOf(init, notifyType.REDIRECT_SUPPORTED), undefined);
  assert.deepEqual([...(notifyOf(init, notifyType.REDIRECTED_FROM)?.data ?? [])], [1, 4, 192, 0, 2, 9]);
  const refusing = clear(new Scenario().to('init').sent());
  assert.equal(notifyOf(refusing, notifyType.REDIRECT_SUPPORTED), undefined);
});

test('<-- HDR, SK {IDr, CERT, AUTH, N(REDIRECT)}: followed once the gateway is proven, and no password is asked for', () => {
  const gateway = (payloads: Payload[]) => [
    ...payloads.filter(({ kind }) => kind !== 'EAP'),
    redirect(target),
  ];
  const scenario = new Scenario({ gateway }, follows).to('judging-gateway');
  assert.deepEqual(scenario.all('redirect'), [], 'not before the verdict');
  scenario.giveVerdict();
  assert.deepEqual(scenario.only('redirect').to, address('198.51.100.2'));
  assert.equal(scenario.error?.code, 'peer.redirected');
  assert.equal(scenario.responder.open(scenario.sent()).payloads[0]?.kind, 'D');
});

test('<-- HDR, SK {AUTH, N(REDIRECT)} after EAP: followed, and the IKE SA is deleted', () => {
  const last = (payloads: Payload[]) => [...payloads.filter(({ kind }) => kind === 'AUTH'), redirect(target)];
  const scenario = new Scenario({ last }, follows).to('established');
  assert.deepEqual(scenario.only('redirect').to, address('198.51.100.2'));
  assert.equal(scenario.ike.state, 'closing');
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.equal(scenario.error?.code, 'peer.redirected');
});

test('<-- HDR, SK {N(REDIRECT)} later: answered, told, and the IKE SA stays', () => {
  const scenario = new Scenario({}, follows).to('established');
  scenario.deliver(scenario.responder.request(0, [redirect(target)]));
  assert.deepEqual(scenario.responder.open(scenario.sent()).payloads, []);
  assert.deepEqual(scenario.only('redirect').to, address('198.51.100.2'));
  assert.equal(scenario.ike.state, 'established');
});
