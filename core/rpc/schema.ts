import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { askAnswerSchema, askEnds, askRequestSchema, secret } from './asks.ts';
import { keyFileLook } from './key-files.ts';
import { base64Of, count, nothing } from './primitives.ts';
import {
  connectPhases,
  journeyEntrySchema,
  logRecordSchema,
  profileEntrySchema,
  sampleSchema,
  snapshotSchema,
} from './values.ts';

/**
 * Everything that clients and the daemon say to each other. Both ends derive their types from these two values and
 * check what they receive against them. Grow it by adding; raise `protocolVersion` for what old clients can't bear.
 */
export const protocolVersion = 1;

/**
 * Who may call: `read` looks, `control` connects and disconnects, `admin` stops the daemon itself. Each level holds
 * those before it.
 */
export type Access = 'read' | 'control' | 'admin';

interface MethodSchema {
  readonly access: Access;
  readonly doc: string;
  readonly params: z.ZodType;
  readonly result: z.ZodType;
}

interface EventSchema {
  readonly access: Access;
  readonly doc: string;
  readonly data: z.ZodType;
}

const text = z.string().min(1).max(limits.rpcTextCharacters);

const profileSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('stored'), id: text.meta({ description: 'As `profiles` lists it.' }) }),
  z.strictObject({
    kind: z.literal('text'),
    text: z.string().max(limits.profileOctets).meta({ description: 'A whole profile that names no files.' }),
    file: text.meta({ description: 'Where the client read it: for messages, never opened.' }),
  }),
]);
export type ProfileSource = z.output<typeof profileSource>;

/** Names of the events that a client can subscribe to; `ask` and `ask-closed` go to the caller of `connect` alone. */
const subscribableEvents = ['state', 'phase', 'log', 'sample', 'journey'] as const;

export const methods = {
  version: {
    access: 'read',
    doc: 'Version of the daemon and of this protocol.',
    params: nothing,
    result: z.strictObject({ version: text, protocol: count, pid: count }),
  },
  status: {
    access: 'read',
    doc: 'The present state, whole.',
    params: nothing,
    result: z.strictObject({ snapshot: snapshotSchema }),
  },
  profiles: {
    access: 'read',
    doc: 'The stored profiles, the broken ones with what is wrong with them.',
    params: nothing,
    result: z.strictObject({ profiles: z.array(profileEntrySchema).max(limits.profilesListed) }),
  },
  profile: {
    access: 'control',
    doc: 'The text of a stored profile, as its file has it. It names files and people, and holds no secret.',
    params: z.strictObject({ id: text }),
    result: z.strictObject({ text: z.string().max(limits.profileOctets), own: z.boolean() }),
  },
  'save-profile': {
    access: 'control',
    doc: "Checks a profile and keeps it as the caller's own, which nobody else sees. It must name no files.",
    params: z.strictObject({
      id: text.optional().meta({ description: 'Of an own profile to replace; absent: a new one.' }),
      text: z.string().max(limits.profileOctets),
    }),
    result: z.strictObject({ id: text }),
  },
  'remove-profile': {
    access: 'control',
    doc: "Removes one of the caller's own profiles for good.",
    params: z.strictObject({ id: text }),
    result: nothing,
  },
  'look-into-key-file': {
    access: 'control',
    doc: 'Opens a file with a certificate and its key (PKCS#12 or PEM) and tells what is in it. Neither file nor password is kept, and the key is not shown.',
    params: z.strictObject({
      name: text.meta({ description: 'Of the file, for messages; never opened.' }),
      file: base64Of(limits.keyFileOctets),
      password: secret.optional(),
    }),
    result: keyFileLook,
  },
  history: {
    access: 'read',
    doc: 'The samples and the journey of this connection and those before it, oldest first, as far as they are kept.',
    params: nothing,
    result: z.strictObject({
      samples: z.array(sampleSchema).max(limits.samplesKept),
      journey: z.array(journeyEntrySchema).max(limits.journeyKept),
    }),
  },
  'log-tail': {
    access: 'control',
    doc: 'The last lines of the log of the daemon, oldest first.',
    params: nothing,
    result: z.strictObject({ records: z.array(logRecordSchema).max(limits.logRecordsKept) }),
  },
  subscribe: {
    access: 'read',
    doc: 'Sends these events from now on. The result is the state that they continue: nothing is lost between.',
    params: z.strictObject({ events: z.array(z.enum(subscribableEvents)).min(1).max(8) }),
    result: z.strictObject({ snapshot: snapshotSchema }),
  },
  connect: {
    access: 'control',
    doc: 'Starts to connect and returns at once; `state` and `phase` events tell the rest. Refused while a connection is up.',
    params: z.strictObject({
      source: profileSource,
      canAnswer: z
        .boolean()
        .meta({ description: 'True: this client answers `ask` events until it is connected.' }),
      answerSeconds: z
        .int()
        .min(1)
        .max(limits.askMs / 1_000)
        .optional()
        .meta({ description: 'How long each question stays open at the most. Default: minutes.' }),
    }),
    result: z.strictObject({
      attempt: count.meta({ description: 'The number that snapshots and phases carry.' }),
    }),
  },
  disconnect: {
    access: 'control',
    doc: 'Ends the connection, or the attempt, and returns when nothing of it is left.',
    params: nothing,
    result: z.strictObject({ wasUp: z.boolean().meta({ description: 'False: there was nothing to end.' }) }),
  },
  answer: {
    access: 'control',
    doc: 'Answers an `ask` that this client was sent, and that is still open, with the kind that it has or `refused`.',
    params: z.strictObject({ askId: count, answer: askAnswerSchema }),
    result: nothing,
  },
  shutdown: {
    access: 'admin',
    doc: 'Disconnects and ends the daemon.',
    params: nothing,
    result: nothing,
  },
} as const satisfies Record<string, MethodSchema>;

export const events = {
  state: { access: 'read', doc: 'A new state, whole.', data: snapshotSchema },
  phase: {
    access: 'read',
    doc: 'An attempt reached its next step.',
    data: z.strictObject({
      attempt: count,
      phase: z.enum(connectPhases),
      at: count.meta({ description: 'milliseconds since 1970' }),
    }),
  },
  log: { access: 'control', doc: 'A line of the log of the daemon.', data: logRecordSchema },
  sample: {
    access: 'read',
    doc: 'What went through in the last second. Comes each second while connected; while somebody listens, the gateway is asked now and then whether it is there.',
    data: sampleSchema,
  },
  journey: { access: 'read', doc: 'Something became of the path to the gateway.', data: journeyEntrySchema },
  ask: {
    access: 'control',
    doc: 'Something only the user knows is needed; `answer` it.',
    data: z.strictObject({
      askId: count,
      request: askRequestSchema,
      deadlineAt: count.meta({ description: 'Until then it waits; milliseconds since 1970.' }),
    }),
  },
  'ask-closed': {
    access: 'control',
    doc: 'An `ask` whose answer is of no more use.',
    data: z.strictObject({ askId: count, reason: z.enum(askEnds) }),
  },
} as const satisfies Record<string, EventSchema>;

export type MethodName = keyof typeof methods;
export type MethodParams<M extends MethodName> = z.output<(typeof methods)[M]['params']>;
export type MethodResult<M extends MethodName> = z.output<(typeof methods)[M]['result']>;
export type EventName = keyof typeof events;
export type EventData<E extends EventName> = z.output<(typeof events)[E]['data']>;
export type SubscribableEvent = (typeof subscribableEvents)[number];

/** `methods` and `events` again, in a type that ties each schema to its name. */
export const methodSchemas: {
  readonly [M in MethodName]: {
    readonly access: Access;
    readonly params: z.ZodType<MethodParams<M>>;
    readonly result: z.ZodType<MethodResult<M>>;
  };
} = methods;
export const eventSchemas: {
  readonly [E in EventName]: { readonly access: Access; readonly data: z.ZodType<EventData<E>> };
} = events;

const accessRank: Readonly<Record<Access, number>> = { read: 0, control: 1, admin: 2 };

/** Whether someone with the level `granted` may do what needs the level `needed`. */
export function allows(granted: Access, needed: Access): boolean {
  return accessRank[granted] >= accessRank[needed];
}

export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

/** The whole schema as plain JSON, methods and events in a fixed order: for the golden file and for readers. */
export function describeRpcSchema(): unknown {
  const json = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' });
  return {
    protocol: protocolVersion,
    methods: Object.fromEntries(
      Object.entries(methods).map(([name, { access, doc, params, result }]) => [
        name,
        { access, doc, params: json(params), result: json(result) },
      ]),
    ),
    events: Object.fromEntries(
      Object.entries(events).map(([name, { access, doc, data }]) => [
        name,
        { access, doc, data: json(data) },
      ]),
    ),
  };
}
