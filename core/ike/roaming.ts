import { type Endpoint, type IpAddress, sameEndpoint } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import type { Instant } from '../base/time.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { NatSituation, SecuredIke } from './association.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import type { IkeLink } from './ike-link.ts';
import { keyOf } from './ike-rekeying.ts';
import type { Mobility } from './mobility.ts';
import type { OwnTask, Plan, RoamTask } from './own-task.ts';
import type { Established, IkeState } from './state.ts';
import {
  buildPathCheck,
  buildUpdate,
  checksPath,
  echoCookie,
  freshCookie,
  peerAddressesIn,
  processUpdate,
  seenAs,
} from './tasks/mobike.ts';
import { endpointHash } from './tasks/nat-detection.ts';

/*
 * Our address may change under an IKE SA, and so may what a NAT makes of it: the peer is told, and everything goes on with the
 * same keys. The socket is bound to no address, so what is sent after a change already leaves from the new one.
 * @rfc 4555 3.5 @rfc 4555 3.8
 */

/** What is known at the end of a login; `undefined` for a peer without MOBIKE. @rfc 4555 3.3 */
export function beginMobility(
  { config, dependencies }: Engine,
  ike: SecuredIke,
  nat: NatSituation,
  message: IkeMessage,
): Mobility | undefined {
  if (config.mobike === false || notifyOf(message, notifyType.MOBIKE_SUPPORTED) === undefined) {
    return undefined;
  }
  const { local } = config;
  // Without a NAT the peer sees what we see. Behind one, port 500's mapping said nothing about port 4500's.
  const seen = nat.local
    ? undefined
    : { ike: ike.spis.initiator, hash: endpointHash(dependencies.crypto, ike.spis, local) };
  return { local, seen, refused: false, peerAddresses: peerAddressesIn(message) ?? [] };
}

/** The driver says that our packets leave from `local` now. */
export function roam(engine: Engine, state: Established, local: Endpoint, now: Instant): void {
  const { mobility } = state;
  if (mobility === undefined || sameEndpoint(local, mobility.local)) return probe(engine, state, now);
  mobility.local = local;
  planRoam(state, 'moved');
  // Whatever waits for an answer waits for one to the old address.
  state.link.exchange.hurry(now);
}

/** Sends a liveness check, unless a request that asks as much is on the wire already. @rfc 7296 2.4 */
export function probe(engine: Engine, state: Established, now: Instant): void {
  const { mobility, link } = state;
  if (link.exchange.busy) return;
  if (mobility === undefined) return link.exchange.request(exchangeType.INFORMATIONAL, [], now);
  const unknown = mobility.seen?.ike !== keyOf(link);
  // A NAT may have forgotten us, and there is nothing to see that by: an update is right in any case.
  if (unknown && !mobility.refused) return planRoam(state, 'check');
  link.exchange.request(exchangeType.INFORMATIONAL, pathCheck(engine, link.ike), now);
}

/** Sends the update. */
export function startRoam(
  engine: Engine,
  state: Established,
  { why }: Extract<Plan, { readonly kind: 'roam' }>,
  now: Instant,
): OwnTask | undefined {
  const { mobility, link } = state;
  if (mobility === undefined) return undefined;
  const cookie = freshCookie(engine.dependencies.random);
  const payloads = buildUpdate(pathCheck(engine, link.ike), cookie);
  if (why === 'check') link.exchange.request(exchangeType.INFORMATIONAL, payloads, now);
  else link.exchange.request(exchangeType.INFORMATIONAL, payloads, now, limits.roamTries, 'brisk');
  return { kind: 'roam', why, cookie, local: mobility.local };
}

/** The peer's answer to the update. */
export function onRoamed(
  engine: Engine,
  state: Established,
  task: RoamTask,
  message: IkeMessage,
  now: Instant,
): IkeState {
  const { mobility, link } = state;
  if (mobility === undefined) return state;
  const path = { local: task.local, remote: peerEndpoint(engine) };
  const answer = processUpdate(engine.dependencies.crypto, link.ike, path, task.cookie, message);
  if (!answer.ok) return sayGoodbye(engine, state, answer.error, now);
  const { refusal, nat } = answer.value;
  // It is about an address that we have left again: the next update follows.
  if (state.todo.some(({ kind }) => kind === 'roam')) return state;
  if (refusal !== undefined) {
    mobility.refused = true;
    return task.why === 'moved' ? sayGoodbye(engine, state, refusal, now) : state;
  }
  remember(state, mobility, message);
  if (nat !== undefined) state.summary = { ...state.summary, natDetected: nat };
  if (task.why === 'moved') engine.emit({ kind: 'roamed', local: task.local, summary: state.summary });
  return state;
}

/** The peer's answer to a liveness check: a NAT may show us as another by now. @rfc 4555 3.8 */
export function onPathChecked(state: Established, message: IkeMessage): void {
  const { mobility } = state;
  const hash = seenAs(message);
  if (mobility === undefined || hash === undefined) return;
  const { seen } = mobility;
  if (seen === undefined || seen.ike !== keyOf(state.link)) remember(state, mobility, message);
  else if (!equal(seen.hash, hash)) planRoam(state, 'moved');
}

/**
 * What our answer to the peer's INFORMATIONAL request holds for MOBIKE. Only the initiator updates addresses, so an update of
 * the peer's changes nothing here. @rfc 4555 3.5
 */
export function answerMobility(
  engine: Engine,
  state: Established,
  link: IkeLink,
  request: IkeMessage,
): readonly Payload[] {
  const { mobility } = state;
  if (mobility === undefined) return [];
  const addresses = peerAddressesIn(request);
  if (addresses !== undefined) {
    mobility.peerAddresses = addresses;
    state.summary = { ...state.summary, peerAddresses: addresses };
    engine.emit({ kind: 'peer-addresses', summary: state.summary });
  }
  return [...(checksPath(request) ? pathCheck(engine, link.ike) : []), ...echoCookie(request)];
}

/** What a user is shown of it. */
export function mobilityShown(mobility: Mobility | undefined): {
  readonly mobike: boolean;
  readonly peerAddresses: readonly IpAddress[];
} {
  return { mobike: mobility !== undefined, peerAddresses: mobility?.peerAddresses ?? [] };
}

/** One update is enough, however often we moved; it goes before everything else that waits. */
function planRoam(state: Established, why: RoamTask['why']): void {
  const others = state.todo.filter((plan) => plan.kind !== 'roam');
  const moved = why === 'moved' || state.todo.some((plan) => plan.kind === 'roam' && plan.why === 'moved');
  state.todo.splice(0, state.todo.length, { kind: 'roam', why: moved ? 'moved' : 'check' }, ...others);
}

function remember(state: Established, mobility: Mobility, message: IkeMessage): void {
  const hash = seenAs(message);
  mobility.seen = hash === undefined ? undefined : { ike: keyOf(state.link), hash };
}

function pathCheck(engine: Engine, ike: SecuredIke): readonly Payload[] {
  const { crypto, random } = engine.dependencies;
  return buildPathCheck(crypto, random, ike, peerEndpoint(engine));
}

const natTraversalPort = 4500;

/** Where everything after IKE_SA_INIT goes. */
function peerEndpoint({ config }: Engine): Endpoint {
  return { address: config.remote.address, port: config.natTraversalPort ?? natTraversalPort };
}
