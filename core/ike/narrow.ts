import { compareAddresses } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import type { TrafficSelector } from '../wire/ike/payload.ts';

/**
 * What both sides want: each of ours met with each of theirs, in our order, duplicates left out; empty when they have
 * nothing in common. @rfc 7296 2.9
 */
export function narrow(
  ours: readonly TrafficSelector[],
  theirs: readonly TrafficSelector[],
): readonly TrafficSelector[] {
  const narrowed: TrafficSelector[] = [];
  for (const our of ours) {
    for (const their of theirs) {
      const both = intersect(our, their);
      if (both === undefined || narrowed.some((other) => same(other, both))) continue;
      if (narrowed.length === limits.selectorsPerPayload) return narrowed;
      narrowed.push(both);
    }
  }
  return narrowed;
}

function intersect(a: TrafficSelector, b: TrafficSelector): TrafficSelector | undefined {
  if (a.start.family !== b.start.family) return undefined;
  if (a.protocol !== b.protocol && a.protocol !== 0 && b.protocol !== 0) return undefined;
  const startPort = Math.max(a.startPort, b.startPort);
  const endPort = Math.min(a.endPort, b.endPort);
  const start = compareAddresses(a.start, b.start) > 0 ? a.start : b.start;
  const end = compareAddresses(a.end, b.end) < 0 ? a.end : b.end;
  if (startPort > endPort || compareAddresses(start, end) > 0) return undefined;
  return { protocol: a.protocol === 0 ? b.protocol : a.protocol, startPort, endPort, start, end };
}

function same(a: TrafficSelector, b: TrafficSelector): boolean {
  return (
    a.protocol === b.protocol &&
    a.startPort === b.startPort &&
    a.endPort === b.endPort &&
    compareAddresses(a.start, b.start) === 0 &&
    compareAddresses(a.end, b.end) === 0
  );
}
