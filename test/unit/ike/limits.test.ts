import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { instant } from '../../../core/base/time.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { ExchangeLayer } from '../../../core/ike/exchange.ts';
import { createProtection } from '../../../core/ike/protection.ts';
import { processConfigReply } from '../../../core/ike/tasks/config-request.ts';
import { sealMessage } from '../../../core/wire/ike/message.ts';
import { configType } from '../../../core/wire/registry/config-attributes.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { RekeyScenario } from './rekey-peer.ts';
import { Scenario } from './scenario.ts';
import { notify } from './scripted-responder.ts';

/*
 * Bounds on what a peer, or its silence, can have an IKE SA do: at the bound it is done, one over it is not.
 */

const local = { address: { family: 4, octets: Uint8Array.of(203, 0, 113, 9) }, port: 40_001 } as const;

function withMobike(): RekeyScenario {
  return new RekeyScenario({}, undefined, {
    last: (payloads) => [...payloads, notify(notifyType.MOBIKE_SUPPORTED)],
  });
}

/** How often the request on the wire goes out until the connection is given up, by whether it names a path. */
function transmissionsUntilDead(scenario: RekeyScenario): { alone: number; all: number } {
  const before = scenario.all('transmit').length;
  while (scenario.all('closed').length === 0) assert.ok(scenario.wake());
  assert.equal(scenario.error?.code, 'peer.dead');
  const sent = scenario.all('transmit').slice(before);
  return { alone: sent.filter(({ paths }) => paths !== undefined).length, all: sent.length };
}

test('roamTries: so often goes an update out that nobody answers', () => {
  const scenario = withMobike();
  scenario.command({ kind: 'roam', local });
  assert.equal(transmissionsUntilDead(scenario).all, limits.roamTries - 1);
});

test('pathCheckTries: so often is one path alone asked, then the usual way', () => {
  const scenario = withMobike();
  scenario.command({ kind: 'check-path', path: 3 });
  const { alone, all } = transmissionsUntilDead(scenario);
  // The first transmission came with the command.
  assert.deepEqual([alone, all], [limits.pathCheckTries - 1, limits.pathCheckTries + limits.roamTries - 1]);
});

test('retiringIkeSas: so many replaced IKE SAs wait for their DELETE; the next rekey has to wait too', () => {
  const scenario = new RekeyScenario();
  for (let i = 0; i < limits.retiringIkeSas; i++) {
    scenario.link = scenario.rekeyIke() ?? assert.fail(`rekey ${i} is taken`);
  }
  assert.equal(scenario.rekeyIke(), undefined);
  assert.equal(scenario.refusal(), notifyType.TEMPORARY_FAILURE);
});

test('queuedIkeRequests: so many wait for the one on the wire, one more is forgotten', () => {
  const { suite, keys } = new Scenario().to('authenticating-gateway').responder.association;
  const sent: Uint8Array[] = [];
  const layer = new ExchangeLayer((octets) => sent.push(octets));
  const spis = { initiator: 1n, responder: 2n };
  layer.acceptInit(spis, createProtection(suite.cipher, keys, seededRandom(3)));
  const now = instant(0);
  for (let i = 0; i < limits.queuedIkeRequests + 2; i++) layer.request(exchangeType.INFORMATIONAL, [], now);
  const answer = (messageId: number): Uint8Array => {
    const header = {
      initiatorSpi: spis.initiator,
      responderSpi: spis.responder,
      majorVersion: 2,
      minorVersion: 0,
      exchange: exchangeType.INFORMATIONAL,
      fromInitiator: false,
      isResponse: true,
      messageId,
    };
    const iv = new Uint8Array(suite.cipher.ivOctets).fill(messageId);
    return sealMessage(
      { header, payloads: [] },
      { cipher: suite.cipher, key: suite.cipher.open(keys.responder) },
      iv,
    );
  };
  for (let id = 1; layer.busy; id++) assert.equal(layer.receive(answer(id), now)?.kind, 'response');
  assert.equal(sent.length, 1 + limits.queuedIkeRequests);
});

/** On the wire a name has one octet more in front than in text, and its dot at the end is the root. @rfc 1035 3.1 */
test('domainOctets: a longer domain for split DNS is passed over', () => {
  const longest = 'a.'.repeat(127);
  assert.equal(longest.length, limits.domainOctets - 1);
  for (const [name, taken] of [
    [longest, 1],
    [`a${longest}`, 0],
  ] as const) {
    const attributes = [
      { type: 1, value: Uint8Array.of(10, 9, 0, 5) },
      { type: 25, value: Buffer.from(name) },
    ];
    const reply = processConfigReply({ payloads: [{ kind: 'CP', type: configType.CFG_REPLY, attributes }] });
    assert.equal(reply.ok && reply.value.dnsDomains.length, taken, `${name.length} octets`);
  }
});
