import assert from 'node:assert/strict';
import { utf8 } from '../../../core/base/utf8.ts';
import { ntPasswordHash, ntResponse } from '../../../core/eap/mschapv2/challenge-response.ts';
import { mschapv2Msk } from '../../../core/eap/mschapv2/master-keys.ts';
import { utf16LePassword } from '../../../core/eap/mschapv2/password.ts';
import type { GatewayConfig } from '../../../core/gateway/config.ts';
import { buildEapAuth } from '../../../core/ike/tasks/eap-login.ts';
import { decodeEapPacket, type EapPacket, encodeEapPacket } from '../../../core/wire/eap/eap-packet.ts';
import { decodeMschapv2Request, encodeMschapv2Response } from '../../../core/wire/eap/mschapv2-packet.ts';
import { payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { Network } from './network.ts';
import { RawClient } from './raw-client.ts';

export function rawClient(gateway: Partial<GatewayConfig> = {}): RawClient {
  return new RawClient(new Network({ gateway }).gateway);
}

export function notifiesIn(message: IkeMessage | undefined): number[] {
  assert.ok(message !== undefined, 'there was no answer');
  return payloadsOf(message, 'N').map(({ type }) => type);
}

/** Plays alice's EAP login, octet by octet, up to the point where AUTH is due; the result is the MSK. */
export function loginByHand(client: RawClient, first = RawClient.firstRequest()): Uint8Array {
  const { verdict, msk } = proveByHand(client, first, 'correct horse');
  assert.equal(eapAnswer(client, verdict.identifier, 26, Uint8Array.of(3)).code, 'success');
  return msk;
}

/** As far as the gateway's word on the password. */
export function proveByHand(client: RawClient, first: readonly Payload[], password: string) {
  const userName = utf8.encode('alice');
  const identity = eapIn(client.authenticate(first));
  const asked = eapAnswer(client, identity.identifier, 1, userName);
  assert.ok(asked.code === 'request');
  const challenge = decodeMschapv2Request(asked.data);
  assert.ok(challenge.ok && challenge.value.kind === 'challenge');
  const { id, challenge: authenticatorChallenge } = challenge.value;
  const peerChallenge = new Uint8Array(16).fill(5);
  const passwordHash = ntPasswordHash(utf16LePassword(utf8.encode(password)));
  const response = ntResponse({ authenticatorChallenge, peerChallenge, userName, passwordHash });
  const data = encodeMschapv2Response({
    kind: 'response',
    id,
    peerChallenge,
    ntResponse: response,
    name: userName,
  });
  const verdict = eapAnswer(client, asked.identifier, 26, data);
  return { verdict, msk: mschapv2Msk(passwordHash, response) };
}

function eapAnswer(client: RawClient, identifier: number, type: number, data: Uint8Array): EapPacket {
  const packet = encodeEapPacket({ code: 'response', identifier, type, data });
  return eapIn(client.authenticate([{ kind: 'EAP', packet }]));
}

function eapIn(message: IkeMessage | undefined): EapPacket {
  const packet = message === undefined ? undefined : payloadOf(message, 'EAP')?.packet;
  const decoded = decodeEapPacket(packet ?? assert.fail('no EAP'));
  assert.ok(decoded.ok);
  return decoded.value;
}

/** Logged in; `last` is the gateway's last answer. */
export function established(gateway: Partial<GatewayConfig> = {}): { client: RawClient; last: IkeMessage } {
  const client = rawClient(gateway);
  const msk = loginByHand(client);
  const auth = buildEapAuth(client.association, { type: 2, data: utf8.encode('alice') }, msk);
  const last = client.authenticate([auth]);
  assert.ok(last !== undefined && payloadOf(last, 'AUTH') !== undefined);
  return { client, last };
}
