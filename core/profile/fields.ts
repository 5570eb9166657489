import * as z from 'zod';
import { limits } from '../base/limits.ts';
import { isPrintable } from './text-rules.ts';

/** Kinds of text that several fields of a profile hold. */

export const text = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, `must not be longer than ${max} characters`)
    .refine(isPrintable, 'holds a control or invisible character');

export const identityText = text(limits.profileTextCharacters);

export const pathText = text(limits.profilePathCharacters);

export const caText = z
  .string()
  .max(limits.profileCaCharacters, 'is too long')
  .regex(/-----BEGIN CERTIFICATE-----/, 'must be PEM text with "-----BEGIN CERTIFICATE-----" in it');
