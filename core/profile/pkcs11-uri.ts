import { err, ok, type Result } from '../base/result.ts';
import { utf8 } from '../base/utf8.ts';
import { quote } from './text-rules.ts';

/** Which certificate on which token. Each part that is there must be equal. @rfc 7512 */
export interface Pkcs11Uri {
  /** As it was written, for people. */
  readonly text: string;
  readonly token: string | undefined;
  readonly serial: string | undefined;
  readonly manufacturer: string | undefined;
  readonly model: string | undefined;
  readonly slotId: number | undefined;
  /** CKA_LABEL. */
  readonly object: string | undefined;
  /** CKA_ID. */
  readonly id: Uint8Array | undefined;
  readonly modulePath: string | undefined;
}

const texts = ['token', 'serial', 'manufacturer', 'model', 'object'] as const;

/** The error is the end of a sentence that begins with the name of the field. @rfc 7512 2.3 */
export function parsePkcs11Uri(text: string): Result<Pkcs11Uri, string> {
  if (!text.startsWith('pkcs11:')) return err('must begin with "pkcs11:"');
  const [path = '', query = '', ...rest] = text.slice('pkcs11:'.length).split('?');
  if (rest.length > 0) return err('must not have more than one "?"');
  const values = new Map<string, Uint8Array>();
  for (const part of [...path.split(';'), ...query.split('&')].filter((one) => one !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (name === 'pin-value' || name === 'pin-source')
      return err(`must not have \`${name}\`: the PIN is asked for`);
    if (!known.has(name))
      return err(`has a part that is not known here: ${quote(name === '' ? part : name)}`);
    if (values.has(name)) return err(`has \`${name}\` twice`);
    const decoded = percentDecode(value);
    if (decoded === undefined) return err(`has a wrong percent sign in \`${name}\``);
    values.set(name, decoded);
  }
  return readParts(text, values);
}

const known: ReadonlySet<string> = new Set([...texts, 'id', 'slot-id', 'type', 'module-path']);

function readParts(text: string, values: ReadonlyMap<string, Uint8Array>): Result<Pkcs11Uri, string> {
  const decoded = new Map<string, string>();
  for (const [name, octets] of values) {
    const value = name === 'id' ? '' : utf8.decodeStrict(octets);
    if (value === undefined) return err(`has no UTF-8 in \`${name}\``);
    decoded.set(name, value);
  }
  const slot = decoded.get('slot-id');
  if (slot !== undefined && !/^\d{1,15}$/.test(slot)) return err('must have a number as `slot-id`');
  const type = decoded.get('type');
  if (type !== undefined && type !== 'cert' && type !== 'private')
    return err('must have `cert` as `type`, or none');
  const modulePath = decoded.get('module-path');
  if (modulePath !== undefined && !modulePath.startsWith('/'))
    return err('must have an absolute path as `module-path`');
  return ok({
    text,
    token: decoded.get('token'),
    serial: decoded.get('serial'),
    manufacturer: decoded.get('manufacturer'),
    model: decoded.get('model'),
    slotId: slot === undefined ? undefined : Number(slot),
    object: decoded.get('object'),
    id: values.get('id'),
    modulePath,
  });
}

function percentDecode(text: string): Uint8Array | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const octets: number[] = [];
  for (const [part] of text.matchAll(/%[0-9A-Fa-f]{2}|[^%]+/g)) {
    if (part.startsWith('%')) octets.push(Number.parseInt(part.slice(1), 16));
    else octets.push(...utf8.encode(part));
  }
  return Uint8Array.from(octets);
}
