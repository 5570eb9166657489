import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failure } from '../../../core/base/errors.ts';
import { limits } from '../../../core/base/limits.ts';
import { usualWay } from '../../../core/ike/login-way.ts';
import { Scenario } from './scenario.ts';
import { gatewayKey, ScriptedResponder } from './scripted-responder.ts';

/*
 * Several answers to one IKE_SA_INIT: who was first need not be the gateway. @rfc 7296 2.4
 */

const impostor = (number = 1) => new ScriptedResponder(90 + number, BigInt(number));

/** The last IKE_AUTH request that was sent to this responder; undefined when there is none. */
function askedOf(scenario: Scenario, { spi }: ScriptedResponder): Uint8Array | undefined {
  return scenario
    .all('transmit')
    .map(({ octets }) => octets)
    .findLast((octets) => {
      const header = Buffer.from(octets);
      const ours = Buffer.from(scenario.all('transmit')[0]?.octets ?? []).readBigUInt64BE(0);
      return header.readBigUInt64BE(0) === ours && header.readBigUInt64BE(8) === spi;
    });
}

function requestTo(scenario: Scenario, responder: ScriptedResponder): Uint8Array {
  return askedOf(scenario, responder) ?? assert.fail('nothing was sent there');
}

/** The responder's proof, in answer to what it was asked. */
function prove(scenario: Scenario, responder: ScriptedResponder): void {
  const request = requestTo(scenario, responder);
  responder.open(request);
  scenario.deliver(responder.respond(request, responder.proveIdentity()));
}

/** The impostors answer first, the gateway last. */
function answered(...impostors: ScriptedResponder[]): Scenario {
  const scenario = new Scenario().to('init');
  const init = scenario.sent();
  for (const each of [...impostors, scenario.responder]) scenario.deliver(each.answerInit(init));
  return scenario;
}

/** From the gateway's verdict to the end of the login. */
function finish(scenario: Scenario): void {
  const { responder } = scenario;
  const spki = gatewayKey().publicKey.export({ type: 'spki', format: 'der' });
  const { id } = scenario.all('ask').at(-1) ?? assert.fail('nothing asked');
  scenario.answerAsk(id, {
    kind: 'certificate-verdict',
    verdict: { ok: true, spki },
  });
  scenario.givePassword();
  const success = [{ kind: 'EAP', packet: Buffer.from('success') }] as const;
  scenario.deliver(responder.respond(requestTo(scenario, responder), success));
  const last = requestTo(scenario, responder);
  scenario.deliver(responder.respond(last, responder.finish(last, true)));
}

test('a forged answer came first: both are asked, and the gateway gets the login without a wait', () => {
  const forger = impostor();
  const scenario = answered(forger);
  const began = scenario.now;
  assert.ok(askedOf(scenario, forger));
  prove(scenario, scenario.responder);
  finish(scenario);
  assert.deepEqual([scenario.ike.state, scenario.now], ['established', began]);
  assert.ok(scenario.ike.rivalled);
  assert.deepEqual(scenario.all('closed'), []);
});

test('a forged answer came second: it is asked too, and changes nothing', () => {
  const scenario = new Scenario().to('init');
  const init = scenario.sent();
  const forger = impostor();
  scenario.deliver(scenario.responder.answerInit(init));
  scenario.deliver(forger.answerInit(init));
  assert.ok(askedOf(scenario, forger));
  prove(scenario, scenario.responder);
  finish(scenario);
  assert.equal(scenario.ike.state, 'established');
});

test('who forged goes on and cannot prove itself: the gateway, which has answered meanwhile, gets its turn', () => {
  const forger = impostor();
  const scenario = answered(forger);
  prove(scenario, forger);
  prove(scenario, scenario.responder);
  assert.equal(scenario.all('ask').length, 1, 'one after the other');
  scenario.refuse(failure('certificate.expired'));
  assert.deepEqual(scenario.all('closed'), []);
  finish(scenario);
  assert.equal(scenario.ike.state, 'established');
});

test('the same, and the gateway has not answered yet', () => {
  const forger = impostor();
  const scenario = answered(forger);
  prove(scenario, forger);
  scenario.refuse(failure('certificate.expired'));
  assert.equal(scenario.ike.state, 'authenticating-gateway');
  prove(scenario, scenario.responder);
  finish(scenario);
  assert.equal(scenario.ike.state, 'established');
});

test('an answer that led to nothing comes again: it is not followed twice', () => {
  const forger = impostor();
  const scenario = new Scenario().to('init');
  const answer = forger.answerInit(scenario.sent());
  for (const each of [answer, scenario.responder.answerInit(scenario.sent())]) scenario.deliver(each);
  prove(scenario, forger);
  scenario.refuse(failure('certificate.expired'));
  const sent = scenario.all('transmit').length;
  scenario.deliver(answer);
  assert.equal(scenario.all('transmit').length, sent);
  prove(scenario, scenario.responder);
  finish(scenario);
  assert.equal(scenario.ike.state, 'established');
});

test('<-- SK {N(AUTHENTICATION_FAILED)} of who forged is no word of the gateway, and sends nobody another way', () => {
  const forger = impostor();
  const scenario = new Scenario({}, { logins: [usualWay, usualWay] }).to('init');
  const init = scenario.sent();
  for (const each of [forger, scenario.responder]) scenario.deliver(each.answerInit(init));
  const request = requestTo(scenario, forger);
  const refusal = {
    kind: 'N',
    protocol: 0,
    spi: new Uint8Array(0),
    type: 24,
    data: new Uint8Array(0),
  } as const;
  scenario.deliver(forger.respond(request, [refusal]));
  prove(scenario, scenario.responder);
  finish(scenario);
  assert.equal(scenario.ike.state, 'established');
});

test('nobody proves anything: the last failure is told, once, and nothing is left', () => {
  const forger = impostor();
  const scenario = answered(forger);
  prove(scenario, forger);
  scenario.refuse(failure('certificate.expired'));
  prove(scenario, scenario.responder);
  scenario.refuse(failure('certificate.unknown-ca'));
  assert.equal(scenario.error?.code, 'certificate.unknown-ca');
  assert.equal(scenario.ike.nextWakeup(), undefined);
});

test('all are silent: each is asked again as long as one alone would be, then the login ends', () => {
  const forger = impostor();
  const scenario = answered(forger);
  while (scenario.all('closed').length === 0) assert.ok(scenario.wake());
  assert.equal(scenario.error?.code, 'peer.silent');
  for (const each of [forger, scenario.responder]) {
    const sent = scenario.all('transmit').filter(({ octets }) => octets === askedOf(scenario, each));
    assert.equal(sent.length, limits.retransmitTries);
  }
  assert.equal(scenario.ike.nextWakeup(), undefined);
});

test(`${limits.initRivals} answers beside the first are followed, not one more`, () => {
  const forgers = Array.from({ length: limits.initRivals }, (_, i) => impostor(i + 1));
  const late = impostor(50);
  const scenario = new Scenario().to('init');
  const init = scenario.sent();
  for (const each of [scenario.responder, ...forgers, late]) scenario.deliver(each.answerInit(init));
  for (const each of forgers) assert.ok(askedOf(scenario, each));
  assert.equal(askedOf(scenario, late), undefined);
});

test('once the gateway is proven no other answer counts', () => {
  const scenario = answered();
  prove(scenario, scenario.responder);
  const init = scenario.all('transmit')[0]?.octets ?? assert.fail('IKE_SA_INIT');
  finish(scenario);
  const late = impostor();
  scenario.deliver(late.answerInit(init));
  assert.equal(askedOf(scenario, late), undefined);
});

test('disconnect ends all of them at once', () => {
  const scenario = answered(impostor(1), impostor(2));
  const sent = scenario.all('transmit').length;
  scenario.command('disconnect');
  assert.equal(scenario.error, undefined);
  assert.equal(scenario.ike.nextWakeup(), undefined);
  assert.equal(scenario.all('transmit').length, sent);
});
