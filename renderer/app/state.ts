import type { Failure } from '../../core/base/errors.ts';
import type { BridgeResult, Link, ViewName } from '../../core/rpc/bridge.ts';
import type { EventData } from '../../core/rpc/schema.ts';
import type { JourneyEntry, LogLine, ProfileEntry, Sample, Snapshot } from '../../core/rpc/values.ts';

/** When the gateway last proved that it is there, on the page's own monotonic clock. */
export interface Proof {
  readonly provenAt: number;
}

/** A file that was dropped, chosen or offered by the host, before it is looked at. */
export interface OfferedFile {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** All that the page knows. */
export interface AppState {
  readonly link: Link;
  readonly host: BridgeResult<'host'> | undefined;
  /** What the daemon said last; kept while it is out of reach, when `link` says so. */
  readonly snapshot: Snapshot | undefined;
  readonly proof: Proof | undefined;
  readonly samples: readonly Sample[];
  readonly journey: readonly JourneyEntry[];
  readonly log: readonly LogLine[];
  /** `undefined` until the daemon has listed them. */
  readonly profiles: readonly ProfileEntry[] | undefined;
  readonly asks: readonly EventData<'ask'>[];
  readonly view: ViewName;
  /** The profile that the next `connect` takes. */
  readonly chosen: string | undefined;
  /** A command of this page that failed before the daemon had a state to tell of it. */
  readonly commandFailure: Failure | undefined;
  /** `since` of the failure that the user has put away. */
  readonly dismissed: number | undefined;
  readonly offered: OfferedFile | undefined;
  /** A `connect` or `disconnect` is on its way. */
  readonly busy: boolean;
}

export const firstState: AppState = {
  link: { state: 'connecting' },
  host: undefined,
  snapshot: undefined,
  proof: undefined,
  samples: [],
  journey: [],
  log: [],
  profiles: undefined,
  asks: [],
  view: 'connection',
  chosen: undefined,
  commandFailure: undefined,
  dismissed: undefined,
  offered: undefined,
  busy: false,
};
