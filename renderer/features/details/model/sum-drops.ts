/** Dropped packets by cause, over all directions; causes without any are left out. */
export function sumDrops(
  counters: readonly Readonly<Record<string, number>>[],
): readonly (readonly [cause: string, count: number])[] {
  const sums = new Map<string, number>();
  for (const [cause, count] of counters.flatMap((each) => Object.entries(each)))
    sums.set(cause, (sums.get(cause) ?? 0) + count);
  return [...sums].filter(([, count]) => count > 0);
}
