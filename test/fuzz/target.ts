/** Something that takes octets from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** Its share of the time, beside the others' 1. */
  readonly weight?: number;
  /** Real input to begin with. */
  readonly corpus: readonly Uint8Array[];
  /**
   * Must not throw, whatever the octets are. The result names what happened, coarsely: input that makes something new happen is
   * kept and changed further.
   */
  run(octets: Uint8Array): string;
}

/** The outcome of a decoder. */
export function outcome(result: { readonly ok: boolean; readonly error?: unknown }): string {
  if (result.ok) return 'ok';
  const { error } = result;
  if (typeof error !== 'object' || error === null) return String(error).slice(0, 60);
  const detail = 'detail' in error ? error.detail : error;
  // Numbers differ from one input to the next and say nothing.
  return JSON.stringify(detail).replace(/\d+/g, '#').slice(0, 80);
}
