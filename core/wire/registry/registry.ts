/**
 * An IANA registry as a const object from the RFC's name to its number. Values stay plain numbers everywhere: a number
 * that is not in the registry is carried, compared and printed like any other.
 */
export type Registry = Readonly<Record<string, number>>;

const namesByRegistry = new WeakMap<Registry, ReadonlyMap<number, string>>();

/** The registered name, or the number itself as `55/0x37`. */
export function nameOf(registry: Registry, value: number): string {
  return registeredName(registry, value) ?? `${value}/0x${value.toString(16)}`;
}

/** The registered name, or `undefined`. */
export function registeredName(registry: Registry, value: number): string | undefined {
  let names = namesByRegistry.get(registry);
  if (names === undefined) {
    names = new Map(Object.entries(registry).map(([name, number]) => [number, name]));
    namesByRegistry.set(registry, names);
  }
  return names.get(value);
}
