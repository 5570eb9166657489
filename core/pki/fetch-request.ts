import type { Result } from '../base/result.ts';

/**
 * Something that a verdict wants from the network. The pure side yields it; the driver fetches it outside the tunnel and gives the
 * octets back, or the end of a sentence that says why not. A failed fetch never ends a verdict by itself.
 */
export interface FetchRequest {
  /** With http. */
  readonly url: string;
  /** The answer may not be larger. */
  readonly most: number;
  /** The profile itself names the address, so that it may be on this machine or link; one from a certificate may not. */
  readonly trusted: boolean;
  /** Posted, when present. */
  readonly post?: { readonly type: string; readonly body: Uint8Array };
}

export type FetchAnswer = Result<Uint8Array, string>;

/** A verdict that may want something from the network on its way. */
export type Fetching<T> = Generator<FetchRequest, T, FetchAnswer>;
