import type { Payload } from '../wire/ike/payload.ts';
import type { OutgoingRequest } from './fragments/outgoing-request.ts';
import type { IkeRoute, PathId } from './io.ts';
import type { Pace, RetransmitSchedule } from './retransmission.ts';

/** A protected request on the wire. */
export interface OutstandingRequest {
  readonly kind: 'protected';
  readonly retransmission: RetransmitSchedule;
  readonly sent: OutgoingRequest;
  readonly exchange: number;
  readonly messageId: number;
  /** Where it goes, when not where everything goes. */
  paths: readonly PathId[] | undefined;
  transmissions: number;
}

/** How a request goes out. */
export interface RequestRoute {
  /** On these paths. One alone is given up after a few tries, for the one in use. */
  readonly paths?: readonly PathId[];
  /** In one piece at first, however large it is. */
  readonly whole?: true;
}

/** How the last request of ours was answered. */
export interface AnsweredBy {
  /** By which path, if the driver says so. */
  readonly path: PathId | undefined;
  /** It was sent on paths of its own. */
  readonly raced: boolean;
  /** It was sent in one piece, each time. */
  readonly whole: boolean;
}

/** A request that waits until the one on the wire is answered. */
export interface QueuedRequest extends RequestRoute {
  readonly exchange: number;
  readonly payloads: readonly Payload[];
  readonly tries: number;
  readonly pace: Pace;
}

/** By this path alone, or where everything goes. */
export function routeBy(path: PathId | undefined): IkeRoute | undefined {
  return path === undefined ? undefined : { paths: [path] };
}
