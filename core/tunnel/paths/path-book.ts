import type { Endpoint, IpAddress } from '../../base/address.ts';
import { sameAddress } from '../../base/address.ts';
import { limits } from '../../base/limits.ts';
import { after, type Duration, type Instant } from '../../base/time.ts';
import type { PathId } from '../../ike/io.ts';
import type { KeepaliveLearner } from './keepalive-learner.ts';
import type { MtuSearch } from './mtu-search.ts';
import { type Path, type PathCandidate, type PathState, sameCandidate } from './path.ts';

/** What was found out about the size of packets on the path in use, in octets. */
export interface MeasuredMtu {
  /** The largest IP packet that reached the gateway in one piece. */
  readonly path: number;
  /** Of the TUN device. */
  readonly device: number;
  /** It was found an earlier time, and is to be proven yet. */
  readonly remembered?: true;
  readonly at: Instant;
}

/** The paths of one attempt that have a socket, and which of them carries the traffic. */
export class PathBook {
  readonly #paths = new Map<PathId, Path>();
  #current: Path;
  #lastId = 0;
  /** In the order in which the machine prefers them, as of the last look. */
  ranks: readonly PathId[] = [];
  /** Sockets that are being opened. */
  readonly opening = new Set<PathId>();
  /** The first that answers carries the traffic from then on. */
  racing = false;
  /** The path in use has left a request unanswered. */
  urgent = false;
  state: PathState = 'checking';
  /** When the machine is asked again, because its preferred way did not work. */
  lookAgainAt: Instant | undefined;
  /** The search for the largest packet, while it is going on; its last result; and when the next one begins. */
  search?: MtuSearch;
  measured: MeasuredMtu | undefined;
  measureAt: Instant | undefined;
  /** Which way and which network `keepalive` and `measured` are about. */
  place?: string;
  /** The network that the path in use leads into, where it can be known again. */
  network: string | undefined;
  /** What is learnt there of its NAT, and what the data plane was told of it. */
  keepalive?: KeepaliveLearner;
  keepaliveMs: Duration | undefined;
  /** What the user was last told of the NAT, and what was last given to be remembered. */
  shown?: string;
  kept?: string;
  /** Packets stopped coming: it may be the large ones alone. */
  doubtSize = false;
  #preferred: PathCandidate | undefined;
  #looks = 0;

  /** The path that the attempt began on is number 0. */
  constructor(candidate: PathCandidate, local: Endpoint) {
    this.#current = { id: 0, candidate, local, gone: false };
    this.#paths.set(0, this.#current);
    this.ranks = [0];
  }

  get current(): Path {
    return this.#current;
  }

  get all(): readonly Path[] {
    return [...this.#paths.values()];
  }

  /** Those that the machine has now and whose socket is open, the preferred one first. */
  get live(): readonly Path[] {
    return this.ranks.flatMap((id) => {
      const path = this.#paths.get(id);
      return path?.local === undefined ? [] : [path];
    });
  }

  get(id: PathId): Path | undefined {
    return this.#paths.get(id);
  }

  find(candidate: PathCandidate): Path | undefined {
    return this.all.find((path) => sameCandidate(path.candidate, candidate));
  }

  add(candidate: PathCandidate): Path {
    this.#lastId += 1;
    const path: Path = { id: this.#lastId, candidate, gone: false };
    this.#paths.set(path.id, path);
    this.opening.add(path.id);
    return path;
  }

  /** The one in use stays. */
  remove(id: PathId): void {
    this.opening.delete(id);
    this.ranks = this.ranks.filter((other) => other !== id);
    if (id !== this.#current.id) this.#paths.delete(id);
  }

  /** The socket in use leads to this address from now on; all others are forgotten, and answered. */
  leadTo(remote: IpAddress): readonly Path[] {
    const { id, candidate, ...rest } = this.#current;
    const others = this.all.filter((path) => path.id !== id);
    for (const other of others) this.remove(other.id);
    this.#current = { id, candidate: { ...candidate, remote }, ...rest };
    this.#paths.set(id, this.#current);
    return others;
  }

  use(path: Path): void {
    this.#current = path;
    this.keepalive?.startOver();
  }

  /** The machine was asked, and would rather use this way than any other. */
  prefer(candidate: PathCandidate | undefined, now: Instant): void {
    const same = candidate !== undefined && this.#preferred !== undefined;
    if (!same || !sameCandidate(candidate, this.#preferred ?? candidate)) this.#looks = 0;
    this.#preferred = candidate;
    this.planLook(now);
  }

  /** The next look at what the machine has: none while its preferred way is in use. */
  planLook(now: Instant): void {
    const candidate = this.#preferred;
    const settled = candidate === undefined || sameCandidate(candidate, this.#current.candidate);
    if (settled) this.#looks = 0;
    const waitMs = Math.min(limits.pathLookFirstMs * 2 ** this.#looks, limits.pathLookLongestMs);
    this.lookAgainAt = settled ? undefined : after(now, waitMs);
    this.#looks += settled ? 0 : 1;
  }

  /** True when the machine would rather use `a` than the path in use. */
  prefers(a: Path): boolean {
    const rank = this.ranks.indexOf(a.id);
    const current = this.ranks.indexOf(this.#current.id);
    return rank >= 0 && (current < 0 || rank < current);
  }

  /** Our addresses on the paths that are not in use, each once. */
  get otherLocals(): readonly IpAddress[] {
    const found: IpAddress[] = [];
    for (const { candidate } of this.live) {
      const known = [this.#current.candidate.local, ...found];
      if (!known.some((address) => sameAddress(address, candidate.local))) found.push(candidate.local);
    }
    return found;
  }
}
