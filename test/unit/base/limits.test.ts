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

describe('attributesPerTransform', () => {
  /** SA with one transform that has so many attributes: their encoding has no place for more than the key length. */
  const saWith = (attributes: number): Uint8Array => {
    const header = { initiatorSpi: 1n, responderSpi: 2n, majorVersion: 2, minorVersion: 0 };
    const whole = encodeMessage({
      header: { ...header, exchange: 34, fromInitiator: true, isResponse: false, messageId: 0 },
      payloads: [{ kind: 'SA', proposals: [proposal] }],
    });
    const octets = Buffer.concat([whole, Buffer.from('800e0100'.repeat(attributes), 'hex')]);
    const grown = 4 * attributes;
    // The length of the message, of the payload, of the proposal and of the transform.
    octets.writeUInt32BE(octets.length, 24);
    for (const at of [30, 34, 46]) octets.writeUInt16BE(octets.readUInt16BE(at) + grown, at);
    return octets;
  };
  it('at the bound the proposal is taken, above it is not', () => {
    const taken = (attributes: number): boolean => {
      const decoded = decodeMessage(saWith(attributes));
      return (
        decoded.ok && decoded.value.encrypted === undefined && payloadOf(decoded.value, 'SA') !== undefined
      );
    };
    assert.ok(taken(1));
    assert.ok(taken(limits.attributesPerTransform));
    assert.equal(taken(limits.attributesPerTransform + 1), false);
  });
});

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
