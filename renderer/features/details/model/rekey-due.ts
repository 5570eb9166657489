/** How far the keys of an SA are through their life: `remainingMs` until they must be replaced. */
export function rekeyDue(
  { ageMs, lifetimeMs }: { readonly ageMs: number; readonly lifetimeMs?: number | undefined },
  sinceMs: number,
): { readonly ageMs: number; readonly remainingMs: number | undefined; readonly part: number } {
  const age = ageMs + Math.max(0, sinceMs);
  if (lifetimeMs === undefined || lifetimeMs <= 0) return { ageMs: age, remainingMs: undefined, part: 0 };
  return {
    ageMs: age,
    remainingMs: Math.max(0, lifetimeMs - age),
    part: Math.min(1, age / lifetimeMs),
  };
}
