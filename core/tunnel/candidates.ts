import type { IpAddress } from '../base/address.ts';
import type { Failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Duration } from '../base/time.ts';
import type { Attempt } from './attempt.ts';
import type { Destination } from './destination.ts';
import type { PathCandidate } from './paths/path.ts';
import { mayReconnect } from './reconnect-policy.ts';

/** An address at which a gateway may be. */
export interface Candidate {
  readonly destination: Destination;
  readonly remote: IpAddress;
  /** How long those before it have to answer, from the begin of the first one. */
  readonly headStart: Duration;
  /** By this interface. Absent: by the one that the machine prefers. */
  readonly via?: PathCandidate;
}

/** An address that is asked beside the login that is under way. */
export interface Scout {
  readonly candidate: Candidate;
  readonly attempt: Attempt;
}

/** A gateway and where it was found. */
export interface Found {
  readonly destination: Destination;
  readonly addresses: readonly IpAddress[];
}

/**
 * In which order, and when, addresses are tried: families take turns, `preferred` (what worked before) first, else the one that
 * the system puts first; of each gateway a quarter of a second after the other. Gateways that come together begin together.
 * @rfc 8305 4 @rfc 8305 5
 */
export function arrange(found: readonly Found[], preferred: 4 | 6 | undefined): readonly Candidate[] {
  const candidates = found.flatMap(({ destination, addresses }) =>
    takingTurns(addresses, preferred)
      .slice(0, limits.addressesOfGateway)
      .map((remote, index) => ({ destination, remote, headStart: index * limits.raceStaggerMs })),
  );
  return candidates.sort((a, b) => a.headStart - b.headStart);
}

function takingTurns(addresses: readonly IpAddress[], preferred: 4 | 6 | undefined): readonly IpAddress[] {
  const of = (family: 4 | 6) => addresses.filter((address) => address.family === family);
  const first = preferred !== undefined && of(preferred).length > 0 ? preferred : addresses[0]?.family;
  const [ahead, behind] = first === 4 ? [of(4), of(6)] : [of(6), of(4)];
  const turns = Math.max(ahead.length, behind.length);
  return Array.from({ length: turns }, (_, turn) => [ahead[turn], behind[turn]])
    .flat()
    .filter((address) => address !== undefined);
}

/**
 * True when another address or gateway may do better than the one that ended this login. Until the gateway is proven, whatever
 * it said may be the word of somebody else. A refused password is not taken elsewhere.
 */
export function mayDoBetterElsewhere(attempt: Attempt, error: Failure): boolean {
  if (mayReconnect(error)) return true;
  if (attempt.proven) return false;
  const { code, detail } = error;
  if (code.startsWith('auth.')) return code === 'auth.refused-early' || detail['side'] === 'remote';
  return code.startsWith('peer.') || code.startsWith('certificate.');
}
