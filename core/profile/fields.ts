import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { rule } from './field-problem.ts';
import { isPrintable } from './text-rules.ts';

/** Kinds of text that several fields of a profile hold. */

export const text = (max: number) =>
  z
    .string()
    .min(1, rule('empty'))
    .max(max, rule('too-long-for', { most: max }))
    .refine(isPrintable, rule('invisible'));

export const identityText = text(limits.profileTextCharacters);

export const pathText = text(limits.profilePathCharacters);

export const caText = z
  .string()
  .max(limits.profileCaCharacters, rule('too-long'))
  .regex(/-----BEGIN CERTIFICATE-----/, rule('certificate-pem'));
