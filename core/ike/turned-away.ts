import { type Failure, failure } from '../base/errors.ts';
import type { Instant } from '../base/time.ts';
import { close } from './ending.ts';
import type { Engine } from './engine.ts';
import { describeWay, type LoginWay, usualWay } from './login-way.ts';
import { type Course, type IkeState, type Init, type Login, wipeState } from './state.ts';

/*
 * The gateway turned a login away before any password was shown. There is nothing to lock and nothing learned, so the next way
 * of the profile gets its turn, over a new IKE SA. When none is left and EAP was never asked for, a last IKE SA asks what the
 * gateway would say to it: its answer is the difference between "your certificate is not accepted" and "use EAP".
 */

/** The ways of the configuration. */
export function waysOf(engine: Engine): readonly LoginWay[] {
  return engine.config.logins ?? [usualWay];
}

/** The first course, for the start. */
export function firstCourse(engine: Engine): Course {
  return { index: 0, way: waysOf(engine)[0] ?? usualWay, refusals: [] };
}

/** Where a login goes on that was turned away. Starting it is a matter of the caller, who knows how. */
export type Restart = (engine: Engine, course: Course, now: Instant) => IkeState;

/** Goes another way, asks, or ends with `error`. */
export function turnedAway(
  engine: Engine,
  state: (Login | Init) & IkeState,
  error: Failure,
  now: Instant,
): IkeState {
  const { course } = state;
  const next = mayCoverAnother(state, error)
    ? { ...course, again: true as const }
    : nextCourse(engine, course, error);
  // While another answer to IKE_SA_INIT is followed, it is not known that the gateway said so.
  if (next !== undefined && engine.rivals.waiting) engine.rivals.turnedAway(next);
  if (next === undefined || engine.rivals.waiting)
    return close(engine, state, withTried(engine, course, error));
  wipeState(state);
  engine.exchange.close();
  engine.exchange = engine.openExchange();
  return engine.restartLogin(next, now);
}

/**
 * Whether the gateway may have refused our AUTH because it covers another IKE_SA_INIT request than the one that was answered: an answer to
 * the request without the cookie that comes after the gateway, or somebody in its place, has asked for one looks like any other. Such a
 * login is begun anew, once. @rfc 7296 2.6 @rfc 7296 2.15
 */
export function mayCoverAnother(state: Login | Init, error: Failure): boolean {
  const { course } = state;
  if (!('association' in state) || state.association.afterCookie !== true) return false;
  const ofProof = error.code.startsWith('auth.refused') && error.code !== 'auth.refused-early';
  return ofProof && course.again !== true && !isQuestion(course);
}

/** What a question brought: whether the gateway would have taken EAP. */
export function answered(engine: Engine, state: Login & IkeState, wantsEap: boolean): IkeState {
  const { course } = state;
  const refusal = course.refusals.at(-1) ?? failure('auth.refused', { side: 'local' });
  const told = { ...refusal.detail, ...triedIn(engine) };
  return close(
    engine,
    state,
    wantsEap ? failure('auth.wants-eap', told) : withTried(engine, course, refusal),
  );
}

/** True for a course that only asks. */
export function isQuestion({ index }: Course): boolean {
  return index < 0;
}

function nextCourse(engine: Engine, course: Course, error: Failure): Course | undefined {
  if (isQuestion(course)) return undefined;
  const refusals = [...course.refusals, error];
  const way = waysOf(engine)[course.index + 1];
  if (way !== undefined) return { index: course.index + 1, way, refusals };
  const asked = waysOf(engine).some(({ rounds }) => rounds[0]?.kind === 'eap');
  return asked || !error.code.startsWith('auth.refused') ? undefined : { index: -1, way: usualWay, refusals };
}

/** With more than one way the user is told which ones were tried. */
function withTried(engine: Engine, course: Course, error: Failure): Failure {
  const cause = isQuestion(course) ? (course.refusals.at(-1) ?? error) : error;
  return waysOf(engine).length < 2 ? cause : { ...cause, detail: { ...cause.detail, ...triedIn(engine) } };
}

function triedIn(engine: Engine): { readonly tried: string } {
  return { tried: waysOf(engine).map(describeWay).join('; ') };
}
