import * as z from 'zod';
import { type FailureCode, failureCatalogue } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { weaknesses } from '../base/weaknesses.ts';
import { count, epochMs, spanMs, text } from './primitives.ts';

/**
 * The values that cross the RPC edge. A moment is in milliseconds since 1970 (`…At`, `since`), a span or an age in
 * milliseconds (`…Ms`): the two ends share no monotonic clock. Addresses, prefixes and endpoints are text.
 */

// Not an enum: a new way to fail is news for the catalogue, not for this schema.
const failureCode = z
  .string()
  .max(64)
  .transform((code, context) => {
    if (isFailureCode(code)) return code;
    context.addIssue({ code: 'custom', message: 'not a failure code' });
    return z.NEVER;
  });

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failureCatalogue, code);
}

/** A failure as a value, just as the core makes it. */
export const failureSchema = z
  .strictObject({
    code: failureCode,
    family: z.enum([
      'malformed',
      'peer-misbehaved',
      'peer-incompatible',
      'peer-refused',
      'authentication-failed',
      'timeout',
      'local-refused',
      'system-failure',
      'misuse',
    ]),
    detail: z.record(z.string().max(64), z.union([text, z.number()])),
  })
  .meta({ description: 'An expected failure.' });

/** The steps of `connect`, in the order in which a user sees them. */
export const connectPhases = [
  'resolving',
  'init',
  'authenticating-gateway',
  'logging-in',
  'requesting-address',
  'configuring-network',
] as const;
export type ConnectPhase = (typeof connectPhases)[number];

const profileReference = z.strictObject({
  id: text.optional().meta({ description: 'Of a stored profile; absent when the client sent the text.' }),
  name: text,
  gateway: text.meta({ description: 'As the profile names it.' }),
});
export type ProfileReference = z.output<typeof profileReference>;

const directionCounters = z.strictObject({
  packets: count,
  octets: count,
  drops: z.record(z.string().max(64), count).meta({ description: 'Dropped packets by cause.' }),
});

/** Of the SA that is in use now. */
const saAge = {
  ageMs: spanMs.meta({ description: 'Since its keys were made.' }),
  rekeys: count.meta({ description: 'How often it was replaced in this connection.' }),
  lifetimeMs: spanMs.optional().meta({ description: 'It is replaced well before it is this old.' }),
};

const way = {
  interface: text.meta({ description: 'Of this computer, e.g. wlan0.' }),
  local: text.meta({ description: 'Our address and port there.' }),
  gateway: text.meta({ description: 'The address of the gateway that it leads to.' }),
  provenAgeMs: spanMs
    .optional()
    .meta({ description: 'Since the gateway last answered by it; absent: never.' }),
};

const connected = z.strictObject({
  state: z.literal('connected'),
  profile: profileReference,
  since: epochMs,
  connectMs: spanMs.meta({
    description: 'From `connect`, or from the loss before, to here; the time that a user typed is included.',
  }),
  provenAgeMs: spanMs.meta({ description: 'Since the gateway last answered something authenticated.' }),
  gateway: text.meta({ description: 'Endpoint, e.g. 203.0.113.7:4500.' }),
  redirectedFrom: text
    .optional()
    .meta({ description: 'The gateway that sent us to this one, by address or name.' }),
  local: text.optional().meta({ description: 'Endpoint on this computer.' }),
  remoteIdentity: text,
  remoteAuthentication: text,
  localAuthentication: text,
  remoteNames: z
    .array(text)
    .max(limits.subjectAltNames + 1)
    .meta({ description: "What the gateway's certificate says it is called." }),
  ppk: z.boolean().meta({ description: 'A post-quantum pre-shared key is in the keys (RFC 8784).' }),
  weaknesses: z
    .array(z.enum(weaknesses))
    .max(weaknesses.length)
    .meta({ description: 'What this login does less well than it could.' }),
  ike: z.strictObject({ proposal: text, initiatorSpi: text, responderSpi: text, ...saAge }),
  esp: z.strictObject({
    proposal: text,
    inboundSpi: text,
    outboundSpi: text,
    ...saAge,
    asleepMs: spanMs.optional().meta({
      description: 'So long ago it was deleted because nobody used it; the next packet has another one made.',
    }),
  }),
  rekeyFailure: z
    .strictObject({ what: z.enum(['ike', 'esp', 'login']), error: failureSchema, ageMs: spanMs })
    .optional()
    .meta({
      description:
        'The last attempt to replace an SA, or the whole login, failed; the present one goes on while it may.',
    }),
  nat: z.strictObject({ local: z.boolean(), remote: z.boolean() }),
  keepalive: z
    .strictObject({ everyMs: spanMs, heldMs: spanMs.optional(), lostMs: spanMs.optional() })
    .optional()
    .meta({
      description:
        'After so much silence a NAT keepalive goes out; absent: none does. heldMs: after such a silence the NAT still knew us; lostMs: it did not.',
    }),
  oneWayMs: spanMs.optional().meta({
    description:
      'Packets go in and for so long none came out, though the gateway answers; absent when all is well.',
  }),
  mobike: z
    .boolean()
    .meta({ description: 'The gateway follows a change of address; else it means a new login.' }),
  peerAddresses: z
    .array(text)
    .max(limits.addressesOfGateway)
    .meta({ description: 'Further addresses of the gateway, by its own word.' }),
  path: z
    .strictObject({
      state: z.enum(['proven', 'checking', 'offline']).meta({
        description:
          'proven: the gateway answered by it since the network changed; checking: it is being asked; offline: no way leads to it.',
      }),
      ...way,
      others: z
        .array(z.strictObject(way))
        .max(limits.pathsOpen)
        .meta({ description: 'Further ways by which the gateway answered.' }),
      largestPacket: z.strictObject({ octets: count, ageMs: spanMs }).optional().meta({
        description:
          'The largest IP packet that reached the gateway in one piece, and how long ago; absent: not measured.',
      }),
      remembered: z.boolean().optional().meta({
        description: 'What is learnt in this network is known the next time this machine is there.',
      }),
    })
    .meta({ description: 'The way to the gateway that carries the traffic.' }),
  device: text,
  mtu: count,
  addresses: z.array(text).max(limits.addressesFromGateway),
  routes: z.array(text).max(limits.subnetsFromGateway),
  blockedFamilies: z
    .array(z.union([z.literal(4), z.literal(6)]))
    .max(2)
    .meta({ description: 'Families with no address here, kept from going around a full tunnel.' }),
  dns: z
    .strictObject({
      servers: z.array(text).max(limits.dnsServersFromGateway),
      searchDomains: z.array(text).max(limits.domainsFromGateway),
      routeDomains: z.array(text).max(limits.domainsFromGateway),
    })
    .optional()
    .meta({ description: 'Absent: the resolver was left alone.' }),
  workerPairs: z
    .strictObject({
      pairs: z
        .array(
          z.strictObject({
            pair: count,
            inboundSpi: text.optional(),
            outboundSpi: text.optional(),
            outbound: z.strictObject({ packets: count, octets: count }),
            inbound: z.strictObject({ packets: count, octets: count }),
          }),
        )
        .max(limits.workerPairs)
        .meta({ description: 'Those that run, with the CHILD SA and the traffic of each.' }),
      refused: failureSchema
        .optional()
        .meta({ description: 'Why the gateway makes no CHILD SA for a further one.' }),
    })
    .optional()
    .meta({ description: 'The pairs of threads that share the traffic.' }),
  counters: z.strictObject({
    outbound: directionCounters,
    inbound: directionCounters,
    ike: z.strictObject({
      drops: z
        .record(z.string().max(64), count)
        .meta({ description: 'Dropped IKE datagrams by cause, those of the login included.' }),
    }),
  }),
});
export type ConnectedTunnel = z.output<typeof connected>;

const reconnecting = z
  .strictObject({
    state: z.literal('reconnecting'),
    profile: profileReference,
    since: epochMs,
    cause: failureSchema.meta({ description: 'Why the connection was lost.' }),
    lastFailure: failureSchema.optional().meta({ description: 'Why the last try failed.' }),
    tries: count.meta({ description: 'Logins begun since the loss, the present one included.' }),
    nextTryAt: epochMs.optional().meta({ description: 'Absent while a try is under way.' }),
    phase: z.enum(connectPhases).optional().meta({ description: 'Of the try that is under way.' }),
  })
  .meta({
    description:
      'The connection was lost; its routes still lead into the tunnel, so nothing leaves in the clear.',
  });

const tunnel = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('disconnected'),
    since: epochMs,
    lastFailure: failureSchema.optional().meta({ description: 'Why the last attempt or connection ended.' }),
  }),
  z.strictObject({
    state: z.literal('connecting'),
    profile: profileReference,
    since: epochMs,
    phase: z.enum(connectPhases),
    phaseSince: epochMs,
  }),
  connected,
  reconnecting,
  z.strictObject({ state: z.literal('disconnecting'), profile: profileReference, since: epochMs }),
]);
export type ReconnectingTunnel = z.output<typeof reconnecting>;
export type TunnelSnapshot = z.output<typeof tunnel>;

/** All that a client needs to draw the present state. */
export const snapshotSchema = z.strictObject({
  daemon: z.strictObject({ version: text, startedAt: epochMs }),
  attempt: count.meta({
    description: 'How many times `connect` was accepted; the last one is what `tunnel` tells of.',
  }),
  tunnel,
});
export type Snapshot = z.output<typeof snapshotSchema>;

export const profileEntrySchema = z.strictObject({
  id: text.meta({ description: 'The name of its file without `.json`: what `connect` takes.' }),
  file: text,
  name: text.optional(),
  gateway: text.optional(),
  own: z
    .boolean()
    .optional()
    .meta({ description: 'It belongs to the caller, who may change and remove it.' }),
  failures: z
    .array(failureSchema)
    .max(limits.profileFailures)
    .meta({ description: 'Empty: it can be used.' }),
});
export type ProfileEntry = z.output<typeof profileEntrySchema>;

export const logRecordSchema = z.strictObject({
  at: epochMs,
  level: z.enum(['error', 'warn', 'info', 'debug']),
  event: z.string().max(limits.logFieldCharacters),
  fields: z.record(z.string().max(64), z.union([text, z.number(), z.boolean()])),
});

/** What went through the tunnel up to a moment. Rates are octets of inner packets in a second. */
export const sampleSchema = z.strictObject({
  at: epochMs,
  attempt: count,
  outboundRate: z.number().min(0),
  inboundRate: z.number().min(0),
  outboundOctets: count.meta({ description: 'Since the connection stands.' }),
  inboundOctets: count,
  provenAgeMs: spanMs.meta({ description: 'Since the gateway last proved that it is there.' }),
  idleMs: spanMs
    .optional()
    .meta({ description: 'For so long before nothing was measured, as nothing moved and nobody watched.' }),
  roundTripMs: spanMs
    .optional()
    .meta({ description: 'Of the last answer that came since the sample before.' }),
});
export type Sample = z.output<typeof sampleSchema>;

/**
 * One thing that became of the path to the gateway. `moved`: the gateway follows to another address, `restored`: logged in
 * anew after a loss.
 */
export const journeyEntrySchema = z.strictObject({
  at: epochMs,
  attempt: count,
  kind: z.enum(['connected', 'moved', 'lost', 'restored', 'ended', 'failed']),
  profile: text,
  local: text.optional().meta({ description: 'Endpoint on this computer from now on.' }),
  device: text.optional().meta({ description: 'The network device that has this address.' }),
  gateway: text.optional().meta({ description: 'Endpoint.' }),
  gapMs: spanMs.optional().meta({ description: 'How long nothing proved that the gateway is there.' }),
  error: failureSchema.optional().meta({ description: 'Of `lost` and `failed`.' }),
});
export type JourneyEntry = z.output<typeof journeyEntrySchema>;
export type LogLine = z.output<typeof logRecordSchema>;
