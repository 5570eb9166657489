import * as z from 'zod';
import { limits } from '../../base/limits.ts';
import { certificateFacts } from '../../rpc/key-files.ts';
import { text } from '../../rpc/primitives.ts';

/**
 * What the daemon and its key process say to each other over a pipe, in the frames of `core/rpc/framing.ts`: one request, then
 * its answer. Octets are base64. Both sides check what comes: the module of a token runs in that process.
 */
const octets = z.base64().max(limits.keyFileOctets * 2);

const hash = z.enum(['sha1', 'sha256', 'sha384', 'sha512']);
const schemeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rsa-pkcs1'), hash }),
  z.strictObject({ kind: z.literal('rsa-pss'), hash, saltOctets: z.int().min(0).max(64) }),
  z.strictObject({ kind: z.literal('ecdsa'), hash, encoding: z.enum(['der', 'p1363']) }),
  z.strictObject({ kind: z.literal('ed25519') }),
  z.strictObject({ kind: z.literal('ed448') }),
]);

const uri = z.strictObject({
  text,
  token: text.optional(),
  serial: text.optional(),
  manufacturer: text.optional(),
  model: text.optional(),
  slotId: z.int().optional(),
  object: text.optional(),
  id: octets.optional(),
});
export type TokenUri = z.output<typeof uri>;

export const keyRequestSchema = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('open-file'),
    file: octets,
    password: octets.optional(),
    /** Only the key is wanted. */
    bare: z.boolean().optional(),
  }),
  /** What stands in it beside the key, which stays in the process. */
  z.strictObject({ op: z.literal('look-into-file'), file: octets, password: octets.optional() }),
  /** Finds the token; `token-login` next, if it says so. */
  z.strictObject({ op: z.literal('token-open'), module: text.optional(), uri }),
  z.strictObject({ op: z.literal('token-login'), pin: octets.optional() }),
  z.strictObject({ op: z.literal('token-list') }),
  z.strictObject({ op: z.literal('token-use'), id: text }),
  z.strictObject({ op: z.literal('sign'), scheme: schemeSchema, data: octets }),
]);
export type KeyRequest = z.output<typeof keyRequestSchema>;

const keyKind = z.enum(['rsa', 'ec-p256', 'ec-p384', 'ec-p521', 'ed25519', 'ed448']);
const chain = z.array(octets).min(1).max(limits.keyFileCertificates);

/** A failure of `credential.*` or `token.*`; the daemon knows the names for its detail. */
const problem = z.strictObject({
  ok: z.literal(false),
  problem: z.enum([
    'password-needed',
    'password',
    'weak',
    'no-key',
    'broken',
    'module',
    'missing',
    'no-certificate',
    'pin',
    'pin-locked',
    'pin-expired',
    'removed',
    'refused',
  ]),
  detail: z.record(z.string().max(32), text),
});
export type KeyProblem = z.output<typeof problem>;

const triesLeft = z.enum(['many', 'few', 'last']);
const choice = z.strictObject({ id: text, label: text, certificate: octets });
export type TokenChoice = z.output<typeof choice>;

/** By operation: what its success says. */
export const keyAnswerSchemas = {
  'open-file': z.union([
    problem,
    z.strictObject({
      ok: z.literal(true),
      /** Empty for a key alone. */
      chain: z.array(octets).max(limits.keyFileCertificates),
      keyKind,
      privateKey: octets,
    }),
  ]),
  'look-into-file': z.union([
    problem,
    z.strictObject({
      ok: z.literal(true),
      own: certificateFacts,
      others: z.array(certificateFacts).max(limits.keyFileCertificates),
      weakEncryption: text.optional(),
    }),
  ]),
  'token-open': z.union([
    problem,
    z.strictObject({
      ok: z.literal(true),
      token: text,
      /** `none`: no PIN at all; `keypad`: it is typed on the reader. */
      login: z.enum(['none', 'pin', 'keypad']),
      triesLeft,
    }),
  ]),
  'token-login': z.union([problem, z.strictObject({ ok: z.literal(true) })]),
  'token-list': z.union([
    problem,
    z.strictObject({ ok: z.literal(true), choices: z.array(choice).max(limits.certificateChoices) }),
  ]),
  'token-use': z.union([problem, z.strictObject({ ok: z.literal(true), chain, keyKind })]),
  sign: z.union([problem, z.strictObject({ ok: z.literal(true), signature: octets })]),
} as const;

export type KeyAnswer<Op extends KeyRequest['op']> = z.output<(typeof keyAnswerSchemas)[Op]>;
