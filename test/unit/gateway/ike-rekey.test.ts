import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { notifiesOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { established, notifiesIn } from './login-by-hand.ts';
import { accepted, beginIkeRekey, createChild, deleteIke, firstSpi, rekeyIke } from './rekey-by-hand.ts';

const { INFORMATIONAL, CREATE_CHILD_SA } = exchangeType;

describe('the client rekeys the IKE SA', () => {
  it('and goes on with the same CHILD SA in the new one, from message ID 0', () => {
    const { client } = established();
    const old = client.sa;
    client.sa = rekeyIke(client, 0x5678n);
    assert.deepEqual(client.request(INFORMATIONAL, [])?.payloads, []);
    client.sa = old;
    assert.deepEqual(client.request(INFORMATIONAL, [deleteIke])?.payloads, []);
    assert.deepEqual(client.all('client-down'), []);
    assert.deepEqual(client.all('child-remove'), []);
    assert.equal(client.gateway.counters.clients, 1);
    assert.deepEqual(
      client.all('rekeyed').map(({ what, by }) => `${what} ${by}`),
      ['ike client'],
    );
  });

  it('and rekeys the CHILD SA in the new one', () => {
    const { client } = established();
    client.sa = rekeyIke(client, 0x5678n);
    accepted(createChild(client, { old: firstSpi }));
    assert.equal(client.all('child-install').length, 2);
  });

  it('again and again', () => {
    const { client } = established();
    for (let round = 1n; round <= 30n; round++) {
      const next = rekeyIke(client, 0x100n + round);
      client.request(INFORMATIONAL, [deleteIke]);
      client.sa = next;
      client.sleep(30_000);
    }
    assert.deepEqual(client.request(INFORMATIONAL, [])?.payloads, []);
    assert.equal(client.gateway.counters.clients, 1);
    client.request(INFORMATIONAL, [deleteIke]);
    assert.deepEqual(
      client.all('client-down').map(({ reason }) => reason),
      ['client'],
    );
    client.sleep(30_000);
    assert.equal(client.gateway.nextWakeup(), undefined, 'nothing is left');
  });

  it('and the old one makes nothing any more', () => {
    const { client } = established();
    rekeyIke(client, 0x5678n);
    assert.deepEqual(notifiesIn(createChild(client, { old: firstSpi })), [notifyType.TEMPORARY_FAILURE]);
    const again = client.request(CREATE_CHILD_SA, beginIkeRekey(0x9999n).payloads);
    assert.deepEqual(notifiesIn(again), [notifyType.TEMPORARY_FAILURE]);
  });

  it('and never deletes the old one: the gateway forgets it', () => {
    const { client } = established();
    const next = rekeyIke(client, 0x5678n);
    client.sleep(limits.gatewayReplacedMs - 1);
    assert.deepEqual(client.request(INFORMATIONAL, [])?.payloads, []);
    client.sleep(1);
    assert.equal(client.request(INFORMATIONAL, []), undefined);
    assert.equal(client.gateway.counters.drops['unknown-spi'], 1);
    client.sa = next;
    assert.deepEqual(client.request(INFORMATIONAL, [])?.payloads, []);
  });

  it('with a group that the gateway does not want', () => {
    const { client } = established();
    const answer = client.request(CREATE_CHILD_SA, beginIkeRekey(0x5678n, undefined, 14).payloads);
    assert.deepEqual(
      answer && notifiesOf(answer, notifyType.INVALID_KE_PAYLOAD).map(({ data }) => [...data]),
      [[0, 19]],
    );
  });

  it('without a proposal that the gateway takes, or with an SPI of zero', () => {
    const { client } = established({ habits: { noCommonProposal: false } });
    const answer = client.request(CREATE_CHILD_SA, beginIkeRekey(0n).payloads);
    assert.deepEqual(notifiesIn(answer), [notifyType.NO_PROPOSAL_CHOSEN]);
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('more often than it deletes', () => {
    const { client } = established();
    const refusals: number[] = [];
    let made = 1;
    for (let round = 1n; round <= 10n && refusals.length === 0; round++) {
      const { payloads, finish } = beginIkeRekey(0x100n + round);
      const answer = client.request(CREATE_CHILD_SA, payloads) ?? assert.fail();
      refusals.push(...payloadsOf(answer, 'N').map(({ type }) => type));
      if (refusals.length > 0) continue;
      client.sa = finish(client.sa, answer);
      made += 1;
    }
    assert.equal(made, limits.gatewayIkeSas);
    assert.deepEqual(refusals, [notifyType.NO_ADDITIONAL_SAS]);
  });
});
