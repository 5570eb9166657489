import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { payloadOf } from '../../../core/wire/ike/lookup.ts';
import { decodeMessage, encodeMessage } from '../../../core/wire/ike/message.ts';
import type { Payload } from '../../../core/wire/ike/payload.ts';

/*
 * Bounds on what one message may hold: at the bound it is taken, above it is not.
 */

function decodes(payload: Payload): boolean {
  const header = {
    initiatorSpi: 1n,
    responderSpi: 2n,
    majorVersion: 2,
    minorVersion: 0,
    exchange: 34,
    fromInitiator: true,
    isResponse: false,
    messageId: 0,
  };
  const decoded = decodeMessage(encodeMessage({ header, payloads: [payload] }));
  if (!decoded.ok || decoded.value.encrypted !== undefined) return false;
  return payloadOf(decoded.value, payload.kind) !== undefined;
}

const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
const proposal = { number: 1, protocol: 3, spi: new Uint8Array(4), transforms: [{ type: 1, id: 20 }] };
const any = new Uint8Array(4);
const selector = {
  protocol: 0,
  startPort: 0,
  endPort: 65_535,
  start: { family: 4, octets: any },
  end: { family: 4, octets: any.slice().fill(255) },
} as const;

const bounds: Partial<Record<keyof typeof limits, (count: number) => Payload>> = {
  transformsPerProposal: (count) => ({
    kind: 'SA',
    proposals: [{ ...proposal, transforms: many(count, { type: 1, id: 20 }) }],
  }),
  selectorsPerPayload: (count) => ({ kind: 'TSi', selectors: many(count, selector) }),
  spisPerDelete: (count) => ({ kind: 'D', protocol: 3, spis: many(count, 7) }),
};

describe('at the bound a payload is taken, above it is not', () => {
  for (const [name, payload] of Object.entries(bounds)) {
    it(name, () => {
      const most = Number(Reflect.get(limits, name));
      assert.ok(decodes(payload(most)));
      // One more selector can't be written: its count is one octet.
      if (name !== 'selectorsPerPayload') assert.equal(decodes(payload(most + 1)), false);
    });
  }
});
