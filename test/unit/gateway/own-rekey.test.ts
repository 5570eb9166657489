import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GatewayConfig } from '../../../core/gateway/config.ts';
import { ikeNotify } from '../../../core/ike/payload-list.ts';
import { payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { established, notifiesIn } from './login-by-hand.ts';
import type { RawClient } from './raw-client.ts';
import {
  accepted,
  answerIkeRekey,
  beginIkeRekey,
  childAnswer,
  createChild,
  deleteChild,
  deleteIke,
  firstSpi,
  newSpi,
  nonceOf,
  rekeyIke,
  spiIn,
} from './rekey-by-hand.ts';

const { INFORMATIONAL, CREATE_CHILD_SA } = exchangeType;
/** What the client calls its SA in a rekey of the gateway's. */
const otherSpi = Uint8Array.of(8, 8, 8, 8);

/** The one request that the gateway sends now. */
function asked(client: RawClient): IkeMessage {
  const [octets, ...more] = client.sent();
  assert.equal(more.length, 0);
  return client.sa.open(octets ?? assert.fail('the gateway asks for nothing'));
}

function answer(client: RawClient, request: IkeMessage, payloads: readonly Payload[]): void {
  client.send(client.sa.response(request, payloads));
}

/** A client with whom the gateway has just begun to rekey. */
function rekeying(what: 'child' | 'ike', config: Partial<GatewayConfig> = {}) {
  const { client, last } = established(config);
  const id = client.all('client-up')[0]?.client ?? assert.fail();
  assert.equal(client.gateway.rekey(id, what, client.now), true);
  return { client, request: asked(client), firstInbound: spiIn(last) };
}

const installs = (client: RawClient) =>
  client.all('child-install').map(({ child, outbound }) => [child.inbound.spi, outbound ?? 'at once']);
const rekeys = (client: RawClient) => client.all('rekeyed').map(({ what, by }) => `${what} ${by}`);

describe('the gateway rekeys the CHILD SA', () => {
  it('names the old one, installs the new one, deletes the old one', () => {
    const { client, request, firstInbound } = rekeying('child');
    assert.equal(request.header.exchange, CREATE_CHILD_SA);
    const [rekeySa] = payloadsOf(request, 'N');
    assert.equal(rekeySa?.type, notifyType.REKEY_SA);
    assert.equal(
      spiIn({
        ...request,
        payloads: [{ kind: 'SA', proposals: [{ number: 1, protocol: 3, spi: rekeySa.spi, transforms: [] }] }],
      }),
      firstInbound,
    );
    answer(client, request, childAnswer(request, otherSpi, nonceOf(1)));
    const deletion = asked(client);
    assert.deepEqual(
      payloadsOf(deletion, 'D').flatMap(({ spis }) => spis),
      [firstInbound],
    );
    assert.deepEqual(client.all('child-remove'), [], 'the client may send on it still');
    answer(client, deletion, [deleteChild(firstSpi)]);
    client.sent();
    assert.deepEqual(installs(client).slice(1), [[spiIn(request), 'at once']]);
    assert.deepEqual(client.removed(), [firstInbound]);
    assert.deepEqual(rekeys(client), ['child gateway']);
    accepted(createChild(client, { old: otherSpi }));
  });

  it('by the clock', () => {
    const { client } = established({ rekeyChildMs: 60_000 });
    assert.equal(client.gateway.nextWakeup(), client.now + 60_000);
    client.sleep(60_000);
    const request = asked(client);
    answer(client, request, childAnswer(request, otherSpi, nonceOf(1)));
    answer(client, asked(client), []);
    client.sent();
    client.sleep(59_999);
    assert.deepEqual(client.sent(), []);
    client.sleep(1);
    assert.equal(asked(client).header.exchange, CREATE_CHILD_SA);
  });

  it('and comes again later when the client is busy, for good when it refuses', () => {
    const { client, request } = rekeying('child');
    answer(client, request, [ikeNotify(notifyType.TEMPORARY_FAILURE)]);
    client.sleep(4_999);
    assert.deepEqual(client.sent(), []);
    client.sleep(5_001);
    answer(client, asked(client), [ikeNotify(notifyType.NO_ADDITIONAL_SAS)]);
    client.sleep(100_000);
    assert.deepEqual(client.sent(), []);
    assert.deepEqual(
      client.all('rekey-failed').map(({ notify }) => notify),
      [notifyType.NO_ADDITIONAL_SAS],
    );
    assert.equal(client.all('child-install').length, 1);
    assert.deepEqual(client.all('child-remove'), []);
  });

  it('with the group that the client asks for, once', () => {
    const { client, request } = rekeying('child', { childKeyExchanges: [19, 14] });
    assert.equal(payloadOf(request, 'KE')?.group, 19);
    const wants14 = [ikeNotify(notifyType.INVALID_KE_PAYLOAD, Uint8Array.of(0, 14))];
    answer(client, request, wants14);
    const again = asked(client);
    assert.equal(payloadOf(again, 'KE')?.group, 14);
    answer(client, again, wants14);
    assert.deepEqual(client.sent(), []);
    assert.equal(client.all('rekey-failed').length, 1);
  });

  it('which the client does not have any more', () => {
    const { client, request, firstInbound } = rekeying('child');
    answer(client, request, [ikeNotify(notifyType.CHILD_SA_NOT_FOUND)]);
    client.sent();
    assert.deepEqual(client.removed(), [firstInbound]);
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('and deletes the old one late, if that is its habit', () => {
    const { client, request } = rekeying('child', { habits: { deleteOldLateMs: 3_000 } });
    answer(client, request, childAnswer(request, otherSpi, nonceOf(1)));
    assert.deepEqual(client.sent(), []);
    assert.deepEqual(notifiesIn(createChild(client, { old: firstSpi })), [notifyType.TEMPORARY_FAILURE]);
    client.sleep(3_000);
    assert.equal(payloadsOf(asked(client), 'D').length, 1);
  });

  it('while the client deletes it', () => {
    const { client, request, firstInbound } = rekeying('child');
    const deleted = client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    assert.deepEqual(deleted && payloadsOf(deleted, 'D').flatMap(({ spis }) => spis), [firstInbound]);
    answer(client, request, [ikeNotify(notifyType.CHILD_SA_NOT_FOUND)]);
    assert.deepEqual(client.sent(), []);
    assert.equal(client.removed().length, 1);
  });

  it('and both sides delete it at once: nobody names it in the answer', () => {
    const { client, request } = rekeying('child');
    answer(client, request, childAnswer(request, otherSpi, nonceOf(1)));
    const deletion = asked(client);
    assert.deepEqual(client.request(INFORMATIONAL, [deleteChild(firstSpi)])?.payloads, []);
    answer(client, deletion, []);
    client.sent();
    assert.equal(client.removed().length, 1);
  });
});

describe('both sides rekey the CHILD SA at once', () => {
  const collide = (gatewayNonce: number) => {
    const collision = rekeying('child', { habits: { rekeyNonceFirstOctet: gatewayNonce } });
    const { client, request } = collision;
    const theirs = spiIn(accepted(createChild(client, { old: firstSpi, nonce: nonceOf(0x77) })));
    answer(client, request, childAnswer(request, otherSpi, nonceOf(0x77)));
    return { ...collision, ours: spiIn(request), theirs, deletion: asked(client) };
  };
  const deleted = (message: IkeMessage) => payloadsOf(message, 'D').flatMap(({ spis }) => spis);

  it('and the gateway, whose exchange has the lowest nonce, deletes its new one', () => {
    const { client, deletion, ours, theirs, firstInbound } = collide(0);
    assert.deepEqual(deleted(deletion), [ours]);
    assert.deepEqual(installs(client), [
      [firstInbound, 'at once'],
      [theirs, 'standby'],
      [ours, 'standby'],
    ]);
    answer(client, deletion, [deleteChild(otherSpi)]);
    client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    assert.deepEqual(
      client.all('child-switch-outbound').map(({ inboundSpi }) => inboundSpi),
      [theirs],
    );
    assert.deepEqual(client.removed(), [ours, firstInbound]);
    assert.deepEqual(rekeys(client), ['child client']);
  });

  it('and the client, whose exchange has the lowest nonce, deletes its new one; the gateway deletes the old one', () => {
    const { client, deletion, ours, theirs, firstInbound } = collide(255);
    assert.deepEqual(deleted(deletion), [firstInbound]);
    assert.deepEqual(installs(client)[2], [ours, 'at once']);
    client.gateway.childUsed(theirs, client.now);
    client.request(INFORMATIONAL, [deleteChild(newSpi)]);
    answer(client, deletion, [deleteChild(firstSpi)]);
    client.sent();
    assert.deepEqual(client.all('child-switch-outbound'), []);
    assert.deepEqual(client.removed(), [theirs, firstInbound]);
    accepted(createChild(client, { old: otherSpi }));
  });

  it('and what was sent on the new one of the client goes back to the one that stays', () => {
    const { client, request } = rekeying('child', { habits: { rekeyNonceFirstOctet: 255 } });
    const theirs = spiIn(accepted(createChild(client, { old: firstSpi })));
    client.gateway.childUsed(theirs, client.now);
    client.request(INFORMATIONAL, [deleteChild(newSpi)]);
    const switched = () => client.all('child-switch-outbound').map(({ inboundSpi }) => inboundSpi);
    const [old] = installs(client)[0] ?? assert.fail();
    assert.deepEqual(switched(), [theirs, old]);
    answer(client, request, childAnswer(request, otherSpi, nonceOf(0x77)));
    answer(client, asked(client), [deleteChild(firstSpi)]);
    client.sent();
    assert.deepEqual(switched(), [theirs, old], 'the one of the gateway takes over by being installed');
  });

  it('and the client, which did not notice, has deleted the old one', () => {
    const { client, request } = rekeying('child');
    const theirs = spiIn(accepted(createChild(client, { old: firstSpi })));
    client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    answer(client, request, [ikeNotify(notifyType.CHILD_SA_NOT_FOUND)]);
    assert.deepEqual(client.sent(), []);
    assert.deepEqual(client.removed().length, 1);
    assert.deepEqual(client.all('rekey-failed'), []);
    assert.deepEqual(
      client.all('child-switch-outbound').map(({ inboundSpi }) => inboundSpi),
      [theirs],
    );
  });
});

describe('the gateway rekeys the IKE SA', () => {
  it('becomes the initiator of the new one, and deletes the old one', () => {
    const { client, request } = rekeying('ike');
    const { payloads, sa } = answerIkeRekey(client.sa, request, 0xabcn);
    answer(client, request, payloads);
    const deletion = asked(client);
    assert.deepEqual(
      payloadsOf(deletion, 'D').map(({ protocol }) => protocol),
      [1],
    );
    const old = client.sa;
    client.sa = sa;
    assert.deepEqual(client.request(INFORMATIONAL, [])?.payloads, []);
    client.send(old.response(deletion, []));
    accepted(createChild(client, { old: firstSpi }));
    assert.deepEqual(rekeys(client), ['ike gateway', 'child client']);
    client.sa = old;
    assert.equal(client.request(INFORMATIONAL, []), undefined, 'the old one is gone');
  });

  it('by the clock, and then the client rekeys the one that the gateway made', () => {
    const { client } = established({ rekeyIkeMs: 60_000, livenessMs: 70_000 });
    client.sleep(60_000);
    const request = asked(client);
    const { payloads, sa } = answerIkeRekey(client.sa, request, 0xabcn);
    answer(client, request, payloads);
    const deletion = asked(client);
    client.send(client.sa.response(deletion, []));
    client.sa = sa;
    client.sa = rekeyIke(client, 0xdefn);
    client.sleep(60_000);
    assert.equal(asked(client).header.exchange, CREATE_CHILD_SA);
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('and answers CHILD SA requests with TEMPORARY_FAILURE meanwhile, but deletes', () => {
    const { client, request } = rekeying('ike');
    assert.deepEqual(notifiesIn(createChild(client, {})), [notifyType.TEMPORARY_FAILURE]);
    const deleted = client.request(INFORMATIONAL, [deleteChild(firstSpi)]);
    assert.equal(deleted && payloadsOf(deleted, 'D').length, 1);
    answer(client, request, [ikeNotify(notifyType.TEMPORARY_FAILURE)]);
    accepted(createChild(client, {}));
    client.sleep(10_000);
    assert.equal(asked(client).header.exchange, CREATE_CHILD_SA);
  });

  it('while the client deletes it', () => {
    const { client } = rekeying('ike');
    assert.deepEqual(client.request(INFORMATIONAL, [deleteIke])?.payloads, []);
    assert.deepEqual(
      client.all('client-down').map(({ reason }) => reason),
      ['client'],
    );
  });

  it('but not while a CHILD SA is being rekeyed: the client is told to wait, too', () => {
    const { client, request } = rekeying('child');
    const busy = client.request(CREATE_CHILD_SA, beginIkeRekey(0x5678n).payloads);
    assert.deepEqual(notifiesIn(busy), [notifyType.TEMPORARY_FAILURE]);
    answer(client, request, childAnswer(request, otherSpi, nonceOf(1)));
    const deletion = asked(client);
    const closing = client.request(CREATE_CHILD_SA, beginIkeRekey(0x5678n).payloads);
    assert.deepEqual(notifiesIn(closing), [notifyType.TEMPORARY_FAILURE]);
    answer(client, deletion, []);
    rekeyIke(client, 0x5678n);
  });
});

describe('both sides rekey the IKE SA at once', () => {
  const collide = (gatewayNonce: number) => {
    const { client, request } = rekeying('ike', { habits: { rekeyNonceFirstOctet: gatewayNonce } });
    const own = beginIkeRekey(0x5678n, nonceOf(0x77));
    const response = accepted(client.request(CREATE_CHILD_SA, own.payloads));
    const old = client.sa;
    const clients = own.finish(old, response);
    const { payloads, sa } = answerIkeRekey(old, request, 0xabcn, nonceOf(0x77));
    answer(client, request, payloads);
    const octets = client.sent().at(-1) ?? assert.fail();
    return { client, old, clients, gateways: sa, octets };
  };

  it('and the gateway, whose exchange has the lowest nonce, deletes its new one', () => {
    const { client, old, clients, gateways, octets } = collide(0);
    const deletion = gateways.open(octets);
    assert.deepEqual(
      payloadsOf(deletion, 'D').map(({ protocol }) => protocol),
      [1],
    );
    client.send(gateways.response(deletion, []));
    assert.deepEqual(client.request(INFORMATIONAL, [deleteIke])?.payloads, [], old.keys.role);
    client.sa = clients;
    accepted(createChild(client, { old: firstSpi }));
    assert.deepEqual(rekeys(client), ['ike client', 'child client']);
    client.sleep(100_000);
    assert.equal(client.gateway.counters.clients, 1);
  });

  it('and the client, whose exchange has the lowest nonce, deletes its new one', () => {
    const { client, old, clients, gateways, octets } = collide(255);
    client.send(old.response(old.open(octets), []));
    client.sa = clients;
    assert.deepEqual(client.request(INFORMATIONAL, [deleteIke])?.payloads, []);
    client.sa = gateways;
    accepted(createChild(client, { old: firstSpi }));
    assert.deepEqual(rekeys(client), ['ike gateway', 'child client']);
    assert.deepEqual(client.all('client-down'), []);
  });

  it('and the client, which did not notice, deletes the old one', () => {
    const { client } = rekeying('ike');
    const next = rekeyIke(client, 0x5678n);
    assert.deepEqual(client.request(INFORMATIONAL, [deleteIke])?.payloads, []);
    client.sa = next;
    accepted(createChild(client, { old: firstSpi }));
    assert.deepEqual(rekeys(client), ['ike client', 'child client']);
  });

  it('and the client, which is done already, says TEMPORARY_FAILURE', () => {
    const { client, request } = rekeying('ike');
    const old = client.sa;
    const next = rekeyIke(client, 0x5678n);
    client.send(old.response(request, [ikeNotify(notifyType.TEMPORARY_FAILURE)]));
    client.sa = next;
    accepted(createChild(client, { old: firstSpi }));
    assert.deepEqual(rekeys(client), ['ike client', 'child client']);
  });
});
