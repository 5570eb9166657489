import type { Failure } from '../base/errors.ts';
import type { Attempt } from './attempt.ts';
import type { Candidate, Found } from './candidates.ts';
import type { Destination } from './destination.ts';

/** Where a connection is. */
export type Phase =
  | { readonly kind: 'disconnected' }
  /** `wanted`: the gateways that are looked up, in order; `found`: the first of them already. */
  | { readonly kind: 'resolving'; readonly wanted: readonly Destination[]; readonly found: readonly Found[] }
  | { readonly kind: 'opening'; readonly attempt: Attempt }
  | { readonly kind: 'login'; readonly attempt: Attempt }
  /** The engine is done; the data plane and the system follow. */
  | { readonly kind: 'configuring'; readonly attempt: Attempt }
  | { readonly kind: 'connected'; readonly attempt: Attempt }
  /** The engine says goodbye to the gateway. `wanted`: the user asked for it. */
  | {
      readonly kind: 'closing';
      readonly attempt: Attempt;
      readonly wanted: boolean;
      readonly error?: Failure;
    }
  | { readonly kind: 'undoing-network'; readonly error?: Failure }
  /** `next`: what comes then, another address, other gateways, a later try, or the end. */
  | {
      readonly kind: 'closing-transport';
      readonly next: Candidate | readonly Destination[] | 'wait' | undefined;
      readonly error?: Failure;
    }
  /** For the time of the next try to reconnect. */
  | { readonly kind: 'waiting' };
