import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '../../../core/base/utf8.ts';
import { ikeNotify } from '../../../core/ike/payload-list.ts';
import { buildEapAuth } from '../../../core/ike/tasks/eap-login.ts';
import { payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { established, loginByHand, notifiesIn, proveByHand, rawClient } from './login-by-hand.ts';
import { RawClient } from './raw-client.ts';

const { INFORMATIONAL, CREATE_CHILD_SA, IKE_AUTH } = exchangeType;

const authenticationFailed = ikeNotify(notifyType.AUTHENTICATION_FAILED);

describe('the gateway answers what is asked inside an IKE SA', () => {
  it('deletes the CHILD SA alone when asked, and names its own SPI', () => {
    const { client, last } = established();
    const mine = { kind: 'D', protocol: 3, spis: [0x01020304] } as const;
    const answer = client.request(INFORMATIONAL, [mine]);
    const spi = payloadOf(last, 'SA')?.proposals[0]?.spi ?? assert.fail('no SPI');
    const [theirs] = answer === undefined ? [] : payloadsOf(answer, 'D');
    assert.deepEqual(theirs?.spis, [new DataView(spi.buffer, spi.byteOffset).getUint32(0)]);
    assert.deepEqual(client.request(INFORMATIONAL, [mine])?.payloads, [], 'it is gone');
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('refuses a message with an unknown critical payload, and goes on', () => {
    const { client } = established();
    const unknown = { kind: 'unknown', type: 200, critical: true, body: new Uint8Array(3) } as const;
    const answer = client.request(INFORMATIONAL, [unknown]);
    assert.deepEqual(notifiesIn(answer), [notifyType.UNSUPPORTED_CRITICAL_PAYLOAD]);
    assert.deepEqual(client.request(INFORMATIONAL, [{ ...unknown, critical: false }])?.payloads.length, 0);
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('ignores the deletion of a CHILD SA that is not there, and unknown notifies', () => {
    const { client } = established();
    const unknown = {
      kind: 'N',
      protocol: 0,
      spi: new Uint8Array(0),
      type: 40_001,
      data: new Uint8Array(9),
    } as const;
    assert.deepEqual(client.request(INFORMATIONAL, [{ kind: 'D', protocol: 3, spis: [77] }])?.payloads, []);
    assert.deepEqual(client.request(INFORMATIONAL, [unknown])?.payloads, []);
    assert.equal(client.gateway.counters.clients, 1);
  });
});

describe('the gateway refuses a login', () => {
  it('with the wrong AUTH after a right password', () => {
    const client = rawClient();
    const msk = loginByHand(client);
    msk[0] = (msk[0] ?? 0) ^ 1;
    const auth = buildEapAuth(client.association, { type: 2, data: utf8.encode('alice') }, msk);
    assert.deepEqual(notifiesIn(client.authenticate([auth])), [notifyType.AUTHENTICATION_FAILED]);
    assert.equal(client.gateway.counters.clients, 0);
    assert.equal(client.authenticate([auth]), undefined, 'the SA is over');
  });

  it('whose AUTH is for another identity than it began with', () => {
    const client = rawClient();
    const auth = buildEapAuth(
      client.association,
      { type: 2, data: utf8.encode('root') },
      loginByHand(client),
    );
    assert.deepEqual(notifiesIn(client.authenticate([auth])), [notifyType.AUTHENTICATION_FAILED]);
  });

  it('without EAP', () => {
    const client = rawClient();
    const auth = { kind: 'AUTH', method: 2, data: new Uint8Array(32) } as const;
    const answer = client.authenticate([...RawClient.firstRequest(), auth]);
    assert.deepEqual(notifiesIn(answer), [notifyType.AUTHENTICATION_FAILED]);
  });

  it('that skips EAP', () => {
    const client = rawClient();
    client.authenticate(RawClient.firstRequest());
    const auth = buildEapAuth(
      client.association,
      { type: 2, data: utf8.encode('alice') },
      new Uint8Array(64),
    );
    assert.deepEqual(notifiesIn(client.authenticate([auth])), [notifyType.INVALID_SYNTAX]);
    assert.equal(client.gateway.counters.halfOpen, 0);
  });

  it('that asks for no address, or names a reserved SPI', () => {
    const answerTo = (change: (payloads: readonly Payload[]) => readonly Payload[]) => {
      const client = rawClient();
      const msk = loginByHand(client, change(RawClient.firstRequest()));
      const identity = { type: 2, data: utf8.encode('alice') };
      return notifiesIn(client.authenticate([buildEapAuth(client.association, identity, msk)]));
    };
    const without = answerTo((payloads) => payloads.filter(({ kind }) => kind !== 'CP'));
    assert.deepEqual(without, [notifyType.FAILED_CP_REQUIRED]);
    const reserved = answerTo((payloads) =>
      payloads.map((payload) =>
        payload.kind === 'SA'
          ? {
              ...payload,
              proposals: payload.proposals.map((proposal) => ({
                ...proposal,
                spi: Uint8Array.of(0, 0, 0, 9),
              })),
            }
          : payload,
      ),
    );
    assert.deepEqual(reserved, [notifyType.NO_PROPOSAL_CHOSEN]);
  });
});

describe('the gateway knows why a login failed', () => {
  it('when the client leaves without confirming the wrong password, as strongSwan does', () => {
    const client = rawClient();
    assert.equal(proveByHand(client, RawClient.firstRequest(), 'wrong').verdict.code, 'request');
    assert.deepEqual(client.request(INFORMATIONAL, [authenticationFailed])?.payloads, []);
    const failed = client.outputs.filter((output) => output.kind === 'login-failed');
    assert.deepEqual(
      failed.map(({ user, error }) => [user, error.code]),
      [['alice', 'auth.password']],
    );
  });
});

describe('the gateway ends an IKE SA that breaks a rule', () => {
  it('by a message without its payloads, and says so', () => {
    const client = rawClient();
    assert.deepEqual(notifiesIn(client.authenticate([])), [notifyType.INVALID_SYNTAX]);
    assert.equal(client.gateway.counters.halfOpen, 0);
  });

  it('by an exchange out of its turn', () => {
    assert.deepEqual(notifiesIn(rawClient().request(CREATE_CHILD_SA, [])), [notifyType.INVALID_SYNTAX]);
    const { client } = established();
    assert.deepEqual(notifiesIn(client.request(IKE_AUTH, RawClient.firstRequest())), [
      notifyType.INVALID_SYNTAX,
    ]);
    assert.equal(client.gateway.counters.clients, 0);
  });

  it('when the client could not believe it, without a word', () => {
    const client = rawClient();
    client.authenticate(RawClient.firstRequest());
    assert.deepEqual(client.request(INFORMATIONAL, [authenticationFailed])?.payloads, []);
    assert.equal(client.gateway.counters.halfOpen, 0);
  });
});
