import { type Endpoint, type IpAddress, sameEndpoint } from '../base/address.ts';
import { failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equal } from '../base/octets.ts';
import type { Instant } from '../base/time.ts';
import { notifyOf } from '../wire/ike/lookup.ts';
import type { IkeMessage, Payload } from '../wire/ike/payload.ts';
import { exchangeType } from '../wire/registry/exchange-types.ts';
import { notifyType } from '../wire/registry/notify-types.ts';
import type { NatSituation, SecuredIke } from './association.ts';
import type { IkeConfig } from './config.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import type { IkeLink } from './ike-link.ts';
import { keyOf } from './ike-rekeying.ts';
import type { IkeCommand, PathId } from './io.ts';
import type { Mobility } from './mobility.ts';
import type { OwnTask, Plan, RoamTask } from './own-task.ts';
import { ikeNotify } from './payload-list.ts';
import type { Pace } from './retransmission.ts';
import type { Established, IkeState } from './state.ts';
import {
  buildAdditionalAddresses,
  buildNoNats,
  buildPathCheck,
  buildUpdate,
  checksPath,
  echoCookie,
  freshCookie,
  peerAddressesIn,
  processUpdate,
  seenAs,
  seesForbiddenNat,
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
  const remote = peerEndpoint(config);
  // Without a NAT the peer sees what we see. Behind one, port 500's mapping said nothing about port 4500's.
  const seen = nat.local
    ? undefined
    : { ike: ike.spis.initiator, hash: endpointHash(dependencies.crypto, ike.spis, local) };
  const peerAddresses = peerAddressesIn(message) ?? [];
  return { local, remote, additional: undefined, seen, refused: false, peerAddresses };
}

/** What IKE_AUTH says of our addresses. @rfc 4555 3.3 @rfc 4555 3.4 @rfc 4555 3.9 */
export function offerMobility(config: IkeConfig): readonly Payload[] {
  if (config.mobike === false) return [];
  const { additionalAddresses = [], natsAllowed } = config;
  return [
    ikeNotify(notifyType.MOBIKE_SUPPORTED),
    ...(additionalAddresses.length === 0 ? [] : buildAdditionalAddresses(additionalAddresses)),
    ...(natsAllowed === false ? [buildNoNats(config.local, peerEndpoint(config))] : []),
  ];
}

/** The driver says that our packets leave from another place now, or go to another address of the peer. */
export function roam(
  engine: Engine,
  state: Established,
  { local, remote, additional }: Extract<IkeCommand, { kind: 'roam' }>,
  now: Instant,
): void {
  const { mobility } = state;
  if (mobility === undefined) return probe(engine, state, now);
  if (additional !== undefined) mobility.additional = additional;
  const to = remote ?? mobility.remote;
  if (sameEndpoint(local, mobility.local) && sameEndpoint(to, mobility.remote))
    return probe(engine, state, now);
  const { fragmentSizes } = state.link.exchange;
  if (fragmentSizes.allowed) fragmentSizes.allow(to.address.family);
  mobility.local = local;
  mobility.remote = to;
  planRoam(state, 'moved');
  // Whatever waits for an answer waits for one to the old address.
  state.link.exchange.hurry(now);
}

/** Asks for a sign of life on all these paths at once: with what waits for an answer, or with a liveness check. */
export function race(engine: Engine, state: Established, paths: readonly PathId[], now: Instant): void {
  const { link } = state;
  if (link.exchange.busy) return link.exchange.hurry(now, paths);
  const payloads = livenessPayloads(engine, state);
  link.exchange.request(exchangeType.INFORMATIONAL, payloads, now, limits.roamTries, 'brisk', { paths });
}

/** What a liveness check holds: with MOBIKE, the question how the peer sees us. @rfc 4555 3.8 */
export function livenessPayloads(engine: Engine, { mobility, link }: Established): readonly Payload[] {
  return mobility === undefined ? [] : pathCheck(engine, link.ike, mobility.remote);
}

/** Sends a liveness check, unless a request that asks as much is on the wire already. @rfc 7296 2.4 */
export function probe(engine: Engine, state: Established, now: Instant, pace: Pace = 'usual'): void {
  const { mobility, link } = state;
  if (link.exchange.busy) return;
  const unknown = mobility !== undefined && mobility.seen?.ike !== keyOf(link);
  // A NAT may have forgotten us, and there is nothing to see that by: an update is right in any case.
  if (unknown && !mobility.refused) return planRoam(state, 'check');
  const tries = pace === 'brisk' ? limits.roamTries : limits.retransmitTries;
  link.exchange.request(exchangeType.INFORMATIONAL, livenessPayloads(engine, state), now, tries, pace);
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
  const { local, remote, additional } = mobility;
  mobility.additional = undefined;
  const more = [
    ...(additional === undefined ? [] : buildAdditionalAddresses(additional)),
    ...(engine.config.natsAllowed === false ? [buildNoNats(local, remote)] : []),
  ];
  const payloads = buildUpdate(pathCheck(engine, link.ike, remote), cookie, more);
  if (why === 'check') link.exchange.request(exchangeType.INFORMATIONAL, payloads, now);
  else link.exchange.request(exchangeType.INFORMATIONAL, payloads, now, limits.roamTries, 'brisk');
  return { kind: 'roam', why, cookie, local, remote };
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
  const answer = processUpdate(engine.dependencies.crypto, link.ike, task, task.cookie, message);
  if (!answer.ok) return sayGoodbye(engine, state, answer.error, now);
  const { refusal, nat } = answer.value;
  // It is about an address that we have left again: the next update follows.
  if (state.todo.some(({ kind }) => kind === 'roam')) return state;
  if (refusal !== undefined) {
    mobility.refused = true;
    return task.why === 'moved' ? sayGoodbye(engine, state, refusal, now) : state;
  }
  remember(state, mobility, message);
  if (nat?.local === true && engine.config.natsAllowed === false)
    return sayGoodbye(engine, state, failure('peer.nat-forbidden'), now);
  if (nat !== undefined) state.summary = { ...state.summary, natDetected: nat };
  if (task.why === 'moved') engine.emit({ kind: 'roamed', local: task.local, summary: state.summary });
  return state;
}

/** The peer's answer to a liveness check: a NAT may show us as another by now. @rfc 4555 3.8 */
export function onPathChecked(engine: Engine, state: Established, message: IkeMessage): void {
  const { mobility } = state;
  const hash = seenAs(message);
  if (mobility === undefined || hash === undefined) return;
  const { seen } = mobility;
  if (seen === undefined || seen.ike !== keyOf(state.link)) return remember(state, mobility, message);
  const before = equal(seen.hash, hash);
  engine.emit({ kind: 'seen-as', before });
  if (!before) planRoam(state, 'moved');
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
  const { heardFrom } = engine;
  if (heardFrom !== undefined && seesForbiddenNat(request, heardFrom, mobility.local))
    return [ikeNotify(notifyType.UNEXPECTED_NAT_DETECTED), ...echoCookie(request)];
  const addresses = peerAddressesIn(request);
  if (addresses !== undefined) {
    mobility.peerAddresses = addresses;
    state.summary = { ...state.summary, peerAddresses: addresses };
    engine.emit({ kind: 'peer-addresses', summary: state.summary });
  }
  return [
    ...(checksPath(request) ? pathCheck(engine, link.ike, mobility.remote) : []),
    ...echoCookie(request),
  ];
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

function pathCheck(engine: Engine, ike: SecuredIke, remote: Endpoint): readonly Payload[] {
  const { crypto, random } = engine.dependencies;
  return buildPathCheck(crypto, random, ike, remote);
}

const natTraversalPort = 4500;

/** Where everything after IKE_SA_INIT goes. */
function peerEndpoint(config: IkeConfig): Endpoint {
  return { address: config.remote.address, port: config.natTraversalPort ?? natTraversalPort };
}
