import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equal } from '../../../core/base/octets.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { selectorOf } from '../../../core/ike/child-wishes.ts';
import { deriveChildKeys } from '../../../core/ike/keymat.ts';
import { notifiesOf, payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { established, notifiesIn } from './login-by-hand.ts';
import { prefix } from './network.ts';
import type { RawClient } from './raw-client.ts';
import {
  accepted,
  createChild,
  crypto,
  deleteChild,
  deleteIke,
  firstSpi,
  newSpi,
  nonceOf,
  spiIn,
} from './rekey-by-hand.ts';

const { INFORMATIONAL } = exchangeType;
const nonce = nonceOf(0x77);

describe('the client rekeys its CHILD SA', () => {
  it('and the gateway has the new one before it answers, with keys from both nonces', () => {
    const { client } = established();
    const answer = accepted(createChild(client, { old: firstSpi }));
    const installed = client.all('child-install')[1] ?? assert.fail('not installed');
    assert.equal(installed.outbound, 'standby', 'the client may not have it yet');
    assert.equal(installed.child.inbound.spi, spiIn(answer));
    assert.equal(installed.child.outbound.spi, 0x09090909);
    const kinds = client.outputs.map(({ kind }) => kind);
    assert.ok(kinds.lastIndexOf('child-install') < kinds.lastIndexOf('transmit'));

    const responder = payloadOf(answer, 'Nonce')?.nonce ?? assert.fail('no nonce');
    const { suite, keys } = client.association;
    const { cipher } = installed.child.inbound;
    const expected = deriveChildKeys({ prf: suite.prf, cipher }, keys.skD, { initiator: nonce, responder });
    assert.deepEqual(installed.child.inbound.key, expected.initiator);
    assert.deepEqual(installed.child.outbound.key, expected.responder);
  });

  it('and the gateway sends on the new one when the old one is deleted, not before', () => {
    const { client, last } = established();
    const answer = accepted(createChild(client, { old: firstSpi }));
    assert.deepEqual(client.all('child-switch-outbound'), []);
    client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    const tail = client.outputs.slice(-2);
    assert.deepEqual(
      tail.map(({ kind }) => kind),
      ['child-switch-outbound', 'transmit'],
    );
    assert.deepEqual(
      client.all('child-switch-outbound').map(({ inboundSpi }) => inboundSpi),
      [spiIn(answer)],
    );
    assert.deepEqual(client.removed(), [spiIn(last)]);
    assert.deepEqual(
      client.all('rekeyed').map(({ what, by }) => `${what} ${by}`),
      ['child client'],
    );
  });

  it('and the gateway sends on the new one once a packet came in on it', () => {
    const { client } = established();
    const spi = spiIn(accepted(createChild(client, { old: firstSpi })));
    client.gateway.childUsed(spi, client.now);
    client.gateway.childUsed(spi, client.now);
    client.sent();
    assert.deepEqual(
      client.all('child-switch-outbound').map(({ inboundSpi }) => inboundSpi),
      [spi],
    );
  });

  it('and the gateway receives on the old one a little longer, as packets overtake each other', () => {
    const { client, last } = established();
    accepted(createChild(client, { old: firstSpi }));
    client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    client.sleep(2_999);
    assert.deepEqual(client.all('child-remove'), []);
    assert.deepEqual(client.removed(), [spiIn(last)]);
    const only = client.request(INFORMATIONAL, [deleteChild(newSpi)]);
    assert.deepEqual(only && payloadsOf(only, 'D').length, 1);
    assert.equal(client.all('child-remove').length, 2, 'the last one goes at once');
  });

  it('and leaves at once: nothing of it stays', () => {
    const { client, last } = established();
    const answer = accepted(createChild(client, { old: firstSpi }));
    client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    client.request(INFORMATIONAL, [deleteIke]);
    assert.deepEqual(
      client.all('child-remove').map(({ inboundSpi }) => inboundSpi),
      [spiIn(last), spiIn(answer)],
    );
    assert.equal(client.removed().length, 2);
  });

  it('again and again, for weeks', () => {
    const { client } = established();
    let old = firstSpi;
    for (let round = 1; round <= 100; round++) {
      const spi = Uint8Array.of(7, 0, 0, round);
      accepted(createChild(client, { old, spi }));
      client.request(INFORMATIONAL, [deleteChild(old)]);
      old = spi;
    }
    assert.equal(client.all('child-install').length, 101);
    assert.equal(client.removed().length, 100);
  });

  it('with a key exchange of its own', () => {
    const { client } = established();
    const secret = crypto.keyExchange(19)?.generate(seededRandom(5)) ?? assert.fail();
    const ke = { kind: 'KE', group: 19, publicValue: secret.publicValue } as const;
    const answer = accepted(createChild(client, { old: firstSpi, groups: [19, 14, 0], ke }));
    const shared = secret.agree(payloadOf(answer, 'KE')?.publicValue ?? assert.fail('no KE'));
    assert.ok(shared.ok);
    const { child } = client.all('child-install')[1] ?? assert.fail();
    const { suite, keys } = client.association;
    const responder = payloadOf(answer, 'Nonce')?.nonce ?? assert.fail();
    const nonces = { initiator: nonce, responder };
    const { cipher } = child.inbound;
    const expected = deriveChildKeys({ prf: suite.prf, cipher }, keys.skD, nonces, shared.value);
    assert.deepEqual(child.inbound.key, expected.initiator);
  });

  it('and is told which group the gateway wants, or that it wants none', () => {
    const guess = { kind: 'KE', group: 19, publicValue: new Uint8Array(64).fill(4) } as const;
    const picky = established({ childKeyExchanges: [14] }).client;
    const asked = createChild(picky, { old: firstSpi, groups: [19, 14, 0], ke: guess });
    assert.deepEqual(asked && notifiesOf(asked, notifyType.INVALID_KE_PAYLOAD).map(({ data }) => [...data]), [
      [0, 14],
    ]);
    assert.deepEqual(notifiesIn(createChild(picky, { old: firstSpi })), [notifyType.NO_PROPOSAL_CHOSEN]);
    assert.equal(picky.all('child-install').length, 1);

    const without = established({ childKeyExchanges: [0] }).client;
    const answer = accepted(createChild(without, { old: firstSpi, groups: [19, 0], ke: guess }));
    assert.equal(payloadOf(answer, 'KE'), undefined);
    const transforms = payloadOf(answer, 'SA')?.proposals[0]?.transforms ?? [];
    assert.deepEqual(
      transforms.filter(({ type }) => type === 4),
      [{ type: 4, id: 0 }],
    );
    const insists = createChild(without, {
      old: newSpi,
      spi: Uint8Array.of(8, 8, 8, 8),
      groups: [19],
      ke: guess,
    });
    assert.deepEqual(notifiesIn(insists), [notifyType.NO_PROPOSAL_CHOSEN]);
  });

  it('that the gateway does not have', () => {
    const { client } = established();
    const answer = createChild(client, { old: newSpi });
    const [notify] = answer === undefined ? [] : notifiesOf(answer, notifyType.CHILD_SA_NOT_FOUND);
    assert.equal(notify?.protocol, 3);
    assert.ok(equal(notify?.spi ?? firstSpi, newSpi));
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('twice: the second time it is too late', () => {
    const { client } = established();
    accepted(createChild(client, { old: firstSpi }));
    const again = createChild(client, { old: firstSpi, spi: Uint8Array.of(8, 8, 8, 8) });
    assert.deepEqual(notifiesIn(again), [notifyType.TEMPORARY_FAILURE]);
  });

  it('and deletes the new one again: the old one is live', () => {
    const { client } = established();
    accepted(createChild(client, { old: firstSpi }));
    client.request(INFORMATIONAL, [deleteChild(newSpi)]);
    accepted(createChild(client, { old: firstSpi, spi: Uint8Array.of(8, 8, 8, 8) }));
  });
});

describe('the client asks for another CHILD SA', () => {
  it('and gets it, narrowed, beside the first', () => {
    const { client } = established();
    const { addresses } = client.all('client-up')[0]?.summary ?? assert.fail();
    const answer = accepted(createChild(client, { selectors: [selectorOf(prefix('10.9.0.0/16'))] }));
    const v4 = addresses.filter(({ address }) => address.family === 4).map(selectorOf);
    assert.deepEqual(payloadOf(answer, 'TSi')?.selectors, v4);
    assert.deepEqual(payloadOf(answer, 'TSr')?.selectors, [selectorOf(prefix('10.1.0.0/16'))]);
    assert.equal(client.all('child-install').length, 2);
    assert.deepEqual(client.all('child-remove'), []);
  });

  it('that does not fit', () => {
    const { client } = established();
    const answer = createChild(client, { selectors: [selectorOf(prefix('172.16.0.0/12'))] });
    assert.deepEqual(notifiesIn(answer), [notifyType.TS_UNACCEPTABLE]);
  });

  it('too often', () => {
    const { client } = established();
    const answers = Array.from({ length: 20 }, (_, at) =>
      createChild(client, { spi: Uint8Array.of(7, 0, 0, at) }),
    );
    assert.deepEqual(notifiesIn(answers[19]), [notifyType.NO_ADDITIONAL_SAS]);
    assert.equal(client.all('child-install').length, 16);
  });
});

describe('a gateway with a habit', () => {
  it('cannot rekey, is busy once, refuses, or says nothing', () => {
    const ask = (client: RawClient) => createChild(client, { old: firstSpi });
    const { client: old } = established({ habits: { noAdditionalSas: true } });
    assert.deepEqual(notifiesIn(ask(old)), [notifyType.NO_ADDITIONAL_SAS]);
    const { client: busy } = established({ habits: { temporaryFailureOnce: true } });
    assert.deepEqual(notifiesIn(ask(busy)), [notifyType.TEMPORARY_FAILURE]);
    accepted(ask(busy));
    const { client: refuser } = established({ habits: { refuseRekey: notifyType.NO_PROPOSAL_CHOSEN } });
    assert.deepEqual(notifiesIn(ask(refuser)), [notifyType.NO_PROPOSAL_CHOSEN]);
    const { client: silent } = established({ habits: { silentInRekey: true } });
    assert.equal(ask(silent), undefined);
  });
});
