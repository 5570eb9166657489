import { type BaseBlock, fromBER } from 'asn1js';
import { limits } from '../base/limits.ts';

/** A decoded ASN.1 value with definite length. */
export interface DerValue {
  /** The whole encoding, header included. */
  readonly octets: Uint8Array;
  /** What follows the header. */
  readonly content: Uint8Array;
  /** 1 universal, 2 application, 3 context-specific, 4 private. */
  readonly tagClass: number;
  readonly tag: number;
  readonly constructed: boolean;
  /** The values inside a constructed one. */
  readonly parts: readonly DerValue[];
  /** The text of a string type or of an OBJECT IDENTIFIER (dotted decimal). */
  readonly text?: string;
  /** The same as asn1js has it, for the types of pkijs. They may change it. */
  readonly block: BaseBlock;
}

export const tags = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  sequence: 16,
  set: 17,
  utcTime: 23,
  generalizedTime: 24,
} as const;

/** UTF8, Numeric, Printable, Teletex, IA5, Visible, Universal and BMP strings. */
const stringTags = new Set([12, 18, 19, 20, 22, 26, 28, 30]);

/**
 * Decodes one ASN.1 value that fills `octets`, with bounds on nesting and on the number of values, so that hostile
 * octets cost little. `undefined` for anything else. The result owns its octets.
 */
export function decodeDer(octets: Uint8Array): DerValue | undefined {
  if (octets.length > limits.certificateOctets) return undefined;
  try {
    const { offset, result } = fromBER(octets.slice(), {
      maxDepth: limits.asn1Depth,
      maxNodes: limits.asn1Values,
      maxContentLength: limits.certificateOctets,
      parseEmbedded: false,
    });
    return offset === octets.length && result.error === '' ? readValue(result) : undefined;
  } catch {
    // asn1js throws for some values that its types cannot hold.
    return undefined;
  }
}

export function isUniversal(value: DerValue | undefined, tag: number): value is DerValue {
  if (value === undefined || value.tagClass !== 1 || value.tag !== tag) return false;
  return value.constructed === (tag === tags.sequence || tag === tags.set);
}

/** `[tag]` of an implicit or explicit context-specific field. */
export function isContext(value: DerValue | undefined, tag: number): value is DerValue {
  return value?.tagClass === 3 && value.tag === tag;
}

/**
 * Has a type of pkijs read a value, such as `readAs(PolicyMappings, value)`. `undefined` when the value has not the structure of the
 * type. What pkijs decodes inside of it is bounded by the size of `value`.
 */
export function readAs<T>(
  type: new (parameters: { readonly schema: BaseBlock }) => T,
  value: DerValue,
): T | undefined {
  try {
    return new type({ schema: value.block });
  } catch {
    return undefined;
  }
}

/** A non-negative INTEGER that is a safe number. */
export function smallInteger(value: DerValue | undefined): number | undefined {
  if (!isUniversal(value, tags.integer) || value.content.length > 4 || (value.content[0] ?? 0x80) & 0x80)
    return undefined;
  return value.content.reduce((sum, octet) => sum * 256 + octet, 0);
}

function readValue(block: BaseBlock): DerValue {
  const octets = block.valueBeforeDecodeView;
  const content = strictContent(octets);
  const { tagClass, tagNumber: tag, isConstructed: constructed } = block.idBlock;
  const inner: unknown = 'value' in block.valueBlock ? block.valueBlock.value : undefined;
  const parts = constructed && Array.isArray(inner) ? (inner as BaseBlock[]).map(readValue) : [];
  const value = { octets, content, tagClass, tag, constructed, parts, block };
  if (tagClass !== 1 || constructed) return value;
  if (tag === tags.oid) return { ...value, text: block.valueBlock.toString() };
  return stringTags.has(tag) && typeof inner === 'string' ? { ...value, text: inner } : value;
}

/**
 * What follows the header, which must state exactly that length: asn1js is lenient here. Indefinite lengths and tags
 * of several octets are in no certificate.
 */
function strictContent(octets: Uint8Array): Uint8Array {
  const first = octets[1] ?? 0x80;
  const more = first & 0x80 ? first & 0x7f : 0;
  if (first === 0x80 || more > 3 || ((octets[0] ?? 0) & 0x1f) === 0x1f) throw new RangeError('not DER');
  let length = more === 0 ? first : 0;
  for (let i = 0; i < more; i++) length = length * 256 + (octets[2 + i] ?? 0);
  if (octets.length !== 2 + more + length) throw new RangeError('a length that is wrong');
  return octets.subarray(2 + more);
}
