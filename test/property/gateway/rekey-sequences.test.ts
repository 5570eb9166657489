import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { limits } from '../../../core/base/limits.ts';
import { ikeNotify } from '../../../core/ike/payload-list.ts';
import { payloadOf, payloadsOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage } from '../../../core/wire/ike/message.ts';
import type { IkeMessage, Payload } from '../../../core/wire/ike/payload.ts';
import { exchangeType } from '../../../core/wire/registry/exchange-types.ts';
import { notifyType } from '../../../core/wire/registry/notify-types.ts';
import { established } from '../../unit/gateway/login-by-hand.ts';
import type { RawClient, RawIkeSa } from '../../unit/gateway/raw-client.ts';
import {
  answerIkeRekey,
  beginIkeRekey,
  childAnswer,
  childRequest,
  deleteChild,
  deleteIke,
  nonceOf,
} from '../../unit/gateway/rekey-by-hand.ts';

const { INFORMATIONAL, CREATE_CHILD_SA } = exchangeType;

/** What a client does next; small numbers choose among the few SPIs and IKE SAs that there are. */
type Step =
  | { readonly kind: 'child'; readonly old: number | undefined; readonly spi: number; readonly nonce: number }
  | { readonly kind: 'delete-child'; readonly spi: number }
  | { readonly kind: 'ike'; readonly spi: number; readonly nonce: number }
  | { readonly kind: 'delete-ike' | 'alive' | 'answer' | 'refuse' | 'ignore' }
  | { readonly kind: 'use'; readonly sa: number }
  | { readonly kind: 'gateway'; readonly what: 'child' | 'ike' }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'garbage'; readonly payload: number };

const small = fc.nat(5);
const nonce = fc.constantFrom(0, 0x77, 255);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('child' as const),
    old: fc.option(small, { nil: undefined }),
    spi: small,
    nonce,
  }),
  fc.record({ kind: fc.constant('delete-child' as const), spi: small }),
  fc.record({ kind: fc.constant('ike' as const), spi: small, nonce }),
  fc
    .constantFrom('delete-ike', 'alive', 'answer', 'answer', 'refuse', 'ignore')
    .map((kind) => ({ kind }) as const),
  fc.record({ kind: fc.constant('use' as const), sa: small }),
  fc.record({
    kind: fc.constant('gateway' as const),
    what: fc.constantFrom('child' as const, 'ike' as const),
  }),
  fc.record({ kind: fc.constant('sleep' as const), ms: fc.constantFrom(10, 2_000, 30_000) }),
  fc.record({ kind: fc.constant('garbage' as const), payload: small }),
);

/** The first one is that of the login. */
const espSpi = (at: number) => (at === 0 ? Uint8Array.of(1, 2, 3, 4) : Uint8Array.of(9, 9, 9, at));

class Actor {
  readonly client: RawClient;
  readonly sas: RawIkeSa[];
  readonly asked: { readonly sa: RawIkeSa; readonly request: IkeMessage }[] = [];
  #ikeSpis = 0x9000n;
  #early: Uint8Array[] = [];

  constructor() {
    this.client = established({ rekeyChildMs: 40_000, rekeyIkeMs: 90_000, livenessMs: 20_000 }).client;
    this.sas = [this.client.sa];
  }

  do(step: Step): void {
    const { client } = this;
    const { sa } = client;
    switch (step.kind) {
      case 'child': {
        const old = step.old === undefined ? {} : { old: espSpi(step.old) };
        this.#ask(
          CREATE_CHILD_SA,
          childRequest({ ...old, spi: espSpi(step.spi), nonce: nonceOf(step.nonce) }),
        );
        return;
      }
      case 'delete-child':
        this.#ask(INFORMATIONAL, [deleteChild(espSpi(step.spi))]);
        return;
      case 'ike': {
        const { payloads, finish } = beginIkeRekey(this.#ikeSpis++, nonceOf(step.nonce));
        const answer = this.#ask(CREATE_CHILD_SA, payloads);
        if (answer !== undefined && payloadOf(answer, 'SA') !== undefined) this.sas.push(finish(sa, answer));
        this.#read();
        assert.deepEqual(this.#early, [], 'the gateway speaks in an IKE SA that was agreed on');
        return;
      }
      case 'delete-ike':
        this.#ask(INFORMATIONAL, [deleteIke]);
        return;
      case 'alive':
        this.#ask(INFORMATIONAL, []);
        return;
      case 'garbage':
        this.#ask(
          CREATE_CHILD_SA,
          childRequest({}).filter((_, at) => at !== step.payload),
        );
        return;
      case 'use':
        client.sa = this.sas[step.sa % this.sas.length] ?? sa;
        return;
      case 'gateway':
        for (const { client: id } of client.all('client-up')) client.gateway.rekey(id, step.what, client.now);
        break;
      case 'sleep':
        client.sleep(step.ms);
        break;
      case 'ignore':
        this.asked.shift();
        return;
      case 'answer':
      case 'refuse':
        this.#answer(step.kind);
    }
    this.#read();
  }

  #ask(exchange: number, payloads: readonly Payload[]): IkeMessage | undefined {
    this.client.send(this.client.sa.request(exchange, payloads));
    return this.#read();
  }

  #answer(how: 'answer' | 'refuse'): void {
    const next = this.asked.shift();
    if (next === undefined) return;
    const { sa, request } = next;
    const [spi, ...others] = payloadsOf(request, 'SA').flatMap(({ proposals }) => proposals);
    assert.ok(others.every(({ protocol }) => protocol === spi?.protocol));
    let payloads: readonly Payload[] = [];
    if (request.header.exchange === CREATE_CHILD_SA && how === 'refuse') {
      payloads = [ikeNotify(notifyType.TEMPORARY_FAILURE)];
    } else if (spi?.protocol === 3) {
      payloads = childAnswer(request, espSpi(5), nonceOf(0x77));
    } else if (spi?.protocol === 1) {
      const made = answerIkeRekey(sa, request, this.#ikeSpis++);
      this.sas.push(made.sa);
      payloads = made.payloads;
    }
    this.client.send(sa.response(request, payloads));
  }

  /** Sorts what the gateway has said; the answer to the last request, if there is one. */
  #read(): IkeMessage | undefined {
    let answer: IkeMessage | undefined;
    const octetsOf = [...this.#early, ...this.client.sent()];
    this.#early = [];
    for (const octets of octetsOf) {
      const decoded = decodeMessage(octets);
      assert.ok(decoded.ok);
      const { initiatorSpi, responderSpi } = decoded.value.header;
      const sa = this.sas.find(
        ({ keys: { spis } }) => spis.initiator === initiatorSpi && spis.responder === responderSpi,
      );
      // It may speak in a new IKE SA as soon as it has agreed; the client has yet to make it.
      if (sa === undefined) this.#early.push(octets);
      if (sa === undefined) continue;
      const message = sa.open(octets);
      if (message.header.isResponse) answer = message;
      else this.asked.push({ sa, request: message });
    }
    return answer;
  }
}

describe('whatever an authentic client does with its SAs', () => {
  it('the gateway stays sound and bounded, and nothing is left of it in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const actor = new Actor();
        const { client } = actor;
        for (const step of steps) actor.do(step);
        const installed = client.all('child-install').map(({ child }) => child.inbound.spi);
        assert.equal(new Set(installed).size, installed.length, 'no SPI twice');
        assert.ok(installed.length - client.all('child-remove').length <= 2 * limits.gatewayChildren + 1);
        // It says no more: in the end the gateway notices.
        for (let at = 0; at < 40; at++) client.sleep(5_000);
        client.sent();
        const removed = client.all('child-remove').map(({ inboundSpi }) => inboundSpi);
        assert.deepEqual(removed.toSorted(), installed.toSorted(), 'every one is removed, once');
        assert.equal(client.all('client-down').length, 1);
        assert.equal(client.gateway.counters.clients, 0);
        assert.equal(client.gateway.nextWakeup(), undefined);
      }),
      { numRuns: 150 },
    );
  });
});
