import * as z from 'zod';
import { type Failure, failure } from '../base/errors.ts';
import { err, ok, type Result } from '../base/result.ts';
import { failureSchema } from './values.ts';

/** What a frame holds. A client sends requests; the daemon sends one response for each, and events. */
const requestId = z.int().min(0);
const name = z.string().max(64);

const request = z.strictObject({ id: requestId, method: name, params: z.unknown() });

const fromDaemon = z.union([
  z.strictObject({ id: requestId, ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ id: requestId, ok: z.literal(false), error: failureSchema }),
  z.strictObject({ event: name, data: z.unknown() }),
]);

export type RequestEnvelope = z.output<typeof request>;
export type ResponseEnvelope =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: Failure };
export type EventEnvelope = { readonly event: string; readonly data: unknown };

export function checkRequest(value: unknown): Result<RequestEnvelope, Failure<'rpc.invalid'>> {
  return check(request, value, 'request');
}

export function checkFromDaemon(
  value: unknown,
): Result<ResponseEnvelope | EventEnvelope, Failure<'rpc.invalid'>> {
  return check(fromDaemon, value, 'message of the daemon');
}

/** `value` when it fits `schema`. The reason names places and kinds, never values: they may be secrets. */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
): Result<T, Failure<'rpc.invalid'>> {
  const checked = schema.safeParse(value);
  if (checked.success) return ok(checked.data);
  const issue = checked.error.issues[0];
  const place =
    issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.').slice(0, 128)}`;
  return err(failure('rpc.invalid', { reason: `${what}${place}: ${issue?.code ?? 'invalid'}` }));
}
