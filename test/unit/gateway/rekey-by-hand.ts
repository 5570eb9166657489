import assert from 'node:assert/strict';
import { defaultEspProposals, defaultIkeProposals } from '../../../core/crypto/default-proposals.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { withKeyExchanges } from '../../../core/crypto/proposals.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { selectorOf } from '../../../core/ike/child-wishes.ts';
import { chooseEsp, chooseIke } from '../../../core/ike/choose.ts';
import { deriveIkeKeys, deriveRekeyedSkeyseed, type NoncePair, spiOctets } from '../../../core/ike/keymat.ts';
import {
  chosenIkeSuite,
  espRekeyProposals,
  type IkeSuite,
  ikeProposals,
} from '../../../core/ike/negotiate.ts';
import { payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import type { IkeMessage, IkeSpi, Payload, Proposal } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { prefix } from './network.ts';
import { type RawClient, RawIkeSa } from './raw-client.ts';

/** The client's half of CREATE_CHILD_SA, message by message. */

export const crypto = nodeCryptoProvider();
const random = seededRandom(5);

/** The SPI that the client gave its first CHILD SA, and a fresh one. */
export const firstSpi = Uint8Array.of(1, 2, 3, 4);
export const newSpi = Uint8Array.of(9, 9, 9, 9);
export const everything = [selectorOf(prefix('0.0.0.0/0')), selectorOf(prefix('::/0'))];

export function nonceOf(first: number): Uint8Array {
  return new Uint8Array(32).fill(0x77).fill(first, 0, 1);
}

function spiNumber(spi: Uint8Array): number {
  return new DataView(spi.buffer, spi.byteOffset).getUint32(0);
}

/** The ESP SPI in an SA payload. */
export function spiIn(message: IkeMessage): number {
  return spiNumber(payloadOf(message, 'SA')?.proposals[0]?.spi ?? assert.fail('no SPI'));
}

/** An answer without any notify. */
export function accepted(message: IkeMessage | undefined): IkeMessage {
  assert.ok(message !== undefined, 'there was no answer');
  assert.deepEqual(payloadsOf(message, 'N'), []);
  return message;
}

export interface AskedChild {
  readonly old?: Uint8Array;
  readonly spi?: Uint8Array;
  readonly nonce?: Uint8Array;
  readonly groups?: readonly number[];
  readonly ke?: Payload;
  readonly selectors?: typeof everything;
}

export function childRequest(asked: AskedChild): readonly Payload[] {
  const suites =
    asked.groups === undefined ? defaultEspProposals : withKeyExchanges(defaultEspProposals, asked.groups);
  const rekeySa = { kind: 'N', protocol: 3, type: notifyType.REKEY_SA, data: new Uint8Array(0) } as const;
  return [
    ...(asked.old === undefined ? [] : [{ ...rekeySa, spi: asked.old }]),
    { kind: 'SA', proposals: espRekeyProposals(suites, asked.spi ?? newSpi) },
    { kind: 'Nonce', nonce: asked.nonce ?? nonceOf(0x77) },
    ...(asked.ke === undefined ? [] : [asked.ke]),
    { kind: 'TSi', selectors: asked.selectors ?? everything },
    { kind: 'TSr', selectors: everything },
  ];
}

export function createChild(client: RawClient, asked: AskedChild): IkeMessage | undefined {
  return client.request(exchangeType.CREATE_CHILD_SA, childRequest(asked));
}

export function deleteChild(spi: Uint8Array): Payload {
  return { kind: 'D', protocol: 3, spis: [spiNumber(spi)] };
}

export const deleteIke: Payload = { kind: 'D', protocol: 1, spis: [] };

/** The answer to a CHILD SA rekey of the gateway, under `spi`, without a key exchange. */
export function childAnswer(request: IkeMessage, spi: Uint8Array, nonce: Uint8Array): readonly Payload[] {
  const proposals = payloadOf(request, 'SA')?.proposals ?? [];
  const choice = chooseEsp(crypto, defaultEspProposals, proposals, [0]) ?? assert.fail('no ESP proposal');
  const [tsi] = payloadsOf(request, 'TSi');
  const [tsr] = payloadsOf(request, 'TSr');
  assert.ok(tsi !== undefined && tsr !== undefined);
  return [{ kind: 'SA', proposals: [{ ...choice.answer, spi }] }, { kind: 'Nonce', nonce }, tsi, tsr];
}

/** The client's IKE SA rekey; `finish` makes the new IKE SA of the answer. */
export function beginIkeRekey(spi: IkeSpi, nonce = nonceOf(0x77), group = 19) {
  const secret = crypto.keyExchange(group)?.generate(random) ?? assert.fail();
  const proposals = ikeProposals(defaultIkeProposals, spiOctets(spi));
  const payloads: readonly Payload[] = [
    { kind: 'SA', proposals },
    { kind: 'Nonce', nonce },
    { kind: 'KE', group, publicValue: secret.publicValue },
  ];
  const finish = (old: RawIkeSa, answer: IkeMessage): RawIkeSa => {
    const suite = chosenIkeSuite(crypto, proposals, payloadOf(answer, 'SA') ?? assert.fail());
    const shared = secret.agree(payloadOf(answer, 'KE')?.publicValue ?? assert.fail());
    assert.ok(suite.ok && shared.ok);
    const responder = payloadOf(answer, 'Nonce')?.nonce ?? assert.fail();
    const spis = { initiator: spi, responder: ikeSpiIn(payloadOf(answer, 'SA')?.proposals[0]) };
    const nonces = { initiator: nonce, responder };
    return derived('initiator', old, { suite: suite.value, nonces, spis, shared: shared.value });
  };
  return { payloads, finish };
}

export function rekeyIke(client: RawClient, spi: IkeSpi): RawIkeSa {
  const { payloads, finish } = beginIkeRekey(spi);
  return finish(client.sa, accepted(client.request(exchangeType.CREATE_CHILD_SA, payloads)));
}

/** The client's answer to the gateway's IKE SA rekey, and the new IKE SA of which the gateway is the initiator. */
export function answerIkeRekey(old: RawIkeSa, request: IkeMessage, spi: IkeSpi, nonce = nonceOf(0x77)) {
  const proposals = payloadOf(request, 'SA')?.proposals ?? [];
  const choice = chooseIke(crypto, defaultIkeProposals, proposals) ?? assert.fail();
  const ke = payloadOf(request, 'KE') ?? assert.fail();
  const secret = crypto.keyExchange(ke.group)?.generate(random) ?? assert.fail();
  const shared = secret.agree(ke.publicValue);
  assert.ok(shared.ok && ke.group === choice.suite.group);
  const payloads: readonly Payload[] = [
    { kind: 'SA', proposals: [{ ...choice.answer, spi: spiOctets(spi) }] },
    { kind: 'Nonce', nonce },
    { kind: 'KE', group: ke.group, publicValue: secret.publicValue },
  ];
  const initiator = payloadOf(request, 'Nonce')?.nonce ?? assert.fail();
  const spis = { initiator: ikeSpiIn(choice.answer), responder: spi };
  const nonces = { initiator, responder: nonce };
  const sa = derived('responder', old, { suite: choice.suite, nonces, spis, shared: shared.value });
  return { payloads, sa };
}

interface Derivation {
  readonly suite: IkeSuite;
  readonly nonces: NoncePair;
  readonly spis: { readonly initiator: IkeSpi; readonly responder: IkeSpi };
  readonly shared: Uint8Array;
}

function derived(role: 'initiator' | 'responder', old: RawIkeSa, made: Derivation): RawIkeSa {
  const { suite, nonces, spis, shared } = made;
  const { prf } = old.keys.suite;
  const seed = deriveRekeyedSkeyseed({ prf, skD: old.keys.keys.skD }, nonces, shared);
  return new RawIkeSa({ role, spis, suite, keys: deriveIkeKeys(suite, seed, nonces, spis) }, 0);
}

function ikeSpiIn(proposal: Proposal | undefined): IkeSpi {
  assert.equal(proposal?.spi.length, 8);
  return new DataView(proposal.spi.buffer, proposal.spi.byteOffset).getBigUint64(0);
}
