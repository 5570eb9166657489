import { readU16 } from '../../base/words.ts';
import { fold } from '../../esp/checksum.ts';
import { checksumCode } from './checksum-code.ts';

const pageOctets = 65_536;

/** What is used of the global `WebAssembly`, whose types come with the DOM's only. */
declare const WebAssembly: {
  validate(code: Uint8Array): boolean;
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Record<string, Record<string, object>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};

/**
 * Memory for packets that can be summed quickly: WebAssembly looks at 16 octets at a time, which plain JavaScript cannot.
 * It never grows, so that its address stays.
 */
export interface SummedMemory {
  readonly octets: Uint8Array;
  /**
   * The ones' complement sum of `length` octets (at most 65,536) at `at` as 16-bit words in network order, folded, not
   * inverted. An odd last octet is padded with zero. Sums of parts that begin on an even offset of a packet add up.
   * @rfc 1071
   */
  readonly sum: (at: number, length: number) => number;
}

/** `count` zeroed octets. `simd: false` is what a processor without such instructions gets. */
export function allocateSummedMemory(count: number, { simd = true } = {}): SummedMemory {
  const code = Buffer.from(checksumCode, 'base64');
  if (!simd || !WebAssembly.validate(code)) {
    const octets = new Uint8Array(new ArrayBuffer(count));
    return { octets, sum: (at, length) => sumPlainly(octets, at, length) };
  }
  const pages = Math.ceil(count / pageOctets);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { packet: { memory } });
  const sum = exports['onesSum'];
  if (!isSum(sum)) throw new Error('the checksum module has no onesSum');
  return { octets: new Uint8Array(memory.buffer, 0, count), sum };
}

function isSum(value: unknown): value is SummedMemory['sum'] {
  return typeof value === 'function';
}

function sumPlainly(octets: Uint8Array, at: number, length: number): number {
  let sum = 0;
  const end = at + length;
  for (let i = at; i + 1 < end; i += 2) sum += readU16(octets, i);
  if ((length & 1) === 1) sum += (octets[end - 1] ?? 0) << 8;
  return fold(sum);
}
