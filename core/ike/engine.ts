import type { IkeConfig, IkeDependencies } from './config.ts';
import type { ExchangeLayer } from './exchange.ts';
import type { IkeAsk, IkeOutput } from './io.ts';

/** What the transitions of an IKE SA work with. They take a state and return the next one; all effects go through here. */
export interface Engine {
  readonly config: IkeConfig;
  readonly dependencies: IkeDependencies;
  readonly exchange: ExchangeLayer;
  emit(output: IkeOutput): void;
  /** Emits an ask under a fresh id, which is the result. */
  ask(ask: IkeAsk): number;
}
