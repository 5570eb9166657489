import { type IpAddress, sameAddress } from '../base/address.ts';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { after, type Duration, earliest, type Instant, instant } from '../base/time.ts';
import type { Random } from '../crypto/interfaces.ts';
import { formatTarget, type RedirectTarget } from '../ike/redirect-target.ts';
import { type Attempt, newAttempt } from './attempt.ts';
import type { Course, Renewal } from './course.ts';
import { redirected } from './destination.ts';
import { dismiss } from './dismiss.ts';
import { lookAround } from './paths/know-network.ts';
import { mayReconnect, waitBefore } from './reconnect-policy.ts';
import { withRekeyFailure } from './sa-history.ts';

/*
 * One login takes the place of another while traffic goes on: the gateway wants to see it (RFC 4478), or sends us to another
 * gateway (RFC 5685). Both use one socket and one data plane; the old login ends when the new one carries traffic.
 */

/** How long before its end a login is followed by the next: sooner by up to a half at random, lest all clients come together. */
export function leadOf(lifetime: Duration, random: Random): Duration {
  const [octet = 0] = random.octets(1);
  return Math.round(Math.min(lifetime / 3, limits.renewalLeadMs) * (1 + octet / 512));
}

/** The gateway ends this login after `lifetime`. @rfc 4478 3 */
export function onAuthLifetime(course: Course, attempt: Attempt, lifetime: Duration, now: Instant): void {
  attempt.endsAt = after(now, lifetime);
  const soon = after(attempt.history?.ike.madeAt ?? now, limits.renewalEarliestMs);
  attempt.renewAt = instant(Math.max(attempt.endsAt - leadOf(lifetime, course.config.random), soon));
}

/** The gateway of a connection that stands sends us to another one: there, as soon as may be. @rfc 5685 5 */
export function onRedirect(course: Course, attempt: Attempt, to: RedirectTarget, now: Instant): void {
  if (!course.redirects.allows(now))
    return noteFailure(course, attempt, failure('peer.redirect-loop', { to: formatTarget(to) }), now);
  course.detour = redirected(attempt.destination, attempt.remote, to);
  attempt.renewTries = 0;
  attempt.renewAt = now;
}

/** When something is to be done about any login but the present one. */
export function renewalWakeup({ phase, renewal, retiring }: Course): Instant | undefined {
  let at: Instant | undefined;
  for (const { goodbyeAt, lingerUntil } of retiring) at = earliest(at, earliest(goodbyeAt, lingerUntil));
  if (phase.kind !== 'connected') return at;
  return earliest(at, renewal === undefined ? phase.attempt.renewAt : renewal.until);
}

/** Begins a renewal that is due, gives up one that takes too long, and removes what lingered long enough. */
export function renewWhenDue(course: Course, now: Instant): Attempt | undefined {
  for (const attempt of course.retiring) removeLingering(course, attempt, now);
  const { phase, renewal } = course;
  if (phase.kind !== 'connected') return undefined;
  if (renewal !== undefined) {
    if (renewal.until <= now) renewalFailed(course, renewal, failure('tunnel.renewal-late'), now);
    return undefined;
  }
  const { renewAt, destination, endsAt } = phase.attempt;
  if (renewAt === undefined || renewAt > now) return undefined;
  // What a machine that slept has missed may still be mended.
  const latest = after(now, limits.renewalLoginMs);
  const until = endsAt !== undefined && endsAt > now && endsAt < latest ? endsAt : latest;
  if (course.detour === undefined) {
    course.renewal = { destination, because: 'auth-lifetime', until };
    return begin(course, course.renewal, phase.attempt, phase.attempt.remote);
  }
  course.renewal = { destination: course.detour, because: 'redirect', until };
  course.emit({ kind: 'resolve', host: course.detour.host });
  return undefined;
}

/** Where the gateway that we are sent to is. The one data plane serves one family of addresses. */
export function renewalResolved(
  course: Course,
  found: readonly IpAddress[],
  now: Instant,
): Attempt | 'elsewhere' | undefined {
  const { phase, renewal } = course;
  if (phase.kind !== 'connected' || renewal === undefined || renewal.attempt !== undefined) return undefined;
  const family = phase.attempt.local?.address.family;
  const remote = found.find((address) => address.family === family);
  if (remote !== undefined) return begin(course, renewal, phase.attempt, remote);
  if (found.length > 0) return 'elsewhere';
  renewalFailed(course, renewal, failure('gateway.unresolved', { gateway: renewal.destination.host }), now);
  return undefined;
}

/** An engine that is yet to be told to connect. */
function begin(course: Course, renewal: Renewal, present: Attempt, remote: IpAddress): Attempt | undefined {
  const { local } = present;
  if (local === undefined) return undefined;
  const attempt = newAttempt(renewal.destination, remote);
  attempt.local = local;
  attempt.engine = course.createEngine(attempt, local);
  renewal.attempt = attempt;
  return attempt;
}

/** The old login goes on while it may; the next try follows, unless that could only do harm. */
export function renewalFailed(course: Course, renewal: Renewal, error: Failure, now: Instant): void {
  const { phase } = course;
  if (renewal.attempt !== undefined) dismiss(course, renewal.attempt, now);
  course.renewal = undefined;
  if (phase.kind !== 'connected') return;
  const { attempt } = phase;
  noteFailure(course, attempt, error, now);
  attempt.renewTries += 1;
  const again = mayReconnect(error) && (renewal.because !== 'redirect' || attempt.renewTries < redirectTries);
  if (again) {
    attempt.renewAt = after(now, waitBefore(attempt.renewTries + 1, course.config.random));
    return;
  }
  delete attempt.renewAt;
  course.detour = undefined;
  if (renewal.because === 'auth-lifetime') attempt.refused = error;
  else if (attempt.endsAt !== undefined) onAuthLifetime(course, attempt, attempt.endsAt - now, now);
}

/** The gateway that sent us away serves us meanwhile; it will say so again. */
const redirectTries = 3;

/** The login that was to follow is sent to yet another gateway. */
export function renewalRedirected(course: Course, renewal: Renewal, to: RedirectTarget, now: Instant): void {
  const { phase } = course;
  course.renewal = undefined;
  if (phase.kind !== 'connected') return;
  if (!course.redirects.allows(now)) {
    const error = failure('peer.redirect-loop', { to: formatTarget(to) });
    return renewalFailed(course, { ...renewal, because: 'redirect' }, error, now);
  }
  const from = renewal.attempt?.remote ?? phase.attempt.remote;
  course.detour = redirected(renewal.destination, from, to);
  phase.attempt.renewAt = now;
}

/**
 * The new login carries traffic: it is the connection now. The old one says goodbye a moment later: a gateway forgets its keys at
 * once, and must not before it has opened what we sent on it last.
 */
export function takeOver(course: Course, renewal: Renewal, now: Instant): void {
  const { phase } = course;
  const { attempt } = renewal;
  if (phase.kind !== 'connected' || attempt === undefined) return;
  course.renewal = undefined;
  course.detour = undefined;
  inheritPaths(course, phase.attempt, attempt);
  course.phase = { kind: 'connected', attempt };
  course.retiring.add(phase.attempt);
  phase.attempt.goodbyeAt = after(now, limits.renewalGoodbyeMs);
  // The first pair of workers sends on the new one already; the new login's further pairs are yet to come.
  for (const { inbound } of phase.attempt.children.ofFurtherPairs)
    course.emit({ kind: 'retire-child', inboundSpi: inbound.spi });
  course.tellConnected();
}

/** The sockets stay; those that lead to addresses of another gateway are of no more use. */
function inheritPaths(course: Course, old: Attempt, attempt: Attempt): void {
  const { paths } = old;
  if (paths === undefined) return;
  attempt.paths = paths;
  delete old.paths;
  if (sameAddress(paths.current.candidate.remote, attempt.remote)) return;
  for (const { id } of paths.leadTo(attempt.remote)) course.emit({ kind: 'close-path', path: id });
  lookAround(course, paths);
}

/** Its engine has closed; what the gateway sent before it knew is still on its way. */
export function retired(attempt: Attempt, now: Instant): void {
  delete attempt.engine;
  delete attempt.goodbyeAt;
  attempt.lingerUntil = after(now, limits.renewalLingerMs);
}

function removeLingering(course: Course, attempt: Attempt, now: Instant): void {
  if (attempt.lingerUntil === undefined || attempt.lingerUntil > now) return;
  course.retiring.delete(attempt);
  for (const inboundSpi of attempt.lingering) course.emit({ kind: 'remove-child', inboundSpi });
}

/** A login that is under way from an address that is no longer ours comes to nothing. */
export function renewalMoved(course: Course, local: IpAddress | undefined, now: Instant): void {
  const { renewal, phase } = course;
  const from = renewal?.attempt?.local?.address;
  if (renewal?.attempt === undefined || from === undefined || local === undefined || sameAddress(from, local))
    return;
  dismiss(course, renewal.attempt, now);
  course.renewal = undefined;
  if (phase.kind === 'connected') phase.attempt.renewAt = after(now, waitBefore(2, course.config.random));
}

function noteFailure(course: Course, attempt: Attempt, error: Failure, now: Instant): void {
  if (attempt.history !== undefined) attempt.history = withRekeyFailure(attempt.history, 'login', error, now);
  course.tellConnected();
}
