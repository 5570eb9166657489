import { compareAddresses, type IpAddress, type IpPrefix } from '../base/address.ts';

/**
 * The fewest prefixes that cover the addresses `start` to `end`, inclusive, in rising order. Both are of one family;
 * an empty range (start after end) gives no prefix. At most 2 × 128 prefixes come out.
 */
export function prefixesOfRange(start: IpAddress, end: IpAddress): readonly IpPrefix[] {
  if (start.family !== end.family || compareAddresses(start, end) > 0) return [];
  const bits = start.octets.length * 8;
  const last = toNumber(end);
  const prefixes: IpPrefix[] = [];
  let at = toNumber(start);
  while (at <= last) {
    // The largest block that begins here and is aligned, cut down until it ends inside the range.
    let hostBits = at === 0n ? bits : trailingZeros(at);
    while (at + (1n << BigInt(hostBits)) - 1n > last) hostBits -= 1;
    prefixes.push({ address: toAddress(at, start.family), length: bits - hostBits });
    at += 1n << BigInt(hostBits);
  }
  return prefixes;
}

function toNumber(address: IpAddress): bigint {
  let number = 0n;
  for (const octet of address.octets) number = (number << 8n) | BigInt(octet);
  return number;
}

function toAddress(number: bigint, family: 4 | 6): IpAddress {
  const octets = new Uint8Array(family === 4 ? 4 : 16);
  let rest = number;
  for (let i = octets.length - 1; i >= 0; i--) {
    octets[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return { family, octets };
}

function trailingZeros(number: bigint): number {
  let count = 0;
  for (let rest = number; (rest & 1n) === 0n; rest >>= 1n) count += 1;
  return count;
}
