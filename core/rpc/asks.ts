import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { count, text } from './primitives.ts';

/**
 * The questions that the daemon puts to the client that called `connect`, and their answers. An answer has the kind of its
 * question, or is `refused`. Grow both unions by adding.
 */

const retry = count.meta({
  description: '0 for the first time, 1 when the first answer was wrong, and so on.',
});
const message = z
  .string()
  .min(1)
  .max(limits.promptTextCharacters * 12)
  .optional()
  .meta({
    description:
      "The login server's own words, with nothing in them that moves a cursor. To be shown as its words.",
  });
const ofUser = { identity: text.meta({ description: 'Whose it is.' }), profile: text, retry, message };

/** One certificate with a private key, to choose from. */
const certificateChoice = z.strictObject({
  id: text,
  subject: text,
  issuer: text,
  notAfter: count.meta({ description: 'milliseconds since 1970' }),
  label: text.meta({ description: 'What its token or file calls it; may be empty.' }),
});
export type CertificateChoice = z.output<typeof certificateChoice>;

export const askRequestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('password'), ...ofUser }),
  z.strictObject({ kind: z.literal('passcode'), ...ofUser }).meta({
    description: 'Good for this once: a one-time code, or the answer to `message`. Never to be stored.',
  }),
  z
    .strictObject({ kind: z.literal('new-password'), ...ofUser })
    .meta({ description: 'The password has expired; let the user type the new one twice.' }),
  z
    .strictObject({ kind: z.literal('key-password'), profile: text, file: text, retry })
    .meta({ description: 'Opens the file with the private key.' }),
  z
    .strictObject({
      kind: z.literal('shared-key'),
      use: z.enum(['psk', 'ppk']),
      identity: text.meta({ description: 'By what the gateway finds the key.' }),
      profile: text,
      retry,
    })
    .meta({ description: 'A pre-shared key, or a post-quantum one (RFC 8784).' }),
  z
    .strictObject({
      kind: z.literal('pin'),
      profile: text,
      token: text.meta({ description: 'The label of the token.' }),
      retry,
      triesLeft: z.enum(['many', 'few', 'last']).meta({
        description: 'What the token says: after `last` a wrong PIN locks it.',
      }),
    })
    .meta({ description: 'Opens a token. Never to be stored unless the user says so.' }),
  z.strictObject({
    kind: z.literal('choose-certificate'),
    profile: text,
    certificates: z.array(certificateChoice).min(1).max(limits.certificateChoices),
  }),
]);
export type AskRequest = z.output<typeof askRequestSchema>;
export type ChoiceRequest = Extract<AskRequest, { kind: 'choose-certificate' }>;
export type SecretRequest = Exclude<AskRequest, ChoiceRequest>;

export const secret = z
  .string()
  .min(1)
  .max(limits.passwordOctets)
  .meta({ secret: true, description: 'Crosses in this direction alone; never logged, never sent back.' });

export const askAnswerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('password'), password: secret }),
  z.strictObject({ kind: z.literal('passcode'), passcode: secret }),
  z.strictObject({ kind: z.literal('new-password'), password: secret }),
  z.strictObject({ kind: z.literal('key-password'), password: secret }),
  z.strictObject({ kind: z.literal('shared-key'), password: secret }),
  z.strictObject({ kind: z.literal('pin'), pin: secret }),
  z.strictObject({ kind: z.literal('choose-certificate'), id: text }),
  z.strictObject({ kind: z.literal('refused') }),
]);
export type AskAnswer = z.output<typeof askAnswerSchema>;

/** Why an ask was closed: nobody answered in time, or the answer is of no more use. */
export const askEnds = ['timed-out', 'cancelled'] as const;
export type AskEnd = (typeof askEnds)[number];
