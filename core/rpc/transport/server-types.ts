import type { Socket } from 'node:net';
import type { Failure } from '../../base/errors.ts';
import type { LogSink } from '../../base/log.ts';
import type { Result } from '../../base/result.ts';
import type { Secret } from '../../base/secret.ts';
import type { ChoiceRequest, SecretRequest } from '../asks.ts';
import type {
  Access,
  EventData,
  MethodName,
  MethodParams,
  MethodResult,
  SubscribableEvent,
} from '../schema.ts';
import type { Snapshot } from '../values.ts';
import type { AskPatience } from './ask-desk.ts';

/** Who is at the other end of a Unix socket, as the kernel says. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  /** Its own group first. */
  readonly gids?: readonly number[];
}

/** A connected client, as a handler sees it. */
export interface RpcClientHandle {
  /** Counts up from 1 for the life of the server. */
  readonly id: number;
  readonly credentials: PeerCredentials;
  readonly access: Access;
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
  /**
   * Asks this client for a secret, which is the caller's to wipe: 1 to `limits.passwordOctets` octets of UTF-8. Fails with
   * `secret.missing` when the client refuses or goes away, `secret.timed-out` when time is up, and `tunnel.cancelled` when
   * the signal aborts; of these two the client is told.
   */
  ask(request: SecretRequest, patience?: AskPatience): Promise<Result<Secret, Failure>>;
  /** Asks it to choose; the answer is one of the ids. Fails as `ask`. */
  choose(request: ChoiceRequest, patience?: AskPatience): Promise<Result<string, Failure>>;
}

/** Methods that the server serves by itself, from `snapshot` and from what clients have open. */
export type ServedMethod = 'status' | 'subscribe' | 'answer';

export type RpcHandlers = {
  readonly [M in Exclude<MethodName, ServedMethod>]: (
    params: MethodParams<M>,
    client: RpcClientHandle,
  ) => Result<MethodResult<M>, Failure> | Promise<Result<MethodResult<M>, Failure>>;
};

export interface RpcServerOptions {
  readonly socketPath: string;
  readonly handlers: RpcHandlers;
  /** The present state. Called for `status` and `subscribe`, at once: so a subscriber misses nothing. */
  readonly snapshot: () => Snapshot;
  /** A client gets this event from now on. */
  readonly onSubscribed?: (event: SubscribableEvent) => void;
  /** Credentials of the peer of a connected socket (SO_PEERCRED). A client without them is turned away. */
  readonly credentialsOf: (socket: Socket) => Result<PeerCredentials, Failure>;
  /** Default: uid 0 and the user of the daemon are `admin`; others, whom the socket's mode let in, `control`. */
  readonly accessOf?: (credentials: PeerCredentials) => Access | undefined;
  /** Numeric id of the group that may connect, beside the user of the daemon; absent: none. */
  readonly groupId?: number;
  readonly log: LogSink;
}

export interface RpcServer {
  readonly socketPath: string;
  /** Sends an event to all who subscribed to it. */
  publish<E extends SubscribableEvent>(event: E, data: EventData<E>): void;
  /** Number of clients that get this event. */
  subscribers(event: SubscribableEvent): number;
  /** Number of clients connected now. */
  readonly clients: number;
  /** Turns everyone out after what was queued for them is written, and removes the socket. Idempotent. */
  close(): Promise<void>;
}
