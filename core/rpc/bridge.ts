import * as z from 'zod';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { check, checkRequest, type RequestEnvelope } from './envelope.ts';
import { base64Of, nothing, text } from './primitives.ts';
import {
  type EventData,
  type EventName,
  eventSchemas,
  isEventName,
  isMethodName,
  type MethodName,
  type MethodParams,
  type MethodResult,
  methodSchemas,
  methods,
} from './schema.ts';
import { failureSchema } from './values.ts';

/**
 * The bridge: what a page (the renderer in Electron's sandbox, or in a browser) may ask of the process that hosts it.
 * The methods of the daemon cross it by themselves, except those of the level `admin`: the list is made from the RPC
 * schema, so there is no second one to keep. To them come a few of the host's own.
 *
 * Each message is one JSON text. Page to host: `{ id, method, params }`. Host to page: `{ id, ok, result | error }` and
 * `{ event, data }`, just as on the daemon's socket. Both ends check both directions.
 */

/** Whether the host reaches the daemon. The host tries again by itself and tells each change. */
const linkSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('connecting') }),
  z.strictObject({
    state: z.literal('up'),
    version: text.meta({ description: 'Of the daemon.' }),
    match: z.enum(['same', 'older', 'newer']).meta({
      description:
        'The daemon speaks the same protocol as the page, an older one or a newer one. Only with `same` may calls be understood.',
    }),
  }),
  z.strictObject({
    state: z.literal('down'),
    error: failureSchema,
    nextTryAt: z.int().min(0).optional().meta({ description: 'milliseconds since 1970' }),
  }),
]);
export type Link = z.output<typeof linkSchema>;

/** Switches that only some hosts have. A host lists those that it has; the page shows no others. */
const preferenceNames = ['autostart', 'notifications', 'keep-in-tray', 'ask-before-quit'] as const;
export type PreferenceName = (typeof preferenceNames)[number];

/** The views that a host can ask for: from its tray, its menu, a notification. */
export const viewNames = ['connection', 'profiles', 'details', 'logs', 'settings'] as const;
export type ViewName = (typeof viewNames)[number];

/** What became of the search for a newer version. Only a host that can replace itself looks for one. */
export const updateSchema = z.discriminatedUnion('state', [
  z
    .strictObject({ state: z.literal('off'), why: z.enum(['package', 'no-feed', 'browser']) })
    .meta({ description: 'The distribution brings updates, or nobody says where they are.' }),
  z.strictObject({ state: z.literal('checking') }),
  z
    .strictObject({ state: z.literal('none'), at: z.int().min(0) })
    .meta({ description: 'This is the newest.' }),
  z.strictObject({ state: z.literal('fetching'), version: text }),
  z
    .strictObject({ state: z.literal('ready'), version: text })
    .meta({ description: 'It is here, and takes the place of the present one when the program ends.' }),
  z
    .strictObject({ state: z.literal('refused'), version: text })
    .meta({ description: 'It is not signed by whoever made this version.' }),
  z.strictObject({ state: z.literal('failed'), at: z.int().min(0) }),
]);
export type Update = z.output<typeof updateSchema>;

const preferences = z.array(z.strictObject({ name: z.enum(preferenceNames), value: z.boolean() })).max(16);

/** What the host itself does. `hosts` names who has it; another one answers `rpc.denied`. */
export const hostMethods = {
  host: {
    doc: 'Who hosts the page. `preferences` are the switches that it has.',
    params: nothing,
    result: z.strictObject({
      kind: z.enum(['browser', 'electron']),
      version: text,
      preferences,
      update: updateSchema,
    }),
  },
  'reach-daemon': {
    doc: 'Tries at once to reach the daemon, without waiting for the next try.',
    params: nothing,
    result: nothing,
  },
  'check-for-updates': {
    doc: 'Looks for a newer version, unless that is under way or cannot be done. What becomes of it comes as `update` events.',
    params: nothing,
    result: z.strictObject({ update: updateSchema }),
  },
  notices: {
    doc: 'The licences of the works of others that this copy of Godwit brings. `notices.missing` where it was not packed.',
    params: nothing,
    result: z.strictObject({ text: z.string().max(limits.noticesCharacters) }),
  },
  'set-preference': {
    doc: 'Sets a switch of the host. The result is all of them as they are now.',
    params: z.strictObject({ name: z.enum(preferenceNames), value: z.boolean() }),
    result: z.strictObject({ preferences }),
  },
} as const;

const hostEvents = {
  link: { doc: 'Comes first after a page is attached, then at every change.', data: linkSchema },
  show: {
    doc: 'The user wants to see this view.',
    data: z.strictObject({ view: z.enum(viewNames) }),
  },
  'connect-wanted': {
    doc: 'The user wants this profile connected; the page does it, so that it is the one to be asked.',
    data: z.strictObject({ id: text }),
  },
  update: { doc: 'What became of the search for a newer version.', data: updateSchema },
  'import-offered': {
    doc: 'The user opened a file with Godwit, or followed a link: to be looked at, and taken or not.',
    data: z.strictObject({
      name: text.meta({ description: 'Of the file, without its folder.' }),
      base64: base64Of(limits.importOctets),
    }),
  },
} as const;

export type HostMethodName = keyof typeof hostMethods;
export type HostEventName = keyof typeof hostEvents;

type ForPages<M extends MethodName> = (typeof methods)[M]['access'] extends 'admin' ? never : M;
/** The methods of the daemon that a page may call: all but those of the level `admin`. */
export type DaemonMethodName = { [M in MethodName]: ForPages<M> }[MethodName];

export type BridgeMethodName = DaemonMethodName | HostMethodName;
export type BridgeEventName = EventName | HostEventName;
export type BridgeParams<M extends BridgeMethodName> = M extends DaemonMethodName
  ? MethodParams<M>
  : M extends HostMethodName
    ? z.output<(typeof hostMethods)[M]['params']>
    : never;
export type BridgeResult<M extends BridgeMethodName> = M extends DaemonMethodName
  ? MethodResult<M>
  : M extends HostMethodName
    ? z.output<(typeof hostMethods)[M]['result']>
    : never;
export type BridgeEventData<E extends BridgeEventName> = E extends EventName
  ? EventData<E>
  : E extends HostEventName
    ? z.output<(typeof hostEvents)[E]['data']>
    : never;

export function isHostMethod(name: string): name is HostMethodName {
  return Object.hasOwn(hostMethods, name);
}

function isHostEvent(name: string): name is HostEventName {
  return Object.hasOwn(hostEvents, name);
}

function isDaemonMethod(name: string): name is DaemonMethodName {
  return isMethodName(name) && methods[name].access !== 'admin';
}

/** Every method that a page may call, in a fixed order. */
export function bridgeMethodNames(): readonly BridgeMethodName[] {
  const daemon = Object.keys(methods).filter(isDaemonMethod);
  return [...daemon, ...Object.keys(hostMethods).filter(isHostMethod)];
}

export function bridgeParamsSchema(method: BridgeMethodName): z.ZodType {
  return isHostMethod(method) ? hostMethods[method].params : methodSchemas[method].params;
}

export function bridgeResultSchema(method: BridgeMethodName): z.ZodType {
  return isHostMethod(method) ? hostMethods[method].result : methodSchemas[method].result;
}

/** `undefined`: an event that this version does not know. */
export function bridgeEventSchema(event: string): z.ZodType | undefined {
  if (isHostEvent(event)) return hostEvents[event].data;
  return isEventName(event) ? eventSchemas[event].data : undefined;
}

/** A request that a page may make, with parameters that fit. */
export interface BridgeRequest {
  readonly id: number;
  readonly method: BridgeMethodName;
  readonly params: unknown;
}

/** Why a page's message was turned down; `id` where it could be read, so that the page can be answered. */
export interface BridgeRefusal {
  readonly id: number | undefined;
  readonly error: Failure;
}

/** What the host does with each text that comes from a page. Never quotes it: it may hold a password. */
export function readBridgeRequest(message: string): Result<BridgeRequest, BridgeRefusal> {
  const envelope = readEnvelope(message);
  if (!envelope.ok) return err({ id: undefined, error: envelope.error });
  const { id, method, params } = envelope.value;
  if (!isHostMethod(method) && !isDaemonMethod(method)) {
    const known = isMethodName(method);
    const error = known
      ? failure('rpc.denied', { method })
      : failure('rpc.invalid', { reason: 'no such method' });
    return err({ id, error });
  }
  const checked = check(bridgeParamsSchema(method), params, `parameters of ${method}`);
  return checked.ok ? ok({ id, method, params: checked.value }) : err({ id, error: checked.error });
}

function readEnvelope(message: string): Result<RequestEnvelope, Failure> {
  if (message.length > limits.rpcFrameOctets) {
    return err(failure('rpc.invalid', { reason: 'the message is too long' }));
  }
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return err(failure('rpc.invalid', { reason: 'the message is not JSON' }));
  }
  return checkRequest(value);
}
