import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/ike/message.ts';
import type { IkeHeader } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { Scenario } from './scenario.ts';
import { notify } from './scripted-responder.ts';

/** What a gateway without memory says to the engine's last message: unprotected, with its SPIs. */
function invalidIkeSpi(scenario: Scenario, header: Partial<IkeHeader> = {}): Uint8Array {
  const asked = decodeMessage(scenario.sent());
  assert.ok(asked.ok);
  const answer = { ...asked.value.header, isResponse: true, fromInitiator: false, ...header };
  return encodeMessage({ header: answer, payloads: [notify(notifyType.INVALID_IKE_SPI)] });
}

/** The same of ESP: nobody asked for it, and its IKE SPIs say nothing. */
function invalidSpi(spi: number): Uint8Array {
  const header: IkeHeader = {
    initiatorSpi: 5n,
    responderSpi: 0n,
    majorVersion: 2,
    minorVersion: 0,
    exchange: exchangeType.INFORMATIONAL,
    fromInitiator: true,
    isResponse: false,
    messageId: 0,
  };
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, spi);
  return encodeMessage({ header, payloads: [notify(notifyType.INVALID_SPI, data)] });
}

const outboundSpi = (scenario: Scenario) => scenario.only('child-install').child.outbound.spi;

test('<-- N(INVALID_IKE_SPI), unprotected: we ask at once, and give up soon; it is not believed', () => {
  const scenario = new Scenario().to('established');
  scenario.fresh();
  scenario.deliver(invalidIkeSpi(scenario));
  assert.deepEqual(scenario.fresh(), ['transmit']);
  assert.equal(scenario.ike.state, 'established');
  const began = scenario.now;
  while (scenario.ike.state === 'established') assert.ok(scenario.wake());
  assert.equal(scenario.error?.code, 'peer.dead');
  assert.ok(scenario.now - began < 10_000, `${scenario.now - began} ms`);
});

test('<-- N(INVALID_SPI) for our ESP: we ask, and an answer ends the doubt', () => {
  const scenario = new Scenario().to('established');
  scenario.fresh();
  scenario.deliver(invalidSpi(outboundSpi(scenario)));
  assert.deepEqual(scenario.fresh(), ['transmit']);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  assert.ok(scenario.fresh().includes('proven'));
  scenario.now += 9_000;
  scenario.timeout();
  assert.equal(scenario.ike.state, 'established');
});

test('a hint about SPIs that are not ours, or in a message that is no hint, asks nothing', () => {
  const scenario = new Scenario().to('established');
  scenario.fresh();
  scenario.deliver(invalidSpi(outboundSpi(scenario) + 1));
  scenario.deliver(invalidIkeSpi(scenario, { responderSpi: 99n }));
  scenario.deliver(invalidIkeSpi(scenario, { isResponse: false }));
  assert.deepEqual(scenario.fresh(), []);
});

test('a flood of hints has us ask once in a while', () => {
  const scenario = new Scenario().to('established');
  const hint = invalidSpi(outboundSpi(scenario));
  scenario.fresh();
  for (let times = 0; times < 1_000; times++) scenario.deliver(hint);
  assert.deepEqual(scenario.fresh(), ['transmit']);
  scenario.deliver(scenario.responder.respond(scenario.sent(), []));
  scenario.fresh();
  scenario.now += limits.hintPauseMs;
  scenario.deliver(hint);
  assert.deepEqual(scenario.fresh(), ['transmit']);
});
