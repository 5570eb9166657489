import type { IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import type { Attempt } from './attempt.ts';
import type { Destination } from './destination.ts';

/** Where a connection is. */
export type Phase =
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'resolving' }
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
  /** `next`: what comes then, another address of the gateway, where it sends us, a later try, or the end. */
  | {
      readonly kind: 'closing-transport';
      readonly next: IpAddress | Destination | 'wait' | undefined;
      readonly error?: Failure;
    }
  /** For the time of the next try to reconnect. */
  | { readonly kind: 'waiting' };
