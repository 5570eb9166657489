import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import type { IkeOutput } from '../../../core/ike/io.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { payloadType } from '../../../core/wire/registry/payload-types.ts';
import { Scenario, type Stage, stages } from './scenario.ts';
import { clear } from './scripted-responder.ts';

/** What somebody who sees the traffic, but has no keys, may throw at the engine. */
function hostile(scenario: Scenario): Uint8Array[] {
  const random = seededRandom(99);
  const ours = scenario.all('transmit').map(({ octets }) => octets);
  const last = scenario.sent();
  const fromResponder = last.slice();
  // Flags: a response, not from the initiator.
  fromResponder[19] = 0x20;
  const asRequest = last.slice();
  asRequest[19] = 0;
  const datagrams = [
    new Uint8Array(0),
    Uint8Array.of(0xff),
    new Uint8Array(27),
    new Uint8Array(28),
    random.octets(2_000),
    new Uint8Array(limits.ikeMessageOctets + 1),
    ...ours,
    fromResponder,
    asRequest,
  ];
  for (let length = 0; length < fromResponder.length; length += 7)
    datagrams.push(fromResponder.slice(0, length));
  for (let i = 0; i < 300; i++) {
    const [kind = 0, at = 0, value = 0] = random.octets(3);
    const changed = (kind & 1 ? fromResponder : asRequest).slice();
    const index = (at * 256 + kind) % changed.length;
    changed[index] = (changed[index] ?? 0) ^ (value || 1);
    datagrams.push(changed);
  }
  return datagrams;
}

for (const stage of stages) {
  test(`garbage in ${stage} is dropped and counted, and the login goes on`, () => {
    const scenario = new Scenario().to(stage);
    const before = scenario.outputs.length;
    const datagrams = hostile(scenario);
    for (const octets of datagrams) scenario.deliver(octets);
    assert.equal(scenario.ike.state, stage);
    const answers = scenario.outputs.slice(before);
    // A request in a later version of IKE is told so, a few times. @rfc 7296 2.5
    assert.ok(answers.length <= limits.versionAnswers && answers.every(deniesVersion), 'nothing came out');
    scenario.outputs.length = before;
    const dropped = Object.values(scenario.ike.drops).reduce((sum, count) => sum + count, 0);
    assert.equal(dropped, datagrams.length);
    finish(scenario, stage);
    assert.equal(scenario.ike.state, 'established');
  });
}

function deniesVersion(output: IkeOutput): boolean {
  if (output.kind !== 'transmit') return false;
  const [notify] = clear(output.octets).payloads;
  return notify?.kind === 'N' && notify.type === notifyType.INVALID_MAJOR_VERSION;
}

/** Plays the rest of the login after `stage`. */
function finish(scenario: Scenario, stage: Stage): void {
  const { responder } = scenario;
  const reached = stages.indexOf(stage);
  const steps = [
    () => scenario.deliver(responder.answerInit(scenario.sent())),
    () => {
      responder.open(scenario.sent());
      scenario.deliver(responder.respond(scenario.sent(), responder.proveIdentity()));
    },
    () => scenario.giveVerdict(),
    () => scenario.givePassword(),
    () =>
      scenario.deliver(responder.respond(scenario.sent(), [{ kind: 'EAP', packet: Buffer.from('success') }])),
    () => scenario.deliver(responder.respond(scenario.sent(), responder.finish(scenario.sent()))),
  ];
  for (const step of steps.slice(reached)) step();
}

test('the causes of drops are told apart', () => {
  const scenario = new Scenario().to('authenticating-gateway');
  const { responder } = scenario;
  const good = responder.respond(scenario.sent(), responder.proveIdentity());
  const edit = (at: number, change: (octet: number) => number) => {
    const octets = good.slice();
    octets[at] = change(octets[at] ?? 0);
    return octets;
  };
  scenario.deliver(new Uint8Array(limits.ikeMessageOctets + 1));
  scenario.deliver(good.slice(0, -1));
  scenario.deliver(edit(17, () => 0x30));
  scenario.deliver(edit(0, (octet) => octet ^ 1));
  scenario.deliver(edit(8, (octet) => octet ^ 1));
  scenario.deliver(edit(19, (octet) => octet | 0x08));
  scenario.deliver(edit(23, () => 9));
  scenario.deliver(edit(good.length - 1, (octet) => octet ^ 1));
  const init = scenario.all('transmit')[0]?.octets ?? new Uint8Array(0);
  scenario.deliver(responder.clearResponse(init, []));
  assert.deepEqual(scenario.ike.drops, {
    oversize: 1,
    malformed: 2,
    spi: 2,
    direction: 1,
    'message-id': 1,
    integrity: 1,
    protection: 1,
  });
  scenario.deliver(good);
  assert.equal(scenario.ike.state, 'judging-gateway');
});

test('an error in the clear after IKE_SA_INIT ends nothing', () => {
  const scenario = new Scenario().to('established');
  const { header } = clear(scenario.all('transmit')[0]?.octets ?? new Uint8Array(0));
  for (const exchange of [exchangeType.IKE_SA_INIT, exchangeType.IKE_AUTH, exchangeType.INFORMATIONAL]) {
    const notify = {
      kind: 'N',
      protocol: 0,
      spi: new Uint8Array(0),
      type: 24,
      data: new Uint8Array(0),
    } as const;
    const init = scenario.all('transmit')[0]?.octets ?? new Uint8Array(0);
    scenario.deliver(
      scenario.responder.clearResponse(init, [notify], { ...header, exchange, fromInitiator: false }),
    );
  }
  assert.equal(scenario.ike.state, 'established');
  assert.equal(scenario.ike.drops.protection, 3);
});

test('a fragment of a gateway that did not announce them is dropped', () => {
  const scenario = new Scenario().to('established');
  scenario.deliver(scenario.responder.fragment(0));
  assert.deepEqual(scenario.ike.drops, { fragment: 1 });
  assert.equal(scenario.ike.state, 'established');
});

const brokenInsides = [
  Uint8Array.of(0, 0, 0, 3),
  Uint8Array.of(0, 0, 0xff, 0xff),
  Uint8Array.of(0),
  new Uint8Array(4_000),
  seededRandom(3).octets(500),
];

for (const stage of ['authenticating-gateway', 'logging-in', 'requesting-address'] as const) {
  test(`an authentic response with garbage inside in ${stage} ends the login with "malformed"`, () => {
    for (const inside of brokenInsides) {
      const scenario = new Scenario().to(stage);
      const response = scenario.responder.respond(scenario.sent(), []);
      scenario.deliver(scenario.responder.withInside(response, payloadType.SA, inside));
      assert.equal(scenario.error?.family, 'malformed');
    }
  });
}

test('an authentic request with garbage inside is answered with INVALID_SYNTAX, and is the end', () => {
  for (const inside of brokenInsides) {
    const scenario = new Scenario().to('established');
    scenario.deliver(scenario.responder.withInside(scenario.responder.request(0, []), payloadType.N, inside));
    assert.equal(payloadOf(scenario.responder.open(scenario.sent()), 'N')?.type, notifyType.INVALID_SYNTAX);
    assert.equal(scenario.error?.family, 'malformed');
  }
});
