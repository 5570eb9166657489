import * as z from 'zod';
import { rule } from '../field-problem.ts';
import { caText, identityText, pathText } from '../fields.ts';
import { joinToFolderOf } from '../file-path.ts';

/**
 * Whom EAP-TLS, EAP-TTLS and PEAP talk to inside TLS: often a RADIUS server behind the gateway, with a certificate and a name
 * of its own. There is no setting for "any": who holds no trusted certificate with the right name gets no password.
 */
export const loginServerSchema = z
  .strictObject({
    name: identityText.optional().meta({
      description:
        'The name that the certificate of the login server must have. Default: that of the gateway (`remoteIdentity`).',
      examples: ['radius.example.org'],
    }),
    caFile: pathText.optional().meta({
      description:
        'A PEM file with the CA certificates that may vouch for the login server. Relative to the profile. Default: those that may vouch for the gateway.',
      examples: ['radius-ca.pem'],
    }),
    ca: caText
      .optional()
      .meta({ description: 'The same CA certificates as PEM text, in place of `caFile`.' }),
  })
  .refine((value) => value.caFile === undefined || value.ca === undefined, {
    message: rule('only-one', { one: 'caFile', other: 'ca' }),
  })
  .prefault({})
  .meta({ description: 'The login server behind the gateway, which has a certificate of its own.' });

export interface ProfileLoginServer {
  /** `undefined`: that of the gateway. */
  readonly name: string | undefined;
  /** Its own CAs; `undefined`: those of the gateway. */
  readonly trust:
    | { readonly kind: 'file'; readonly caFile: string }
    | { readonly kind: 'inline'; readonly ca: string }
    | undefined;
}

export function readLoginServer(
  { name, ca, caFile }: z.output<typeof loginServerSchema>,
  file: string,
): ProfileLoginServer {
  if (ca !== undefined) return { name, trust: { kind: 'inline', ca } };
  if (caFile === undefined) return { name, trust: undefined };
  return { name, trust: { kind: 'file', caFile: joinToFolderOf(file, caFile) } };
}
