/** A value that components watch. Whoever watches is told at most once for each call of `schedule`. */
export interface Store<T> {
  get(): T;
  /** Replaces members; a change that changes nothing tells nobody. */
  set(change: Partial<T>): void;
  subscribe(listener: () => void): () => void;
}

/** `schedule` runs the notification soon: in a page once a frame, in a test at once. */
export function createStore<T extends object>(initial: T, schedule: (run: () => void) => void): Store<T> {
  let value = initial;
  let waiting = false;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(change) {
      const changed = (Object.keys(change) as (keyof T)[]).some((key) => !Object.is(change[key], value[key]));
      if (!changed) return;
      value = { ...value, ...change };
      if (waiting) return;
      waiting = true;
      schedule(() => {
        waiting = false;
        for (const listener of [...listeners]) listener();
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
