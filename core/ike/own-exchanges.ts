import { after, earliest, type Instant } from '../base/time.ts';
import type { IkeMessage, Spi } from '../wire/ike/payload.ts';
import type { Job } from './agenda.ts';
import { afterLoss, notRekeyed, onChildAdded, startChildAdd } from './child-adding.ts';
import { deleteChild, promoteChild, removeChild } from './child-install.ts';
import {
  createPlan,
  onChildCreated,
  onChildDeleted,
  onChildRekeyed,
  startChildCreate,
  startChildDelete,
  startChildRekey,
} from './child-rekeying.ts';
import type { Child } from './child-table.ts';
import { sayGoodbye } from './ending.ts';
import type { Engine } from './engine.ts';
import type { IkeLink } from './ike-link.ts';
import { dropLink, keyOf, onIkeRekeyed, retireLink, startIkeRekey } from './ike-rekeying.ts';
import { checkIdle } from './inactivity.ts';
import { isReplacing, type OwnTask, type Plan, wipeTask } from './own-task.ts';
import { onChecked, startPathCheck, startSizeProbe } from './path-checks.ts';
import { onPathChecked, onRoamed, probe, startRoam } from './roaming.ts';
import type { Established, IkeState } from './state.ts';

/** The next moment at which an established IKE SA does something of its own accord. */
export function establishedWakeup(state: Established): Instant | undefined {
  const own = earliest(state.agenda.nextAt, state.link.exchange.nextWakeup());
  const others = [...state.others].map(({ exchange }) => exchange.nextWakeup());
  const all = others.reduce(earliest, own);
  return state.link.exchange.busy ? all : earliest(all, state.liveness.dueAt);
}

/** A `timeout` for an established IKE SA, after the retransmissions of the one in use. */
export function onEstablishedTimeout(engine: Engine, state: Established, now: Instant): IkeState {
  for (const link of state.others) {
    // Nobody misses the answer of an IKE SA that is to go anyway.
    if (link.exchange.timeout(now) !== undefined) dropLink(state, link);
  }
  const next = runAgenda(engine, state, now);
  if (next.kind !== 'established') return next;
  startNext(engine, state, now);
  if (now >= state.liveness.dueAt) probe(engine, state, now);
  return state;
}

/** The first packet on a CHILD SA that the peer made. */
export function onChildUsed(engine: Engine, state: Established, spi: Spi): void {
  const child = state.children.get(spi);
  if (child !== undefined) promoteChild(engine, state, child);
}

/** Does all that is due. */
function runAgenda(engine: Engine, state: Established, now: Instant): IkeState {
  for (let job = state.agenda.take(now); job !== undefined; job = state.agenda.take(now)) {
    const next = runJob(engine, state, job, now);
    if (next.kind !== 'established') return next;
  }
  return state;
}

/** Plans the replacement of a CHILD SA, unless that is under way. */
export function planRekey(state: Established, spi: Spi, early?: true): void {
  const { active, todo } = state;
  if (state.children.get(spi)?.state.kind !== 'live') return;
  if (active?.kind === 'rekey-child' && active.old.inboundSpi === spi) return;
  if (todo.some((plan) => plan.kind === 'rekey-child' && plan.child === spi)) return;
  todo.push({ kind: 'rekey-child', child: spi, ...(early === undefined ? {} : { early }) });
}

/** Puts the next planned exchange on the wire when nothing else is there. */
export function startNext(engine: Engine, state: Established, now: Instant): void {
  while (state.active === undefined && !state.link.exchange.busy) {
    const plan = state.todo.shift();
    if (plan === undefined) return;
    state.active = start(engine, state, plan, now);
  }
}

/** The peer's answer on an established IKE SA. */
export function onEstablishedResponse(
  engine: Engine,
  state: Established,
  link: IkeLink,
  message: IkeMessage,
  now: Instant,
): IkeState {
  if (link !== state.link) {
    // To our DELETE, or to a liveness check that was on the wire when the peer replaced the IKE SA.
    if (state.agenda.hasIke(keyOf(link)) || link.exchange.busy) return state;
    dropLink(state, link);
    return state;
  }
  const task = state.active;
  state.active = undefined;
  if (task === undefined) {
    // By another path than the one in use a NAT shows us as another, and nothing follows from that.
    if (!link.exchange.answeredBy.raced) onPathChecked(engine, state, message);
    return state;
  }
  const next = finish(engine, state, task, message, now);
  state.goneUnseen.clear();
  wipeTask(task);
  return next;
}

function start(engine: Engine, state: Established, plan: Plan, now: Instant): OwnTask | undefined {
  switch (plan.kind) {
    case 'rekey-child':
      return startChildRekey(engine, state, plan, now);
    case 'create-child':
      return startChildCreate(engine, state, plan, now);
    case 'add-child':
      return startChildAdd(engine, state, plan, now);
    case 'delete-child':
      return startChildDelete(engine, plan, now);
    case 'rekey-ike':
      return startIkeRekey(engine, state, plan, now);
    case 'roam':
      return startRoam(engine, state, plan, now);
    case 'check-path':
      return startPathCheck(engine, state, plan, now);
    case 'probe-size':
      return startSizeProbe(engine, state, plan, now);
  }
}

function finish(
  engine: Engine,
  state: Established,
  task: OwnTask,
  message: IkeMessage,
  now: Instant,
): IkeState {
  switch (task.kind) {
    case 'rekey-child':
      return onChildRekeyed(engine, state, task, message, now);
    case 'create-child':
      return onChildCreated(engine, state, task, message, now);
    case 'add-child':
      return onChildAdded(engine, state, task, message, now);
    case 'delete-child':
      return onChildDeleted(engine, state, task.child, now);
    case 'rekey-ike':
      return onIkeRekeyed(engine, state, task, message, now);
    case 'roam':
      return onRoamed(engine, state, task, message, now);
    case 'check-path':
    case 'probe-size':
      onChecked(engine, state, task);
      return state;
  }
}

function runJob(engine: Engine, state: Established, job: Job, now: Instant): IkeState {
  if ('child' in job) {
    const child = state.children.get(job.child);
    return child === undefined ? state : runChildJob(engine, state, job, child, now);
  }
  switch (job.kind) {
    case 'add-child':
      state.todo.push({ kind: 'add-child', wish: job.wish });
      return state;
    case 'rekey-ike':
      if (state.active?.kind !== 'rekey-ike' && job.ike === keyOf(state.link)) {
        state.todo.push({ kind: 'rekey-ike' });
      }
      return state;
    case 'expire-ike':
      if (job.ike !== keyOf(state.link)) return state;
      if (state.active?.kind === 'rekey-ike') {
        state.agenda.add(after(now, graceMs), job);
        return state;
      }
      return sayGoodbye(engine, state, notRekeyed(state.ikeTrouble.reason ?? 'no answer came'), now);
    case 'retire-ike': {
      const link = [...state.others].find((other) => keyOf(other) === job.ike);
      if (link !== undefined) retireLink(state, link, now);
      return state;
    }
  }
}

function runChildJob(
  engine: Engine,
  state: Established,
  job: Extract<Job, { readonly child: Spi }>,
  child: Child,
  now: Instant,
): IkeState {
  switch (job.kind) {
    case 'rekey-child':
      // The peer has had it for so long that it must be able to use it.
      promoteChild(engine, state, child);
      planRekey(state, child.inboundSpi, job.early);
      return state;
    case 'recreate-child':
      if (child.state.kind === 'live') state.todo.push(createPlan(child));
      return state;
    case 'remove-child':
      removeChild(engine, state, child);
      return state;
    case 'expire-child':
      return expire(engine, state, child, now);
    case 'check-idle':
      return checkIdle(engine, state, child, now);
  }
}

/** An exchange that may still save what has come to its end is waited for; retransmission bounds it. */
const graceMs = 1_000;

/** The hard end of a CHILD SA. The peer should have deleted one that it replaced. */
function expire(engine: Engine, state: Established, child: Child, now: Instant): IkeState {
  const { by } = child.state.kind === 'replaced' ? child.state : { by: undefined };
  const successor = by === undefined ? undefined : state.children.get(by);
  if (successor !== undefined) promoteChild(engine, state, successor);
  if (child.state.kind === 'live' && isReplacing(state.active, child)) {
    state.agenda.add(after(now, graceMs), { kind: 'expire-child', child: child.inboundSpi });
    return state;
  }
  deleteChild(state, child);
  return afterLoss(engine, state, child.wish, notRekeyed(child.trouble ?? 'no answer came'), now);
}
