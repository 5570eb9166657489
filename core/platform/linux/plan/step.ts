import { z } from 'zod';
import { parseIpPrefix } from '../../../base/address.ts';

/*
 * One change to the machine, with all that undoing it needs. Steps are what the journal holds, so everything in them
 * is plain JSON and is checked when it is read back: a journal must not be able to make Godwit write anywhere else.
 */

const deviceName = z.string().regex(/^[A-Za-z0-9_.-]{1,15}$/);
const prefixText = z
  .string()
  .max(64)
  .refine((text) => parseIpPrefix(text).ok, 'not an address prefix');
const unsigned32 = z.number().int().min(0).max(0xffffffff);
const family = z.union([z.literal(4), z.literal(6)]);

/** The device up, with the plan's MTU. */
const linkStep = z.strictObject({
  kind: z.literal('link'),
  device: deviceName,
  mtu: z.number().int().min(68).max(65_535),
  before: z.strictObject({ mtu: z.number().int().min(0).max(0xffffffff), up: z.boolean() }),
});

const addressStep = z.strictObject({ kind: z.literal('address'), device: deviceName, prefix: prefixText });

/** Into the device; without one, nowhere (unreachable). */
const routeStep = z.strictObject({
  kind: z.literal('route'),
  table: unsigned32,
  destination: prefixText,
  device: deviceName.optional(),
});

const ruleStep = z.strictObject({
  kind: z.literal('rule'),
  family,
  priority: unsigned32,
  table: unsigned32,
  /** The rule holds for packets without this mark. */
  unlessMark: unsigned32.optional(),
  suppressPrefixLength: z.number().int().min(0).max(128).optional(),
});

/** The only kernel settings that a plan may touch. `{device}` stands for its device. */
const sysctlNames = ['net/ipv4/conf/all/rp_filter', 'net/ipv6/conf/{device}/disable_ipv6'] as const;

const sysctlStep = z.strictObject({
  kind: z.literal('sysctl'),
  name: z.enum(sysctlNames),
  device: deviceName,
  value: z.string().regex(/^\d{1,3}$/),
  before: z.string().regex(/^\d{1,3}$/),
});

export const dnsRecordSchema = z.discriminatedUnion('strategy', [
  z.strictObject({
    strategy: z.literal('resolved'),
    ifindex: z.number().int().min(1).max(0x7fffffff),
  }),
  z.strictObject({ strategy: z.literal('resolvconf'), name: z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/) }),
  z.strictObject({
    strategy: z.literal('resolv-conf'),
    /** What we write, so that a change by somebody else is seen. */
    written: z.string().max(8_192),
    before: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('absent') }),
      z.strictObject({
        kind: z.literal('symlink'),
        target: z.string().min(1).max(4_095),
        /** What it leads to, for where only that can be written. */
        base64: z.base64().max(131_072).optional(),
      }),
      z.strictObject({ kind: z.literal('file'), base64: z.base64().max(131_072) }),
    ]),
  }),
]);

/** What a DNS strategy did, as the journal keeps it. */
export type DnsRecord = z.infer<typeof dnsRecordSchema>;

const dnsStep = z.strictObject({ kind: z.literal('dns'), record: dnsRecordSchema });

export const stepSchema = z.discriminatedUnion('kind', [
  linkStep,
  addressStep,
  routeStep,
  ruleStep,
  sysctlStep,
  dnsStep,
]);

export type Step = z.infer<typeof stepSchema>;
export type LinkStep = z.infer<typeof linkStep>;
export type AddressStep = z.infer<typeof addressStep>;
export type RouteStep = z.infer<typeof routeStep>;
export type RuleStep = z.infer<typeof ruleStep>;
export type SysctlStep = z.infer<typeof sysctlStep>;
export type DnsStep = z.infer<typeof dnsStep>;
