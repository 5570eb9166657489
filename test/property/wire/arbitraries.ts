import fc from 'fast-check';
import { compareAddresses, ipAddress } from '../../../core/base/address.ts';
import type {
  IkeHeader,
  IkeMessage,
  Payload,
  Proposal,
  TrafficSelector,
  Transform,
} from '../../../core/wire/ike/payload.ts';
import { payloadType } from '../../../core/wire/registry/payload-types.ts';

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const known = new Set<number>(Object.values(payloadType));
/** GSPM and those of group key management are numbers with a name whose payloads stay unknown. */
const unknownTypes = [49, 50, 51, 52, 54, 60, 128, 200, 255].filter(
  (type) => !known.has(type) || (type >= 49 && type !== payloadType.SKF),
);

/** As `fc.record`, of plain objects, as decoders make them. */
export function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

export function octets(minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength });
}

const transform: fc.Arbitrary<Transform> = fc.oneof(
  record({ type: u8, id: u16 }),
  record({ type: u8, id: u16, keyBits: u16 }),
);

const proposal: fc.Arbitrary<Proposal> = record({
  number: u8,
  protocol: u8,
  spi: fc.constantFrom(0, 4, 8).chain((length) => octets(length, length)),
  transforms: fc.array(transform, { maxLength: 12 }),
});

export const selector: fc.Arbitrary<TrafficSelector> = fc
  .constantFrom(4, 16)
  .chain((length) => fc.tuple(octets(length, length), octets(length, length), u8, u16, u16))
  .map(([one, other, protocol, startPort, endPort]) => {
    const [a, b] = [ipAddress(one), ipAddress(other)];
    const [start, end] = compareAddresses(a, b) <= 0 ? [a, b] : [b, a];
    return { protocol, startPort, endPort, start, end };
  });

export const payload: fc.Arbitrary<Payload> = fc.oneof(
  record({
    kind: fc.constant('SA' as const),
    proposals: fc.array(proposal, { minLength: 1, maxLength: 4 }),
  }),
  record({ kind: fc.constant('KE' as const), group: u16, publicValue: octets(0, 80) }),
  record({
    kind: fc.constantFrom('IDi' as const, 'IDr' as const),
    type: u8.filter((type) => type !== 1 && type !== 5),
    data: octets(0, 40),
  }),
  record({ kind: fc.constant('CERT' as const), encoding: u8, data: octets(0, 80) }),
  record({ kind: fc.constant('CERTREQ' as const), encoding: u8, authorities: octets(0, 60) }),
  record({ kind: fc.constant('AUTH' as const), method: u8, data: octets(0, 80) }),
  record({ kind: fc.constant('Nonce' as const), nonce: octets(16, 256) }),
  record({
    kind: fc.constant('N' as const),
    protocol: u8,
    spi: octets(0, 8),
    type: u16,
    data: octets(0, 40),
  }),
  record({
    kind: fc.constant('D' as const),
    protocol: fc.constantFrom(2, 3),
    spis: fc.array(u32, { maxLength: 8 }),
  }),
  fc.constant({ kind: 'D' as const, protocol: 1, spis: [] }),
  record({ kind: fc.constant('V' as const), vendorId: octets(0, 40) }),
  record({
    kind: fc.constantFrom('TSi' as const, 'TSr' as const),
    selectors: fc.array(selector, { maxLength: 5 }),
  }),
  record({
    kind: fc.constant('CP' as const),
    type: u8,
    attributes: fc.array(record({ type: fc.nat(0x7fff), value: octets(0, 20) }), { maxLength: 6 }),
  }),
  record({ kind: fc.constant('EAP' as const), packet: octets(0, 60) }),
  record({
    kind: fc.constant('unknown' as const),
    type: fc.constantFrom(...unknownTypes),
    critical: fc.boolean(),
    body: octets(0, 40),
  }),
);

export const header: fc.Arbitrary<IkeHeader> = record({
  initiatorSpi: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  responderSpi: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
  majorVersion: fc.constant(2),
  minorVersion: fc.nat(15),
  exchange: u8,
  fromInitiator: fc.boolean(),
  isResponse: fc.boolean(),
  messageId: u32,
});

export const message: fc.Arbitrary<IkeMessage> = record({
  header,
  payloads: fc.array(payload, { maxLength: 10 }),
});
