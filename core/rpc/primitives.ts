import * as z from 'zod';
import { limits } from '../base/limits.ts';

/** What the schemas are made of. Any text that crosses the edge, unless its field says another bound. */
export const text = z.string().max(limits.rpcTextCharacters);

export const count = z.int().min(0);

export const epochMs = z.int().min(0).meta({ description: 'milliseconds since 1970' });

export const spanMs = z.number().min(0).meta({ description: 'milliseconds' });

/** At most so many octets in base64. */
export function base64Of(octets: number): z.ZodType<string> {
  return z.base64().max(Math.ceil(octets / 3) * 4);
}

/** No parameters, or nothing to answer. */
export const nothing = z.strictObject({});
