import type { Endpoint } from '../base/address.ts';
import type { Instant } from '../base/time.ts';
import type { IkeConfig, IkeDependencies } from './config.ts';
import type { ExchangeLayer } from './exchange.ts';
import type { IkeAsk, IkeOutput } from './io.ts';
import type { Rivals } from './rivals.ts';
import type { Course, IkeState } from './state.ts';

/** What the transitions of an IKE SA work with. They take a state and return the next one; all effects go through here. */
export interface Engine {
  readonly config: IkeConfig;
  readonly dependencies: IkeDependencies;
  /** The exchanges of the IKE SA in use; a rekey puts others in their place. */
  exchange: ExchangeLayer;
  /** Where the datagram came from that is being dealt with, if the driver says so. */
  heardFrom: Endpoint | undefined;
  /** The exchanges of one more IKE SA, which sends and counts where the first one does. */
  openExchange(): ExchangeLayer;
  /** The same for one that knows nothing of the path yet. */
  rivalExchange(): ExchangeLayer;
  /** Other answers to our IKE_SA_INIT. */
  readonly rivals: Rivals;
  emit(output: IkeOutput): void;
  /** Begins a login anew, another way. */
  restartLogin(course: Course, now: Instant): IkeState;
  /** Emits an ask under a fresh id, which is the result. */
  ask(ask: IkeAsk): number;
}
